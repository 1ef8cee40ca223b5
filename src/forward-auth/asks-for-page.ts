import type { VerifyRequest } from './read-question.ts'

/**
 * Whether a person waits for a page in a window, so that leading them to a sign-in makes sense. Scripts, pictures, frames, downloads by
 * programs and WebSockets get an answer that they can read instead; a form's POST would lose what was written into it.
 *
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function asksForPage({ header }: VerifyRequest, method: string): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  if (/websocket/i.test(header('upgrade') ?? '')) return false
  const mode = header('sec-fetch-mode')
  if (mode !== undefined) return mode === 'navigate' && isWindow(header('sec-fetch-dest'))
  // Over plain http browsers send neither of the two.
  return /\btext\/html\b/i.test(header('accept') ?? '') && header('x-requested-with') === undefined
}

/** A frame cannot show a sign-in: neither we nor Microsoft let ourselves be framed. */
function isWindow(destination: string | undefined): boolean {
  return destination === undefined || destination === 'document'
}
