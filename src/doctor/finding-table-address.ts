import type { FindingRows } from './finding.ts'
import { ok } from './ok-finding.ts'

export const addressFindings = {
  address_reached: ok('{origin} reaches this Entrada server, and the Host header is right.'),
  server_not_running: {
    severity: 'info',
    what: 'No server answers at {origin} or at {listen} on this machine.',
    why: 'The reverse proxy, the certificate and the public address can be checked only while the server runs.',
    fix: 'Start `entrada serve`, then run this again while it runs.',
  },
  address_not_reached: {
    severity: 'error',
    what: '{origin} cannot be reached from this machine: {reason}. The server itself answers at {listen}.',
    why: 'Users and Entra know only the public address.',
    fix: 'Check the name in the DNS, the reverse proxy and the firewall. Some networks cannot reach their own public address from inside. In that case try from outside: `curl {origin}/auth/server`.',
  },
  address_silent: {
    severity: 'error',
    what: '{origin} cannot be reached from this machine: {reason}.',
    why: 'Users and Entra know only the public address.',
    fix: 'Check that the server runs, and check the name in the DNS, the reverse proxy and the firewall.',
  },
  address_answered_by_other: {
    severity: 'error',
    what: 'A program other than Entrada answers at {origin}: /auth/server returned {status}.',
    why: 'Users cannot sign in there, and Entra would send their authorization codes to another program.',
    fix: 'Check ENTRADA_SERVER_URL, where its name points in the DNS, and whether the reverse proxy passes /auth on to Entrada, as the files of deploy/proxies do.',
  },
  address_proxy_without_server: {
    severity: 'error',
    what: 'The reverse proxy at {origin} answers {status}: it cannot reach Entrada.',
    why: 'Users cannot open the login page.',
    fix: 'Check that the server runs, and that the proxy passes requests to the address of ENTRADA_LISTEN.',
  },
  address_redirected: {
    severity: 'error',
    what: '{origin} redirects to {target}.',
    why: 'The configured address and the address in the browser differ in scheme or host. Entra then refuses the redirect URI, or cookies are lost on the way.',
    fix: 'Set ENTRADA_SERVER_URL to the address that the browser ends on, or remove the redirect.',
  },
  proxy_wrong_host: {
    severity: 'error',
    what: 'The reverse proxy at {origin} does not pass the Host header on, so Entrada answers 421.',
    why: 'Entrada refuses requests for any address that is not configured, so that a forged Host header has no effect. Every page is refused.',
    fix: 'nginx: `proxy_set_header Host $host;`. Apache: `ProxyPreserveHost On`. Caddy, Traefik and HAProxy pass it on by default.',
  },
  server_refuses_proxy: {
    severity: 'error',
    what: 'A development server (`entrada dev`) answers at {origin}.',
    why: 'It signs in made-up people, and therefore refuses requests that come through a proxy.',
    fix: 'Stop it and run `entrada serve`.',
  },
  server_has_other_settings: {
    severity: 'warning',
    what: 'The server at {origin} starts sign-ins with another {member} than the one configured here: {running}.',
    why: 'The server was started with other settings, or this command runs in another environment. The findings of this run may not apply to the server.',
    fix: 'Restart the server, or run this with the environment of the server (in the container, or with its EnvironmentFile).',
  },
  address_certificate_good: ok(
    'The TLS certificate of {host} is trusted and valid for {days} more days, until {date}.',
  ),
  address_certificate_ends_soon: {
    severity: 'warning',
    what: 'The TLS certificate of {host} expires on {date}, in {days} days.',
    why: 'After that date browsers show a warning instead of the page, and do not send the session cookie.',
    fix: 'Renew it. If renewal is automatic, find out why it has not happened: most programs renew a month before the end.',
  },
  address_certificate_expired: {
    severity: 'error',
    what: 'The TLS certificate of {host} expired on {date}.',
    why: 'Browsers refuse the page.',
    fix: 'Renew the certificate and reload the reverse proxy.',
  },
  address_certificate_of_other_name: {
    severity: 'error',
    what: 'The TLS certificate of {host} was issued for other names: {names}.',
    why: 'Browsers refuse the page.',
    fix: 'Get a certificate for this name, and check that the reverse proxy uses it for this host.',
  },
  address_certificate_not_trusted: {
    severity: 'warning',
    what: 'The TLS certificate of {host} is not trusted on this machine ({reason}).',
    why: 'Browsers that do not know its issuer refuse the page. The same happens when the proxy leaves out an intermediate certificate.',
    fix: 'Let the proxy send the whole chain. If you have your own certificate authority, check that browsers know it, and start Entrada and this command with NODE_EXTRA_CA_CERTS.',
  },
  application_guarded: ok('{origin} requires a sign-in before it shows anything.'),
  application_open: {
    severity: 'warning',
    what: '{origin} answers {status} to a client that is not signed in.',
    why: 'The address is in ENTRADA_APPLICATION_URLS. Either its front page is meant to be public, or its reverse proxy does not ask Entrada.',
    fix: 'If it should be protected, use the configuration of docs/forward-auth.md for its host, and check that clients cannot bypass the proxy.',
  },
  application_refused: {
    severity: 'error',
    what: '{origin} answers {status}: its reverse proxy, or the request that it sends to Entrada, is configured wrongly.',
    why: 'Users cannot open the application.',
    fix: 'Look for forward_auth_request_invalid and host_not_served in the log of Entrada, then compare the proxy with docs/forward-auth.md.',
  },
  application_not_reached: {
    severity: 'warning',
    what: '{origin} cannot be reached from this machine: {reason}.',
    why: 'The address is in ENTRADA_APPLICATION_URLS. If a name under ENTRADA_COOKIE_DOMAIN is abandoned, another party may take it over and receive the session cookie.',
    fix: 'Check the name in the DNS and the reverse proxy. If the application is gone, remove its address from the setting.',
  },
  proxies_not_named: {
    severity: 'warning',
    what: 'The server listens on this machine only ({listen}), so requests come through a proxy, but ENTRADA_TRUSTED_PROXIES is empty.',
    why: 'Logs and limits then see the address of the proxy for every client: one client that tries too often locks out all others.',
    fix: 'Set ENTRADA_TRUSTED_PROXIES to the address from which the proxy connects, such as 127.0.0.1.',
  },
} as const satisfies FindingRows
