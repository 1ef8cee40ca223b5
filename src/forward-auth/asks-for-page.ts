import type { VerifyRequest } from './read-question.ts'

/**
 * Returns whether a person waits for a page in a browser window, so that a redirect to the sign-in makes sense. Scripts, images,
 * frames, downloads by programs and WebSockets get a response that they can read instead; a form's POST would lose its content.
 *
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function asksForPage({ header }: VerifyRequest, method: string): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  if (/websocket/i.test(header('upgrade') ?? '')) return false
  const mode = header('sec-fetch-mode')
  if (mode !== undefined) return mode === 'navigate' && isWindow(header('sec-fetch-dest'))
  // Over plain http, browsers send neither of the two headers.
  return /\btext\/html\b/i.test(header('accept') ?? '') && header('x-requested-with') === undefined
}

/** A frame cannot show a sign-in: neither Entrada nor Microsoft allows to be framed. */
function isWindow(destination: string | undefined): boolean {
  return destination === undefined || destination === 'document'
}
