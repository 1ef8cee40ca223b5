import { html, raw } from 'hono/html'
import { describeRefusal, type Refusal, type Trace } from './refusals.ts'

export type Fragment = ReturnType<typeof html>

export type Page = {
  readonly title: string
  readonly body: Fragment
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly frameOrigins?: readonly string[]
  readonly refreshTo?: string | undefined
  readonly refreshSeconds?: number
  readonly isWide?: true
}

/** Sends a page of the emulator. It has no script and its own stylesheet, and is marked DEVELOPMENT. */
export async function sendPage(page: Page): Promise<Response> {
  const document = await html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    ${page.refreshTo === undefined ? '' : html`<meta http-equiv="refresh" content="${page.refreshSeconds ?? 1}; url=${page.refreshTo}">`}
    <title>${page.title} - Entra emulator</title>
    <link rel="icon" type="image/svg+xml" href="/emulator/icon.svg">
    <link rel="stylesheet" href="/emulator/style.css">
  </head>
  <body${page.isWide === true ? html` class="wide"` : ''}>
    <header><strong>DEVELOPMENT</strong> <span>Emulator of Microsoft Entra ID. All people here are made up.</span></header>
    <main>
      <h1>${page.title}</h1>
      ${page.body}
    </main>
  </body>
</html>`
  return new Response(document.toString(), {
    status: page.status ?? 200,
    headers: { ...pageHeaders(page.frameOrigins ?? []), ...page.headers },
  })
}

/** Sends the page for a refusal that may not be returned to the application (RFC 6749 §4.1.2.1). */
export function sendRefusalPage(
  refused: Refusal,
  trace: Trace,
  tryAgainAt?: string,
): Promise<Response> {
  return sendPage({
    title: 'Sorry, but we’re having trouble signing you in',
    status: 400,
    body: html`
      <p>AADSTS${refused.code}: ${refused.text}</p>
      ${tryAgainAt === undefined ? '' : html`<p><a class="button" href="${tryAgainAt}">Use another account</a></p>`}
      <pre>${describeRefusal(refused, trace).split('\r\n').slice(1).join('\n')}</pre>`,
  })
}

/** Sends the only page with a script: a form that submits itself (OAuth 2.0 Form Post Response Mode §2). */
export async function sendFormPost(
  action: string,
  parameters: Readonly<Record<string, string>>,
): Promise<Response> {
  const fields = Object.entries(parameters).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  const document = await html`<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Working...</title></head>
  <body>
    <form method="post" action="${action}">${fields}<button>Continue</button></form>
    <script>${raw(SUBMIT_SCRIPT)}</script>
  </body>
</html>`
  return new Response(document.toString(), {
    headers: {
      ...pageHeaders([]),
      'Content-Security-Policy': `default-src 'none'; script-src '${SUBMIT_SCRIPT_HASH}'`,
    },
  })
}

// There is no `form-action`: Chromium would apply it to the redirect after the picker's form, and the application's address is not
// known in advance.
function pageHeaders(frameOrigins: readonly string[]): Record<string, string> {
  const frames = frameOrigins.length === 0 ? "'none'" : frameOrigins.join(' ')
  const policy = `default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; frame-src ${frames}`
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': policy,
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'strict-origin-when-cross-origin',
    'X-Content-Type-Options': 'nosniff',
  }
}

const SUBMIT_SCRIPT = 'document.forms[0].submit()'
const SUBMIT_SCRIPT_HASH = 'sha256-ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE='
