/** Findings about the proxies between clients and the server, as requests through them show. */
import type { FindingRows } from './finding.ts'

export const proxyFindings = {
  proxy_passes_requests: {
    severity: 'ok',
    what: 'Requests through {origin} arrive as they were sent: cookies, addresses, headers and the address of the client.',
  },
  proxy_not_examined: {
    severity: 'info',
    what: 'What the reverse proxy at {origin} does to requests was not examined: the operator token is not at hand.',
    why: 'The server describes how a request arrived only to a caller who knows its operator token.',
    fix: 'Run this as the user that the server runs as and with its environment, so that the token in the data folder or ENTRADA_OPERATOR_TOKEN can be read.',
  },
  server_has_other_token: {
    severity: 'warning',
    what: 'The server at {origin} does not know the operator token of this command.',
    why: 'It was started with another token, or with another data folder. What is found here may be about another deployment.',
    fix: 'Run this with the environment of the server, or restart the server if the token was replaced.',
  },
  server_has_other_key_ring: {
    severity: 'error',
    what: 'The server at {origin} runs with another key ring than this command has. Its keys:',
    why: 'What one of them seals the other cannot open: sign-ins break off between replicas, and a secret that this command seals is lost for the server.',
    fix: 'Give all replicas and this command the same ENTRADA_SECRET_KEYS, or the same file secret-keys, and restart what has the wrong one. docs/incidents/key-lost.md says how to tell which is right.',
  },
  server_has_older_key_ring: {
    severity: 'warning',
    what: 'The key ring of the server at {origin} differs in some keys or in their order from that of this command. Its keys:',
    why: 'That is so in the middle of a rotation. If none is under way, the server was not restarted after the ring was changed.',
    fix: 'Restart every replica with the ring that this command has, then go on with the rotation (docs/operate.md).',
  },
  server_has_other_version: {
    severity: 'info',
    what: 'The server at {origin} is Entrada {running}; this command is {own}.',
    why: 'That is so while an upgrade rolls out. Otherwise a replica was forgotten.',
    fix: 'Nothing during an upgrade; else restart the server with the new release.',
  },
  proxy_not_trusted: {
    severity: 'warning',
    what: 'Requests through {origin} reach the server from {address}, which ENTRADA_TRUSTED_PROXIES does not name.',
    why: 'Logs and limits take the proxy for every client: one person who tries too often locks all others out.',
    fix: 'Add {address} to ENTRADA_TRUSTED_PROXIES, if that is your reverse proxy, and restart the server.',
  },
  proxy_sends_no_client_address: {
    severity: 'warning',
    what: 'The reverse proxy at {origin} is trusted ({address}), and sends no X-Forwarded-For.',
    why: 'Logs and limits take the proxy for every client: one person who tries too often locks all others out.',
    fix: 'nginx: `proxy_set_header X-Forwarded-For $remote_addr;`. HAProxy: `http-request set-header X-Forwarded-For %[src]`. Apache, Caddy and Traefik send it by default.',
  },
  proxy_passes_forged_address: {
    severity: 'error',
    what: 'The reverse proxy at {origin} passes X-Forwarded-For on as the client wrote it.',
    why: 'Everybody can claim any address: limits by address do not hold, and the audit trail names addresses that were made up.',
    fix: 'Let the proxy set the header anew. nginx: `proxy_set_header X-Forwarded-For $remote_addr;`. HAProxy: `http-request set-header X-Forwarded-For %[src]`. Caddy: take `trusted_proxies` away from what clients reach.',
  },
  proxy_drops_cookies: {
    severity: 'error',
    what: 'The reverse proxy at {origin} does not pass cookies on to Entrada.',
    why: 'A sign-in comes back without the cookie that began it, and is refused with sign_in_attempt_not_yours.',
    fix: 'Let the proxy pass the Cookie header, and switch caching off for Entrada. CloudFront and similar services pass cookies only where a rule says so.',
  },
  proxy_drops_set_cookie: {
    severity: 'error',
    what: 'The reverse proxy at {origin} takes Set-Cookie out of the answers of Entrada.',
    why: 'No sign-in can be begun and no session kept.',
    fix: 'Let the header pass: look for `proxy_hide_header`, `proxy_ignore_headers`, a cache, or a rule for response headers.',
  },
  proxy_changes_cookies: {
    severity: 'error',
    what: 'The reverse proxy at {origin} changes the attributes of cookies.',
    why: 'Cookies of the `__Host-` kind with another path or a domain are refused by browsers; with SameSite=Strict a sign-in comes back from Microsoft without its cookie.',
    fix: 'Remove `proxy_cookie_path`, `proxy_cookie_domain`, `proxy_cookie_flags` and the like for Entrada. Its cookies are Secure, HttpOnly and SameSite=Lax already.',
  },
  proxy_changes_addresses: {
    severity: 'error',
    what: 'The reverse proxy at {origin} changes the address of a request on its way. Sent and received:',
    why: 'The answer of Entra is in the query. Decoded, cut or under another path it is refused.',
    fix: 'Pass the address on as it came. nginx: `proxy_pass http://entrada;` without a path behind the host. Take out rewrites, prefixes and URL normalisation for Entrada.',
  },
  proxy_drops_headers: {
    severity: 'error',
    what: 'The reverse proxy at {origin} drops headers by which Entrada recognises its own forms:',
    why: 'Without Origin and Sec-Fetch-Site every form is refused with cross_site_request: people cannot sign out.',
    fix: 'Let these headers pass.',
  },
  proxy_drops_authorization: {
    severity: 'warning',
    what: 'The reverse proxy at {origin} does not pass the Authorization header on.',
    why: 'API keys and operator tokens do not arrive, so the API and the command line work on the server itself only.',
    fix: 'Let the header pass. Apache with CGI: `CGIPassAuth On`. A proxy that asks for a password itself puts its own in place.',
  },
  proxy_caches_pages: {
    severity: 'error',
    what: 'The reverse proxy at {origin} answers from a cache, although Entrada forbids it (Cache-Control: no-store).',
    why: 'One person can be shown the page of another, and cookies of one can reach another.',
    fix: 'Switch caching off for Entrada: look for `proxy_cache`, `proxy_ignore_headers Cache-Control`, or "cache everything" of a content network.',
  },
  proxy_refuses_large_cookies: {
    severity: 'warning',
    what: 'A request with 8 KB of cookies does not get through {origin}: {answer} came back.',
    why: 'Sign-ins under way are cookies, up to 6 KB of them, beside those of your application. A person with more than that is refused until they delete some.',
    fix: 'nginx: `large_client_header_buffers 4 32k;`. HAProxy: `tune.bufsize 65536`. Apache: `LimitRequestFieldSize 32768`. Node.js: `--max-http-header-size`.',
  },
  proxy_hides_paths: {
    severity: 'error',
    what: 'Something else than Entrada answers below these paths of {origin}:',
    why: 'Pages of Entrada are there: signing in, an account, administration, the API, or setting up a customer.',
    fix: 'Let the proxy pass all of /login, /auth, /account, /admin, /api/v1, /enterprise-login and /setup, and what is below them. The files of deploy/proxies do.',
  },
  proxy_changes_policies: {
    severity: 'warning',
    what: 'The reverse proxy at {origin} takes away or replaces headers with which Entrada protects its pages. What came:',
    why: 'With another Referrer-Policy browsers send forms without their origin, and they are refused. With another Content-Security-Policy pages lose their style, or their protection.',
    fix: 'Let the headers of Entrada pass: take out `add_header`, `proxy_hide_header` and the like for it.',
  },
  proxy_repeats_policies: {
    severity: 'warning',
    what: 'The reverse proxy at {origin} adds a second value to headers that Entrada sets itself:',
    why: 'Browsers ignore a second Strict-Transport-Security, and of two Content-Security-Policies each one forbids: pages lose style, or forms do not reach Microsoft.',
    fix: 'Take the header out of the proxy for Entrada: `add_header` of nginx, `http-response add-header` of HAProxy, `Header add` of Apache.',
  },
  address_behind_password: {
    severity: 'error',
    what: 'The reverse proxy at {origin} asks for a password of its own ({scheme}) before it lets anybody through.',
    why: 'Browsers ask for it at each step, Microsoft cannot give one at the front-channel logout, and API keys cannot be sent beside it.',
    fix: 'Take the password away for the paths of Entrada: it asks people to sign in itself.',
  },
  address_redirect_loop: {
    severity: 'error',
    what: '{origin} sends its visitors on to the address they came to.',
    why: 'Browsers give up with "too many redirects". Most often a content network reaches the proxy by http, and the proxy sends to https again.',
    fix: 'Let the content network use https towards the proxy ("Full" at Cloudflare), or let the proxy look at X-Forwarded-Proto before it redirects.',
  },
} as const satisfies FindingRows
