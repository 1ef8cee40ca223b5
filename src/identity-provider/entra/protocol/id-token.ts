import { EntradaError } from '../../../errors/errors.ts'
import { checkOptionalClaims } from '../../../protocol/claim-rules.ts'
import { isGuid, PERSONAL_ACCOUNTS_TENANT_ID } from '../../../protocol/guid.ts'
import type { GroupsClaim, VerifiedIdentity } from '../../identity-provider.ts'
import { directoryOfIdp } from './directory-of-idp.ts'
import { isExternalId } from './entra-hosts.ts'

/** Clock difference that is forgiven, either way. */
export const CLOCK_TOLERANCE_SECONDS = 120

export type IdTokenHeader = { readonly kid: string }

export type ExpectedIdToken = {
  /** The issuer with `{tenantid}` still in it, or one tenant's. */
  readonly issuerForTenant: (tenantId: string) => string
  readonly clientId: string
  /** `undefined` only for a token that came with a refresh, which answers no request of a browser. */
  readonly nonce: string | undefined
  readonly now: Date
}

/** Claims that passed; the rest is carried along as it came. */
export type IdTokenClaims = Readonly<Record<string, unknown>> & {
  readonly iss: string
  readonly sub: string
  readonly tid: string
  readonly oid: string
}

/**
 * Demands RS256, a key id and no extensions, before any key is looked up.
 *
 * @throws {EntradaError} `id_token_header_invalid`
 * @see RFC 7515 §4.1, RFC 8725 §3.1
 */
export function checkIdTokenHeader(header: Readonly<Record<string, unknown>>): IdTokenHeader {
  const { alg, kid, crit, typ } = header
  if (alg !== 'RS256') throw new EntradaError('id_token_header_invalid', { member: 'alg' })
  if (crit !== undefined) throw new EntradaError('id_token_header_invalid', { member: 'crit' })
  // A token of another kind, such as an access token, says so here (RFC 8725 §3.11).
  if (typ !== undefined && (typeof typ !== 'string' || typ.toLowerCase() !== 'jwt')) {
    throw new EntradaError('id_token_header_invalid', { member: 'typ' })
  }
  if (typeof kid !== 'string' || kid === '' || kid.length > 256) {
    throw new EntradaError('id_token_header_invalid', { member: 'kid' })
  }
  return { kid }
}

/**
 * Checks the claims of an ID token whose signature is already verified.
 * Which tenants may sign in is decided later (`decide-sign-in.ts`); here `iss` and `tid` must only agree.
 *
 * @throws {EntradaError} `id_token_claim_invalid`, with the claim's name in `detail.claim`.
 * @see OpenID Connect Core §3.1.3.7; https://learn.microsoft.com/entra/identity-platform/claims-validation
 */
export function checkIdTokenClaims(
  claims: Readonly<Record<string, unknown>>,
  expected: ExpectedIdToken,
): IdTokenClaims {
  const { iss, sub, aud, tid, oid, ver, nonce } = claims

  if (ver !== '2.0') throw invalid('ver', ver)
  if (!isGuid(tid)) throw invalid('tid', tid)
  if (typeof iss !== 'string' || iss !== expected.issuerForTenant(tid)) throw invalid('iss', iss)
  // One tenant's issuer has no `{tenantid}` to fill in: `tid` could name any other.
  if (!iss.endsWith(`/${tid}/v2.0`)) throw invalid('tid', tid)
  if (!isExactly(expected.clientId, aud)) throw invalid('aud', aud)
  if (!isText(sub)) throw invalid('sub', sub)
  if (!isGuid(oid)) throw invalid('oid', oid)
  checkTimes(claims, Math.floor(expected.now.getTime() / 1000))
  checkNonce(nonce, expected.nonce)
  checkOptionalClaims(claims)

  return { ...claims, iss, sub, tid: tid.toLowerCase(), oid: oid.toLowerCase() }
}

/** @see OpenID Connect Core §3.1.3.7, step 11; §12.2: a refreshed token has none */
function checkNonce(nonce: unknown, expected: string | undefined): void {
  if (nonce === expected && (typeof nonce === 'string' || nonce === undefined)) return
  throw invalid('nonce', nonce)
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

/**
 * The checked claims in our words. Their types were checked with them (`claim-rules.ts`).
 *
 * @see https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
 */
export function toVerifiedIdentity(claims: IdTokenClaims, cloud: string): VerifiedIdentity {
  return {
    cloud,
    tid: claims.tid,
    oid: claims.oid,
    sub: claims.sub,
    issuer: claims.iss,
    ...optionalText(claims),
    emailDomainOwnerVerified: [true, 1, '1', 'true'].includes(claims.xms_edov as never), // any JSON value
    guest: isGuest(claims),
    personalAccount: claims.tid === PERSONAL_ACCOUNTS_TENANT_ID,
    groups: groupsClaim(claims),
    appRoles: textList(claims.roles) ?? [],
    claimNames: Object.keys(claims).slice(0, 100).sort(),
  }
}

/**
 * Design rule 4: `acct` = 1; without `acct`, an `idp` that is not the token's own directory, in whatever spelling. Customers in a
 * directory of External ID may have signed up with an account at Google, Facebook or their company: only another directory of Entra makes
 * a guest there.
 */
function isGuest({ acct, idp, iss, tid }: IdTokenClaims): boolean {
  if (acct !== undefined) return acct !== 0 && acct !== '0'
  if (idp === undefined || idp === iss) return false
  const directory = directoryOfIdp(idp, iss)
  const isCustomer =
    directory === undefined && typeof idp === 'string' && isExternalId(new URL(iss))
  return directory !== tid && !isCustomer
}

/**
 * `_claim_names.groups` (or `hasgroups`) says that the groups did not fit. Its URL is never followed: it is chosen by the token.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference#groups-overage-claim
 */
function groupsClaim(claims: IdTokenClaims): GroupsClaim {
  const claimNames = Object(claims._claim_names) as object // an object, if it is there at all
  const hasGroups = claims.hasgroups === true || claims.hasgroups === 'true'
  if (Object.hasOwn(claimNames, 'groups') || hasGroups) return { kind: 'overage' }
  const ids = textList(claims.groups)
  return ids === undefined ? { kind: 'absent' } : { kind: 'known', ids: ids.map(foldGuid) }
}

function foldGuid(id: string): string {
  return isGuid(id) ? id.toLowerCase() : id
}

const textClaims = {
  displayName: 'name',
  givenName: 'given_name',
  familyName: 'family_name',
  preferredUsername: 'preferred_username',
  userPrincipalName: 'upn',
  email: 'email',
  entraSid: 'sid',
  loginHint: 'login_hint',
} as const

function optionalText(claims: IdTokenClaims): Partial<Record<keyof typeof textClaims, string>> {
  const found: Partial<Record<keyof typeof textClaims, string>> = {}
  for (const [property, claim] of Object.entries(textClaims)) {
    const value = claims[claim]
    if (typeof value === 'string' && value !== '') {
      found[property as keyof typeof textClaims] = value // a key of the table above
    }
  }
  return found
}

function textList(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value : undefined
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 2048
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

/** The string, or an array of it alone: with a second audience the token was also made for somebody else. */
function isExactly(clientId: string, aud: unknown): boolean {
  return aud === clientId || (Array.isArray(aud) && aud.length === 1 && aud[0] === clientId)
}

function invalid(claim: string, value: unknown): EntradaError {
  return new EntradaError('id_token_claim_invalid', { claim, present: value !== undefined })
}

/** How far off tells a wrong clock from an old token. */
function invalidTime(claim: string, value: unknown, nowSeconds: number): EntradaError {
  if (!isTime(value)) return invalid(claim, value)
  const secondsFromNow = value - nowSeconds
  return new EntradaError('id_token_claim_invalid', { claim, present: true, secondsFromNow })
}
