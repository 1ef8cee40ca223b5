/** Checks of an ID token that hold for any OpenID provider. What a provider adds to them is checked in its own folder. */
import { EntradaError } from '../errors/errors.ts'
import { invalidClaim, isText } from './claim-rules.ts'

/** The clock difference that is tolerated, either way. */
export const CLOCK_TOLERANCE_SECONDS = 120

export type IdTokenHeader = { readonly kid: string }

export type ExpectedIdToken = {
  readonly issuer: string
  readonly clientId: string
  /** `undefined` only for a token that came with a refresh, which answers no request of a browser. */
  readonly nonce: string | undefined
  readonly now: Date
}

/** Claims that passed the checks. The others are kept as they came. */
export type IdTokenClaims = Readonly<Record<string, unknown>> & {
  readonly iss: string
  readonly sub: string
}

/**
 * Checks that the header has RS256, a key id and no extensions, before any key is looked up.
 *
 * @throws {EntradaError} `id_token_header_invalid`
 * @see RFC 7515 §4.1, RFC 8725 §3.1
 */
export function checkIdTokenHeader(header: Readonly<Record<string, unknown>>): IdTokenHeader {
  const { alg, kid, crit, typ } = header
  if (alg !== 'RS256') throw new EntradaError('id_token_header_invalid', { member: 'alg' })
  if (crit !== undefined) throw new EntradaError('id_token_header_invalid', { member: 'crit' })
  // A token of another kind, such as an access token, has another type (RFC 8725 §3.11).
  if (typ !== undefined && (typeof typ !== 'string' || typ.toLowerCase() !== 'jwt')) {
    throw new EntradaError('id_token_header_invalid', { member: 'typ' })
  }
  if (typeof kid !== 'string' || kid === '' || kid.length > 256) {
    throw new EntradaError('id_token_header_invalid', { member: 'kid' })
  }
  return { kid }
}

/**
 * Checks issuer, audience, subject, times and nonce of an ID token whose signature is already verified.
 *
 * @throws {EntradaError} `id_token_claim_invalid`, with the claim's name in `detail.claim`.
 * @see OpenID Connect Core §3.1.3.7, steps 2, 3, 9, 10 and 11
 */
export function checkIdTokenClaims(
  claims: Readonly<Record<string, unknown>>,
  expected: ExpectedIdToken,
): IdTokenClaims {
  const { iss, sub, aud, nonce } = claims

  if (typeof iss !== 'string' || iss !== expected.issuer) throw invalidClaim('iss', iss)
  if (!isExactly(expected.clientId, aud)) throw invalidClaim('aud', aud)
  if (!isText(sub)) throw invalidClaim('sub', sub)
  checkTimes(claims, Math.floor(expected.now.getTime() / 1000))
  checkNonce(nonce, expected.nonce)

  return claims as IdTokenClaims // `iss` and `sub` were checked above; a copy would cost more than the checks
}

/** @see OpenID Connect Core §3.1.3.7, step 11; §12.2: a refreshed token has none */
function checkNonce(nonce: unknown, expected: string | undefined): void {
  if (nonce === expected && (typeof nonce === 'string' || nonce === undefined)) return
  throw invalidClaim('nonce', nonce)
}

function checkTimes(claims: Readonly<Record<string, unknown>>, nowSeconds: number): void {
  const { exp, nbf, iat } = claims
  const latest = nowSeconds + CLOCK_TOLERANCE_SECONDS
  if (!isTime(exp) || exp <= nowSeconds - CLOCK_TOLERANCE_SECONDS) {
    throw invalidTime('exp', exp, nowSeconds)
  }
  if (!isTime(iat) || iat > latest) throw invalidTime('iat', iat, nowSeconds)
  if (nbf !== undefined && (!isTime(nbf) || nbf > latest)) throw invalidTime('nbf', nbf, nowSeconds)
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

/** The client id, or an array of it alone: a token with a second audience was also made for another client. */
function isExactly(clientId: string, aud: unknown): boolean {
  return aud === clientId || (Array.isArray(aud) && aud.length === 1 && aud[0] === clientId)
}

/** The distance from now distinguishes a wrong clock from an old token. */
function invalidTime(claim: string, value: unknown, nowSeconds: number): EntradaError {
  if (!isTime(value)) return invalidClaim(claim, value)
  const secondsFromNow = value - nowSeconds
  return new EntradaError('id_token_claim_invalid', { claim, present: true, secondsFromNow })
}
