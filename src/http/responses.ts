import { html } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import type { Services } from '../services.ts'
import { assetPath } from './assets.ts'

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>

export type Page = {
  readonly title: string
  readonly body: Html
  readonly status?: number
  /** Other origins at which a form of this page may end, including redirects. */
  readonly formTargets?: readonly string[]
  /** The only origin that may show this page in a frame. */
  readonly framedBy?: string
  readonly wide?: boolean
  /** The address to which the browser goes by itself, at once. The body has a link to it too. */
  readonly goesTo?: string
  /** Set for a page of the administration, which has its own header and a second stylesheet. */
  readonly admin?: { readonly header: Html; readonly stylesheet: string }
  /** Our origin, for a page that is served on another origin. */
  readonly assetsFrom?: string
  /** The id of the refusal that the page is about, for users who ask for help. */
  readonly correlationId?: string
  /** Names of scripts that the page loads. The page has to work without them. */
  readonly scripts?: readonly string[]
}

/** Returns a page in the common layout. It is never stored by a cache, since most pages name a person. */
export async function pageResponse(
  services: Pick<Services, 'deployment'>,
  page: Page,
): Promise<Response> {
  const text = `<!doctype html>${await layout(services, page)}`
  return new Response(text, {
    status: page.status ?? 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': contentSecurityPolicy(page),
    },
  })
}

/**
 * The policy allows no scripts except our own, where a page names one. `form-action` also applies to redirects that follow a form
 * (Chromium).
 */
function contentSecurityPolicy({
  formTargets = [],
  framedBy,
  assetsFrom = "'self'",
  scripts = [],
}: Page): string {
  return [
    "default-src 'none'",
    `style-src ${assetsFrom}`,
    `img-src ${assetsFrom}`,
    ...(scripts.length > 0 ? ["script-src 'self'"] : []),
    "base-uri 'none'",
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    `frame-ancestors ${framedBy ?? "'none'"}`,
  ].join('; ')
}

function layout(services: Pick<Services, 'deployment'>, page: Page): Html {
  const { title, body, wide, goesTo, admin, assetsFrom = '', correlationId, scripts = [] } = page
  const { brand } = services.deployment
  const logo = brand.logo?.isWordmark ? undefined : brand.logo
  const asset = (name: string) => assetsFrom + assetPath(services, name)
  return html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${goesTo === undefined ? '' : html`<meta http-equiv="refresh" content="0; url=${goesTo}">`}
<title>${title} · ${brand.name}</title>
<link rel="icon" type="${logo?.type ?? 'image/svg+xml'}" href="${logo ? asset('logo') : asset('favicon.svg')}">
<link rel="stylesheet" href="${asset('entrada.css')}">
${brand.color ? html`<link rel="stylesheet" href="${asset('brand.css')}">` : ''}
${scripts.map((name) => html`<script src="${asset(name)}" defer></script>`)}
${admin ? html`<link rel="stylesheet" href="${admin.stylesheet}">` : ''}
</head>
<body${admin ? html` class="admin"` : wide ? html` class="wide"` : ''}>
${services.deployment.mode === 'development' ? developmentBanner : ''}
${admin?.header ?? html`<header class="brand">${mark(services, asset)}</header>`}
<main id="main">${body}</main>
${supportLine(services, correlationId)}
</body>
</html>`
}

/** Returns logo and name, or the logo alone if it contains the name. */
export function mark(
  services: Pick<Services, 'deployment'>,
  at = (file: string) => assetPath(services, file),
): Html {
  const { name, logo } = services.deployment.brand
  if (logo === undefined) {
    return html`<img src="${at('favicon.svg')}" width="28" height="28" alt=""> ${name}`
  }
  if (logo.isWordmark) return html`<img class="wordmark" src="${at('logo')}" alt="${name}">`
  return html`<img src="${at('logo')}" width="28" height="28" alt=""> ${name}`
}

/** Shows the contact for support and, after a refusal, the id to pass on to it. */
function supportLine(
  { deployment }: Pick<Services, 'deployment'>,
  correlationId: string | undefined,
): Html {
  const { support } = deployment.brand
  if (support === undefined) return html``
  if (correlationId === undefined) {
    return html`<footer class="support">Help: <a href="${support.href}">${support.text}</a></footer>`
  }
  const subject = encodeURIComponent(`Sign-in problem ${correlationId}`)
  const href = support.href.startsWith('mailto:')
    ? `${support.href}?subject=${subject}`
    : support.href
  return html`<footer class="support">Help: <a href="${href}">${support.text}</a>. Please give the correlation id <code>${correlationId}</code>.</footer>`
}

const developmentBanner = html`<aside class="development" aria-label="Development"><strong>DEVELOPMENT</strong> · a made-up directory on this machine; never use it for real people</aside>`

/** Returns a 303 redirect to one of our addresses or to the authority; never to an address from a request that was not checked. */
export function redirect(location: string | URL): Response {
  return new Response(null, {
    status: 303,
    headers: { location: String(location), 'cache-control': 'no-store' },
  })
}

/** Returns JSON for programs, which caches never store. */
export function jsonResponse(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
  })
}

/** Adds the headers that every response carries, where the response has none of its own. */
export function withSecurityHeaders(response: Response, here: URL | undefined): Response {
  const { headers } = response
  for (const [name, value] of Object.entries(securityHeaders(here))) {
    if (!headers.has(name)) headers.set(name, value)
  }
  return response
}

/** Returns the security headers of a response to a program. `here` is the public address that it is sent from. */
export function securityHeaders(here: URL | undefined): Readonly<Record<string, string>> {
  return {
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    ...(here?.protocol === 'https:' ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  }
}
