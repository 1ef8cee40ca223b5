/** Names and certificates of the public addresses. */
import type { FindingRows } from './finding.ts'

export const nameFindings = {
  address_name_unknown: {
    severity: 'error',
    what: 'The name of {origin} is not known in the DNS of this machine.',
    why: 'People cannot open it, and Entra cannot send them back to it.',
    fix: 'Add the name to the DNS, or correct ENTRADA_SERVER_URL (or ENTRADA_ENTRA_EXTRA_URLS). A new name can take an hour until every resolver has it.',
  },
  address_partly_reached: {
    severity: 'warning',
    what: 'The name {host} has several addresses in the DNS, and some of them do not answer:',
    why: 'Browsers that try one of them first wait, or fail. Most often it is an IPv6 address at which the reverse proxy does not listen, or a machine that is gone.',
    fix: 'Let the reverse proxy listen at each address (nginx: `listen [::]:443 ssl;`), or take the address out of the DNS.',
  },
  address_only_ipv6: {
    severity: 'warning',
    what: 'The name {host} has IPv6 addresses only.',
    why: 'Many networks have IPv4 only. People there cannot open it.',
    fix: 'Add an A record for the IPv4 address of the reverse proxy.',
  },
  address_private: {
    severity: 'info',
    what: 'The name {host} leads to a private address ({address}).',
    why: 'Only people in that network can sign in. Entra itself never connects to it, so sign-ins work there all the same.',
    fix: 'Nothing, if it is meant so; else let the DNS name the public address of the reverse proxy.',
  },
  address_twin_not_served: {
    severity: 'warning',
    what: '{twin} leads to the same machine as {origin}, and is refused there.',
    why: 'People type an address with or without www, and end on an error.',
    fix: 'Let the reverse proxy send {twin} on to {origin} with a redirect (301), and give it a certificate too.',
  },
  address_speaks_no_tls: {
    severity: 'error',
    what: 'What answers at {origin} does not speak TLS ({code}).',
    why: 'Browsers show an error. A proxy that should speak https passes the port on in clear, or the port is that of Entrada itself, which speaks http.',
    fix: 'Let the reverse proxy terminate TLS at this port (nginx: `listen 443 ssl;`), and pass on to the address of ENTRADA_LISTEN.',
  },
  address_tls_too_old: {
    severity: 'error',
    what: 'What answers at {origin} knows only versions of TLS that are no longer accepted ({code}).',
    why: 'Browsers refuse versions before TLS 1.2.',
    fix: 'Allow TLS 1.2 and 1.3 at the reverse proxy, as the files of deploy/proxies do.',
  },
  address_certificate_not_yet_valid: {
    severity: 'error',
    what: 'The TLS certificate of {host} is valid from {date} on only.',
    why: 'Browsers refuse the page until then. If that day is over, the clock of this machine is slow.',
    fix: 'Compare the clock with the `clock` finding; else use the certificate from before until then.',
  },
  address_certificate_self_signed: {
    severity: 'warning',
    what: 'The TLS certificate of {host} is signed by itself.',
    why: 'Browsers warn everybody, and people learn to ignore the warning.',
    fix: 'Get a certificate from an authority that browsers know; Caddy does that by itself, certbot does it for nginx. For a test, start this with NODE_EXTRA_CA_CERTS.',
  },
  address_certificate_chain_incomplete: {
    severity: 'warning',
    what: 'The reverse proxy sends the TLS certificate of {host} without the one that issued it.',
    why: 'Browsers that have seen the issuer elsewhere open the page; others, phones and programs refuse it.',
    fix: 'Configure the whole chain: `fullchain.pem` in place of `cert.pem`. With an authority of your own, see that browsers know it.',
  },
} as const satisfies FindingRows
