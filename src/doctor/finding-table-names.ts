/** Names and certificates of the public addresses. */
import type { FindingRows } from './finding.ts'

export const nameFindings = {
  address_name_unknown: {
    severity: 'error',
    what: 'The DNS of this machine does not know the name of {origin}.',
    why: 'Users cannot open it, and Entra cannot redirect browsers back to it.',
    fix: 'Add the name to the DNS, or correct ENTRADA_SERVER_URL (or ENTRADA_ENTRA_EXTRA_URLS). It can take an hour until every resolver knows a new name.',
  },
  address_partly_reached: {
    severity: 'warning',
    what: 'The name {host} has several addresses in the DNS, and some of them do not answer:',
    why: 'Browsers that try one of them first wait or fail. Usually it is an IPv6 address on which the reverse proxy does not listen, or a machine that no longer exists.',
    fix: 'Let the reverse proxy listen on each address (nginx: `listen [::]:443 ssl;`), or remove the address from the DNS.',
  },
  address_only_ipv6: {
    severity: 'warning',
    what: 'The name {host} has IPv6 addresses only.',
    why: 'Many networks have IPv4 only. Users in those networks cannot open it.',
    fix: 'Add an A record for the IPv4 address of the reverse proxy.',
  },
  address_private: {
    severity: 'info',
    what: 'The name {host} resolves to a private address ({address}).',
    why: 'Only users in that network can sign in. Sign-ins still work there, because Entra itself never connects to the address.',
    fix: 'Nothing, if this is intended. Otherwise let the DNS name the public address of the reverse proxy.',
  },
  address_twin_not_served: {
    severity: 'warning',
    what: '{twin} resolves to the same machine as {origin}, but requests to it are refused.',
    why: 'Some users type the address with www and some without; one of the two shows an error.',
    fix: 'Let the reverse proxy redirect {twin} to {origin} (301), with a certificate for both names.',
  },
  address_speaks_no_tls: {
    severity: 'error',
    what: 'The server at {origin} does not speak TLS ({code}).',
    why: 'Browsers show an error. Either the proxy does not use TLS on this port, or the port is that of Entrada itself, which speaks http.',
    fix: 'Let the reverse proxy terminate TLS on this port (nginx: `listen 443 ssl;`), and pass requests to the address of ENTRADA_LISTEN.',
  },
  address_tls_too_old: {
    severity: 'error',
    what: 'The server at {origin} supports only obsolete versions of TLS ({code}).',
    why: 'Browsers refuse versions before TLS 1.2.',
    fix: 'Allow TLS 1.2 and 1.3 in the reverse proxy, as the files of deploy/proxies do.',
  },
  address_certificate_not_yet_valid: {
    severity: 'error',
    what: 'The TLS certificate of {host} is not valid before {date}.',
    why: 'Browsers refuse the page until then. If that date has passed, the clock of this machine is slow.',
    fix: 'Compare the clock with the `clock` finding. If the clock is right, use the previous certificate until then.',
  },
  address_certificate_self_signed: {
    severity: 'warning',
    what: 'The TLS certificate of {host} is self-signed.',
    why: 'Browsers warn every user, and users learn to ignore warnings.',
    fix: 'Get a certificate from an authority that browsers trust; Caddy does that automatically, certbot does it for nginx. For a test, start this with NODE_EXTRA_CA_CERTS.',
  },
  address_certificate_chain_incomplete: {
    severity: 'warning',
    what: 'The reverse proxy sends the TLS certificate of {host} without the intermediate certificate that issued it.',
    why: 'Browsers that already know the intermediate certificate open the page. Other browsers, phones and programs refuse it.',
    fix: 'Configure the whole chain: `fullchain.pem` instead of `cert.pem`. If you have your own certificate authority, check that browsers know it.',
  },
} as const satisfies FindingRows
