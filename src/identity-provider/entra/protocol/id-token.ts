/** The checks that Entra adds to those of an ID token, and the meaning of its claims. */
import { checkOptionalClaims, invalidClaim } from '../../../protocol/claim-rules.ts'
import { isGuid, PERSONAL_ACCOUNTS_TENANT_ID } from '../../../protocol/guid.ts'
import {
  checkIdTokenClaims,
  type ExpectedIdToken,
  type IdTokenClaims,
} from '../../../protocol/id-token.ts'
import type { GroupsClaim, VerifiedIdentity } from '../../identity-provider.ts'
import { claimRules } from './claim-rules.ts'
import { directoryOfIdp } from './directory-of-idp.ts'
import { isExternalId } from './entra-hosts.ts'
import { entraPersonKey } from './person-key.ts'

export type ExpectedEntraToken = Omit<ExpectedIdToken, 'issuer'> & {
  /** Returns the issuer of a tenant: from the template with `{tenantid}`, or the issuer of one tenant. */
  readonly issuerForTenant: (tenantId: string) => string
}

/** Claims that passed the checks, with the ids in lower case. All other claims are unchanged. */
export type EntraClaims = IdTokenClaims & { readonly tid: string; readonly oid: string }

/**
 * Checks the claims of an ID token of Entra whose signature is already verified.
 * Which tenants may sign in is decided later (`decide-sign-in.ts`); here `iss` and `tid` must only agree.
 *
 * @throws {EntradaError} `id_token_claim_invalid`, with the claim's name in `detail.claim`.
 * @see https://learn.microsoft.com/entra/identity-platform/claims-validation
 */
export function checkEntraClaims(
  claims: Readonly<Record<string, unknown>>,
  { issuerForTenant, ...expected }: ExpectedEntraToken,
): EntraClaims {
  const { tid, oid, ver } = claims

  if (ver !== '2.0') throw invalidClaim('ver', ver)
  if (!isGuid(tid)) throw invalidClaim('tid', tid)
  const checked = checkIdTokenClaims(claims, { ...expected, issuer: issuerForTenant(tid) })
  // The issuer of one tenant has no `{tenantid}` to fill in: `tid` could name any other tenant.
  if (!checked.iss.endsWith(`/${tid}/v2.0`)) throw invalidClaim('tid', tid)
  if (!isGuid(oid)) throw invalidClaim('oid', oid)
  checkOptionalClaims(claims, claimRules)

  const ids = { tid: tid.toLowerCase(), oid: oid.toLowerCase() }
  if (ids.tid === tid && ids.oid === oid) return checked as EntraClaims // both were checked above
  return { ...checked, ...ids }
}

/**
 * Returns the identity that checked claims describe. Their types were checked before (`claim-rules.ts`).
 *
 * @see https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
 */
export function toVerifiedIdentity(claims: EntraClaims, cloud: string): VerifiedIdentity {
  return {
    key: entraPersonKey({ cloud, tid: claims.tid, oid: claims.oid }),
    sub: claims.sub,
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
function isGuest({ acct, idp, iss, tid }: EntraClaims): boolean {
  if (acct !== undefined) return acct !== 0 && acct !== '0'
  if (idp === undefined || idp === iss) return false
  const directory = directoryOfIdp(idp, iss)
  const isCustomer =
    directory === undefined && typeof idp === 'string' && isExternalId(new URL(iss))
  return directory !== tid && !isCustomer
}

/**
 * Returns whether the token has `_claim_names.groups` or `hasgroups`, which means that the groups did not fit
 * into it. The URL there is never followed: the token chooses it.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference#groups-overage-claim
 */
function groupsClaim(claims: EntraClaims): GroupsClaim {
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
  providerSession: 'sid',
  loginHint: 'login_hint',
} as const

function optionalText(claims: EntraClaims): Partial<Record<keyof typeof textClaims, string>> {
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
