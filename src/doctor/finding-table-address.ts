import type { FindingRows } from './finding.ts'

export const addressFindings = {
  address_reached: { severity: 'ok', what: '{origin} reaches this Entrada, with the right Host.' },
  server_not_running: {
    severity: 'info',
    what: 'No server answers, neither at {origin} nor at {listen} on this machine.',
    why: 'Reverse proxy, certificate and public address can be checked only while it runs.',
    fix: 'Start `entrada serve`, then run this again beside it.',
  },
  address_not_reached: {
    severity: 'error',
    what: '{origin} cannot be reached from this machine: {reason}. The server itself answers at {listen}.',
    why: 'People and Entra only know the public address.',
    fix: 'Check the name in the DNS, the reverse proxy and the firewall. Some networks cannot reach their own public address from inside: then try from outside with `curl {origin}/auth/server`.',
  },
  address_silent: {
    severity: 'error',
    what: '{origin} cannot be reached from this machine: {reason}.',
    why: 'People and Entra only know the public address.',
    fix: 'See that the server runs, and check the name in the DNS, the reverse proxy and the firewall.',
  },
  address_answered_by_other: {
    severity: 'error',
    what: 'Something else than Entrada answers at {origin}: /auth/server came back with {status}.',
    why: 'People cannot sign in there, and Entra would send their codes to another program.',
    fix: 'Check ENTRADA_SERVER_URL, where its name points in the DNS, and whether the reverse proxy passes /auth on to Entrada, as the files of deploy/proxies do.',
  },
  address_proxy_without_server: {
    severity: 'error',
    what: 'The reverse proxy at {origin} answers {status}: it does not get through to Entrada.',
    why: 'Nobody can open the login page.',
    fix: 'See that the server runs, and that the proxy passes to the address of ENTRADA_LISTEN.',
  },
  address_redirected: {
    severity: 'error',
    what: '{origin} sends its visitors on to {target}.',
    why: 'The configured address and the one that people end on differ in scheme or host. Entra then refuses the redirect URI, or cookies are lost on the way.',
    fix: 'Set ENTRADA_SERVER_URL to the address that people end on, or end the redirect.',
  },
  proxy_wrong_host: {
    severity: 'error',
    what: 'The reverse proxy at {origin} does not pass the Host header on: Entrada answers 421.',
    why: 'Entrada answers its configured addresses only, so that nobody can pretend another. Every page is refused.',
    fix: 'nginx: `proxy_set_header Host $host;`. Apache: `ProxyPreserveHost On`. Caddy, Traefik and HAProxy pass it on unless told otherwise.',
  },
  server_refuses_proxy: {
    severity: 'error',
    what: 'A development server (`entrada dev`) answers at {origin}.',
    why: 'It signs in made-up people. It refuses to answer through a proxy for that reason.',
    fix: 'Stop it, and run `entrada serve`.',
  },
  server_has_other_settings: {
    severity: 'warning',
    what: 'The server at {origin} starts sign-ins with another {member} than is configured here: {running}.',
    why: 'It was started with other settings, or this runs in another environment. What is found here then does not hold for it.',
    fix: 'Restart the server, or run this with the environment of the server (in the container, or with its EnvironmentFile).',
  },
  address_certificate_good: {
    severity: 'ok',
    what: 'The TLS certificate of {host} is trusted and lasts for {days} days, until {date}.',
  },
  address_certificate_ends_soon: {
    severity: 'warning',
    what: 'The TLS certificate of {host} ends on {date}, in {days} days.',
    why: 'Then browsers warn everybody, and the session cookie cannot be sent.',
    fix: 'Renew it. Where that should happen by itself, see why it has not: most renew a month before.',
  },
  address_certificate_expired: {
    severity: 'error',
    what: 'The TLS certificate of {host} ended on {date}.',
    why: 'Browsers refuse the page.',
    fix: 'Renew the certificate, and have the reverse proxy load it.',
  },
  address_certificate_of_other_name: {
    severity: 'error',
    what: 'The TLS certificate of {host} is made for other names: {names}.',
    why: 'Browsers refuse the page.',
    fix: 'Get a certificate for this name, and see that the reverse proxy uses it for this host.',
  },
  address_certificate_not_trusted: {
    severity: 'warning',
    what: 'The TLS certificate of {host} is not trusted on this machine ({reason}).',
    why: 'Browsers that do not know its issuer refuse the page. An intermediate certificate that the proxy leaves out looks the same.',
    fix: 'Let the proxy send the whole chain. With an authority of your own, see that browsers know it, and start Entrada and this with NODE_EXTRA_CA_CERTS.',
  },
  application_guarded: {
    severity: 'ok',
    what: '{origin} asks for a sign-in before it shows anything.',
  },
  application_open: {
    severity: 'warning',
    what: '{origin} answers {status} to somebody who is not signed in.',
    why: 'It is in ENTRADA_APPLICATION_URLS. Either its front page is meant for everybody, or its reverse proxy does not ask Entrada.',
    fix: 'If it should be guarded, take the configuration of docs/forward-auth.md for its host, and see that no other way leads around the proxy.',
  },
  application_refused: {
    severity: 'error',
    what: '{origin} answers {status}: its reverse proxy or the question that it asks Entrada is not right.',
    why: 'Nobody can open the application.',
    fix: 'Look for forward_auth_request_invalid and host_not_served in the log of Entrada, then compare the proxy with docs/forward-auth.md.',
  },
  application_not_reached: {
    severity: 'warning',
    what: '{origin} cannot be reached from this machine: {reason}.',
    why: 'It is in ENTRADA_APPLICATION_URLS. A name under ENTRADA_COOKIE_DOMAIN that nobody serves may one day be served by somebody else, who then gets the cookie.',
    fix: 'Check the name in the DNS and the reverse proxy; take the address out of the setting if the application is gone.',
  },
  proxies_not_named: {
    severity: 'warning',
    what: 'The server listens on this machine only ({listen}), so people come through a proxy, and ENTRADA_TRUSTED_PROXIES names none.',
    why: 'Logs and limits then take the proxy for everybody: one person who tries too often locks all others out.',
    fix: 'Set ENTRADA_TRUSTED_PROXIES to the address from which the proxy comes, such as 127.0.0.1.',
  },
} as const satisfies FindingRows
