import { createHash, timingSafeEqual } from 'node:crypto'
import type { Application } from './directory.ts'
import { type Refusal, refusal } from './refusals.ts'

/** What a client said about itself at the token endpoint. */
export type ClientCredentials = {
  readonly clientId: string | undefined
  readonly secret: string | undefined
  readonly hasAssertion: boolean
}

/** Reads the client's id and secret from the form, else from HTTP Basic (RFC 6749 §2.3.1). */
export function readClientCredentials(
  request: Request,
  parameters: URLSearchParams,
): ClientCredentials {
  const basic = parseBasic(request.headers.get('authorization'))
  return {
    clientId: parameters.get('client_id') || basic?.clientId,
    secret: parameters.get('client_secret') || basic?.secret,
    hasAssertion: parameters.has('client_assertion'),
  }
}

/** Checks the secret against every one the application has; `undefined` means it is good. */
export function findCredentialRefusal(
  application: Application,
  credentials: ClientCredentials,
  now: Date,
): Refusal | undefined {
  if (credentials.hasAssertion) return refusal(700027)
  const { secret } = credentials
  if (secret === undefined) return refusal(7000218)
  const matching = application.secrets.filter(({ value }) => isEqualSecret(value, secret))
  if (matching.length === 0) return refusal(7000215)
  const isCurrent = matching.some(({ expiresAt }) => expiresAt === undefined || expiresAt > now)
  return isCurrent ? undefined : refusal(7000222)
}

function parseBasic(header: string | null) {
  const encoded = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return undefined
  return { clientId: decode(text.slice(0, colon)), secret: decode(text.slice(colon + 1)) }
}

function decode(value: string): string {
  return new URLSearchParams(`v=${value.replaceAll('&', '%26')}`).get('v') ?? ''
}

// Hashed first, so that the comparison takes equally long for any length.
function isEqualSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
