/** Findings about the proxies between clients and the server, as requests through them show. */
import type { FindingRows } from './finding.ts'
import { ok } from './ok-finding.ts'

export const proxyFindings = {
  proxy_passes_requests: ok(
    'Requests through {origin} arrive unchanged: cookies, addresses, headers and the address of the client.',
  ),
  proxy_not_examined: {
    severity: 'info',
    what: 'The effect of the reverse proxy at {origin} on requests was not examined, because the operator token is not available.',
    why: 'The server describes how a request arrived only to a caller with its operator token.',
    fix: 'Run this as the user and with the environment of the server, so that the token in the data folder or ENTRADA_OPERATOR_TOKEN can be read.',
  },
  server_has_other_token: {
    severity: 'warning',
    what: 'The server at {origin} does not accept the operator token of this command.',
    why: 'The server was started with another token or another data folder. The findings of this run may be about another deployment.',
    fix: 'Run this with the environment of the server, or restart the server if the token was replaced.',
  },
  server_has_other_key_ring: {
    severity: 'error',
    what: 'The server at {origin} has another key ring than this command. Its keys:',
    why: 'Each of the two cannot open what the other seals: sign-ins fail when they move between replicas, and the server cannot read a secret that this command seals.',
    fix: 'Give all replicas and this command the same ENTRADA_SECRET_KEYS, or the same file secret-keys, and restart the process that has the wrong one. docs/incidents/key-lost.md explains how to find out which one is right.',
  },
  server_has_older_key_ring: {
    severity: 'warning',
    what: 'The key ring of the server at {origin} differs from the key ring of this command in some keys or in their order. Its keys:',
    why: 'That is normal during a rotation. Otherwise the server was not restarted after the key ring was changed.',
    fix: 'Restart every replica with the key ring of this command, then continue the rotation (docs/operate.md).',
  },
  server_has_other_version: {
    severity: 'info',
    what: 'The server at {origin} is Entrada {running}; this command is {own}.',
    why: 'That is normal while an upgrade rolls out. Otherwise a replica was forgotten.',
    fix: 'During an upgrade: nothing. Otherwise restart the server with the new release.',
  },
  proxy_not_trusted: {
    severity: 'warning',
    what: 'Requests through {origin} reach the server from {address}, which ENTRADA_TRUSTED_PROXIES does not name.',
    why: 'Logs and limits then see the address of the proxy for every client: one client that tries too often locks out all others.',
    fix: 'Add {address} to ENTRADA_TRUSTED_PROXIES, if that is your reverse proxy, and restart the server.',
  },
  proxy_sends_no_client_address: {
    severity: 'warning',
    what: 'The reverse proxy at {origin} is trusted ({address}), but sends no X-Forwarded-For.',
    why: 'Logs and limits then see the address of the proxy for every client: one client that tries too often locks out all others.',
    fix: 'nginx: `proxy_set_header X-Forwarded-For $remote_addr;`. HAProxy: `http-request set-header X-Forwarded-For %[src]`. Apache, Caddy and Traefik send it by default.',
  },
  proxy_passes_forged_address: {
    severity: 'error',
    what: 'The reverse proxy at {origin} passes X-Forwarded-For on exactly as the client sent it.',
    why: 'Clients can claim any address: limits by address have no effect, and the audit trail contains made-up addresses.',
    fix: 'Let the proxy overwrite the header. nginx: `proxy_set_header X-Forwarded-For $remote_addr;`. HAProxy: `http-request set-header X-Forwarded-For %[src]`. Caddy: remove `trusted_proxies` from the site that clients reach.',
  },
  proxy_drops_cookies: {
    severity: 'error',
    what: 'The reverse proxy at {origin} does not pass cookies on to Entrada.',
    why: 'When the browser returns from Entra, the cookie of the sign-in is missing, and the sign-in is refused with sign_in_attempt_not_yours.',
    fix: 'Let the proxy pass the Cookie header, and switch caching off for Entrada. CloudFront and similar services pass cookies only if a rule lists them.',
  },
  proxy_drops_set_cookie: {
    severity: 'error',
    what: 'The reverse proxy at {origin} removes Set-Cookie from the responses of Entrada.',
    why: 'Sign-ins cannot start, and browsers get no session.',
    fix: 'Let the header pass: look for `proxy_hide_header`, `proxy_ignore_headers`, a cache, or a rule for response headers.',
  },
  proxy_changes_cookies: {
    severity: 'error',
    what: 'The reverse proxy at {origin} changes the attributes of cookies.',
    why: 'Browsers refuse `__Host-` cookies that have another path or a domain. With SameSite=Strict, a browser returning from Microsoft does not send the cookie of its sign-in.',
    fix: 'Remove `proxy_cookie_path`, `proxy_cookie_domain`, `proxy_cookie_flags` and similar directives for Entrada. Its cookies are Secure, HttpOnly and SameSite=Lax already.',
  },
  proxy_changes_addresses: {
    severity: 'error',
    what: 'The reverse proxy at {origin} changes the URL of requests. Sent and received:',
    why: 'The answer of Entra is in the query. If the query is decoded or cut, or the path is changed, Entrada refuses it.',
    fix: 'Pass the URL on unchanged. nginx: `proxy_pass http://entrada;` without a path after the host. Remove rewrites, prefixes and URL normalisation for Entrada.',
  },
  proxy_drops_headers: {
    severity: 'error',
    what: 'The reverse proxy at {origin} drops headers that Entrada needs to recognise its own forms:',
    why: 'Without Origin and Sec-Fetch-Site every form is refused with cross_site_request: users cannot sign out.',
    fix: 'Let these headers pass.',
  },
  proxy_drops_authorization: {
    severity: 'warning',
    what: 'The reverse proxy at {origin} does not pass the Authorization header on.',
    why: 'API keys and operator tokens do not arrive, so the API and the command line work only on the machine of the server.',
    fix: 'Let the header pass. Apache with CGI: `CGIPassAuth On`. A proxy that asks for its own password replaces the header with its own.',
  },
  proxy_caches_pages: {
    severity: 'error',
    what: 'The reverse proxy at {origin} answers from a cache, although Entrada forbids it (Cache-Control: no-store).',
    why: 'One user can be shown the page of another, or receive the cookies of another.',
    fix: 'Switch caching off for Entrada: look for `proxy_cache`, `proxy_ignore_headers Cache-Control`, or "cache everything" of a content network.',
  },
  proxy_refuses_large_cookies: {
    severity: 'warning',
    what: 'A request with 8 KB of cookies is refused at {origin}: {answer} came back.',
    why: 'Sign-ins in progress are stored in cookies of up to 6 KB, in addition to the cookies of your application. A browser with more cookies than the limit is refused until its user deletes some.',
    fix: 'nginx: `large_client_header_buffers 4 32k;`. HAProxy: `tune.bufsize 65536`. Apache: `LimitRequestFieldSize 32768`. Node.js: `--max-http-header-size`.',
  },
  proxy_hides_paths: {
    severity: 'error',
    what: 'A program other than Entrada answers below these paths of {origin}:',
    why: 'These are pages of Entrada: sign-in, account, administration, the API, or setting up a customer.',
    fix: 'Let the proxy pass all of /login, /auth, /account, /admin, /api/v1, /enterprise-login and /setup, and what is below them. The files of deploy/proxies do.',
  },
  proxy_changes_policies: {
    severity: 'warning',
    what: 'The reverse proxy at {origin} removes or replaces headers that protect the pages of Entrada. Received:',
    why: 'With another Referrer-Policy browsers send forms without their origin, and Entrada refuses them. With another Content-Security-Policy pages lose their style or their protection.',
    fix: 'Let the headers of Entrada pass: remove `add_header`, `proxy_hide_header` and similar directives for it.',
  },
  proxy_repeats_policies: {
    severity: 'warning',
    what: 'The reverse proxy at {origin} adds a second value to headers that Entrada sets itself:',
    why: 'Browsers ignore a second Strict-Transport-Security. Of two Content-Security-Policy headers both apply: pages lose their style, or forms do not reach Microsoft.',
    fix: 'Remove the header in the proxy for Entrada: `add_header` in nginx, `http-response add-header` in HAProxy, `Header add` in Apache.',
  },
  address_behind_password: {
    severity: 'error',
    what: 'The reverse proxy at {origin} asks for its own password ({scheme}) before it passes a request on.',
    why: 'Browsers ask for it at each step, Microsoft cannot send it for the front-channel logout, and API keys cannot be sent in addition to it.',
    fix: 'Remove the password for the paths of Entrada, which asks users to sign in itself.',
  },
  address_redirect_loop: {
    severity: 'error',
    what: '{origin} redirects to the same address.',
    why: 'Browsers stop with "too many redirects". Usually a content delivery network reaches the proxy by http, and the proxy redirects to https again.',
    fix: 'Let the content delivery network use https to the proxy ("Full" at Cloudflare), or let the proxy check X-Forwarded-Proto before it redirects.',
  },
} as const satisfies FindingRows
