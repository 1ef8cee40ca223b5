import type { ReturnAddress } from './authorization-request.ts'
import { sendFormPost } from './pages.ts'

/**
 * Sends a response back to the application, in the response mode that it requested.
 *
 * @see RFC 6749 §4.1.2, OAuth 2.0 Multiple Response Types §2.1, OAuth 2.0 Form Post Response Mode
 */
export async function sendAuthorizationResponse(
  to: ReturnAddress,
  answer: Readonly<Record<string, string>>,
  options: { readonly cookie?: string } = {},
): Promise<Response> {
  const parameters = { ...answer, ...(to.state === undefined ? {} : { state: to.state }) }
  const response =
    to.responseMode === 'form_post'
      ? await sendFormPost(to.redirectUri, parameters)
      : redirectTo(addressWith(to, new URLSearchParams(parameters).toString()))
  if (options.cookie !== undefined) response.headers.set('Set-Cookie', options.cookie)
  return response
}

/** Returns a redirect that the browser follows with GET and that no cache stores. */
export function redirectTo(location: string): Response {
  return new Response(null, {
    status: 303,
    headers: { Location: location, 'Cache-Control': 'no-store' },
  })
}

/** Appends to the query without rewriting the rest of it, because the application compares the address as text. */
export function withQuery(uri: string, query: string): string {
  const { href } = new URL(uri)
  return `${href}${href.includes('?') ? '&' : '?'}${query}`
}

function addressWith({ redirectUri, responseMode }: ReturnAddress, parameters: string): string {
  return responseMode === 'fragment'
    ? `${new URL(redirectUri).href}#${parameters}`
    : withQuery(redirectUri, parameters)
}
