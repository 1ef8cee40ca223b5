/**
 * Finds out whether a redirect URI is registered, as a browser would: with a silent sign-in without cookies. Entra sends its refusal to a
 * registered address; for any other it shows AADSTS50011 on its own page.
 *
 * @see RFC 6749 §4.1.2.1
 */
import { parseEntraErrorDescription } from '../../identity-provider/entra/protocol/explain-entra-error.ts'
import { type AskContext, type Asked, ask } from '../ask.ts'
import type { RedirectUriFacts, RegistrationAnswer } from '../facts.ts'
import { describeFailure } from '../failure.ts'

export type RegistrationTarget = {
  readonly authorizationEndpoint: string
  readonly clientId: string
}

const REDIRECT_URI_NOT_REGISTERED = 50011

/** Starts a silent sign-in and returns whether Entra knows the redirect URI. */
export async function probeRedirectUri(
  context: AskContext,
  target: RegistrationTarget,
  redirectUri: string,
): Promise<RedirectUriFacts> {
  const answer = await askAbout(context, target, redirectUri)
  if (answer.kind !== 'shown' || answer.code !== REDIRECT_URI_NOT_REGISTERED) {
    return { redirectUri, answer }
  }
  const variants = variantsOf(redirectUri)
  const answers = await Promise.all(variants.map((variant) => askAbout(context, target, variant)))
  const registered = variants.find((_, at) => answers[at]?.kind === 'registered')
  return { redirectUri, answer, ...(registered ? { registeredVariant: registered } : {}) }
}

async function askAbout(
  context: AskContext,
  { authorizationEndpoint, clientId }: RegistrationTarget,
  redirectUri: string,
): Promise<RegistrationAnswer> {
  const url = new URL(authorizationEndpoint)
  url.search = String(
    new URLSearchParams({
      client_id: clientId,
      response_type: 'code',
      response_mode: 'query',
      redirect_uri: redirectUri,
      scope: 'openid',
      state: 'entrada-doctor',
      nonce: 'entrada-doctor',
      prompt: 'none',
    }),
  )
  return readAnswer(await ask(context, url.href), redirectUri)
}

function readAnswer(reply: Asked, redirectUri: string): RegistrationAnswer {
  if (reply.kind === 'failed') return { kind: 'not_known', reason: describeFailure(reply) }
  const { status, headers, text } = reply
  if (status >= 300 && status < 400) {
    const isThere = headers.location?.startsWith(`${redirectUri}?`)
    return isThere
      ? { kind: 'registered' }
      : { kind: 'not_known', reason: 'Entra redirected the request to another address' }
  }
  const { code } = parseEntraErrorDescription(text)
  return code === undefined
    ? { kind: 'not_known', reason: `Entra answered ${status} without a reason` }
    : { kind: 'shown', code }
}

/** What people register by mistake: the other scheme, a slash at the end, no port, or the name with or without www. */
function variantsOf(redirectUri: string): readonly string[] {
  const changed = (change: (url: URL) => void) => {
    const url = new URL(redirectUri)
    change(url)
    return url.href
  }
  const variants = [
    redirectUri.startsWith('https:')
      ? redirectUri.replace(/^https:/, 'http:')
      : redirectUri.replace(/^http:/, 'https:'),
    `${redirectUri}/`,
    changed((url) => {
      url.port = ''
    }),
    changed((url) => {
      const { hostname } = url
      url.hostname = hostname.startsWith('www.') ? hostname.slice(4) : `www.${hostname}`
    }),
  ]
  return [...new Set(variants)].filter((variant) => variant !== redirectUri)
}
