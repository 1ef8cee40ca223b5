import { createHash, randomBytes } from 'node:crypto'
import type { Application, Directory, User } from './directory.ts'
import { issuerOf } from './discovery.ts'
import { assignmentsOf, groupsOf, homeOf, type Person } from './find-in-directory.ts'
import { toLoginHint } from './login-hint.ts'
import { authenticationContexts } from './step-up.ts'

/** The input of an ID token. */
export type IdTokenSubject = {
  readonly origin: string
  readonly directory: Directory
  readonly application: Application
  readonly person: Person
  readonly scopes: readonly string[]
  readonly requestedClaims: readonly string[]
  readonly nonce: string | undefined
  readonly sid: string
  readonly authenticatedAt: Date
  readonly stepUps?: readonly string[]
  readonly omitsGroups?: boolean
  readonly now: Date
}

export type Claims = Readonly<Record<string, unknown>>

/**
 * Creates the claims of a correct v2.0 ID token: the fixed ones, those of the scopes, and what the application configured.
 *
 * @see OpenID Connect Core §2
 */
export function newIdTokenClaims(subject: IdTokenSubject): Claims {
  return withoutAbsent({
    ...baseClaims(subject),
    ...profileClaims(subject),
    ...configuredClaims(subject),
  })
}

/** Returns the claims that the registration of an application decides: optional claims, groups and app roles. */
export function configuredClaims(subject: IdTokenSubject): Claims {
  return withoutAbsent({
    ...emailClaims(subject),
    ...optionalClaims(subject),
    ...groupClaims(subject),
    ...roleClaims(subject),
  })
}

const LIFETIME_SECONDS = 3900 // an hour and five minutes of skew, as in Entra's own tokens
const MOST_GROUPS_IN_A_TOKEN = 200

function baseClaims(subject: IdTokenSubject): Claims {
  const { origin, application, person, now } = subject
  const issuedAt = toSeconds(now)
  return {
    ver: '2.0',
    iss: issuerOf(origin, person.tenant.id),
    aud: application.clientId,
    sub: pairwiseSubject(person.user, application),
    tid: person.tenant.id,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + LIFETIME_SECONDS,
    nonce: subject.nonce,
    idp: identityProvider(subject),
    aio: opaque(48),
    rh: `1.${opaque(24)}.`,
    uti: opaque(16),
  }
}

/** `oid`, `name` and `preferred_username` need the scope `profile`. */
function profileClaims({ scopes, person }: IdTokenSubject): Claims {
  if (!scopes.includes('profile')) return {}
  const { id, displayName, userPrincipalName, kind, mail } = person.user
  const preferredUsername = kind === 'guest' ? (mail ?? userPrincipalName) : userPrincipalName
  return { oid: id, name: displayName, preferred_username: preferredUsername }
}

/** `email`: for guests by default, for members by scope or optional claim; `xms_edov` only together with it. */
function emailClaims(subject: IdTokenSubject): Claims {
  const { application, person, scopes } = subject
  const { mail, kind } = person.user
  const isWanted =
    kind === 'guest' || scopes.includes('email') || application.optionalClaims.includes('email')
  const isVerified = hasVerifiedMail(subject)
  if (mail === undefined || !isWanted || (!isVerified && removesUnverified(application))) return {}
  return {
    email: mail,
    xms_edov: application.optionalClaims.includes('xms_edov') ? isVerified : undefined,
  }
}

function optionalClaims(subject: IdTokenSubject): Claims {
  const { application, requestedClaims } = subject
  const configured = Object.entries(optionalClaimValues(subject)).filter(
    ([name]) =>
      application.optionalClaims.includes(name) ||
      (requestable.includes(name) && requestedClaims.includes(name)),
  )
  return Object.fromEntries(configured)
}

/** Claims that a `claims` request can ask for although the application is not configured for them. */
const requestable = ['login_hint', 'acrs']

function optionalClaimValues(subject: IdTokenSubject): Claims {
  const { person, directory } = subject
  const { user } = person
  return {
    acct: user.kind === 'guest' ? 1 : 0,
    sid: subject.sid,
    login_hint: toLoginHint(homeOf(directory, person).user),
    auth_time: toSeconds(subject.authenticatedAt),
    acrs: noneAsUndefined(authenticationContexts(subject.stepUps ?? [])),
    upn: user.kind === 'guest' ? undefined : user.userPrincipalName,
    given_name: user.givenName,
    family_name: user.familyName,
    ctry: user.country,
    verified_primary_email: hasVerifiedMail(subject) ? [user.mail] : undefined,
  }
}

/**
 * A person in no group has no `groups` claim at all; one in too many groups has only a reference to a service that no longer
 * exists.
 */
function groupClaims({ application, person, omitsGroups }: IdTokenSubject): Claims {
  const groupIds = omitsGroups === true ? [] : groupIdsFor(application, person)
  if (groupIds.length === 0) return {}
  if (groupIds.length <= MOST_GROUPS_IN_A_TOKEN) return { groups: groupIds }
  const endpoint = `https://graph.windows.net/${person.tenant.id}/users/${person.user.id}/getMemberObjects`
  return { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint } } }
}

function groupIdsFor(application: Application, person: Person): readonly string[] {
  switch (application.groupMembershipClaims) {
    case 'None':
      return []
    case 'ApplicationGroup':
      return assignmentsOf(application, person.user)
        .map(({ principalId }) => principalId)
        .filter((id) => id !== person.user.id)
    case 'SecurityGroup':
      return groupsOf(person)
        .filter((group) => group.securityEnabled)
        .map(({ id }) => id)
    case 'All':
      return groupsOf(person).map(({ id }) => id)
  }
}

function roleClaims({ application, person }: IdTokenSubject): Claims {
  const roles = new Set(
    assignmentsOf(application, person.user).flatMap(({ appRole }) => appRole ?? []),
  )
  return roles.size === 0 ? {} : { roles: [...roles] }
}

/** Returns the `sub` of a person for one application. */
export function pairwiseSubject(user: User, application: Application): string {
  return createHash('sha256').update(`${user.id} ${application.clientId}`).digest('base64url')
}

/** Returns the identity provider of a guest, or `undefined` for a member. */
export function identityProvider({
  directory,
  person,
}: Pick<IdTokenSubject, 'directory' | 'person'>): string | undefined {
  if (person.user.identityProvider !== undefined) return person.user.identityProvider
  const home = homeOf(directory, person).tenant
  return home.id === person.tenant.id ? undefined : `https://sts.windows.net/${home.id}/`
}

function hasVerifiedMail({ directory, person }: IdTokenSubject): boolean {
  const domain = person.user.mail?.split('@').at(-1)?.toLowerCase()
  return domain !== undefined && homeOf(directory, person).tenant.domains.includes(domain)
}

/** Multi-tenant applications that were registered since June 2023 get no unverified address. */
function removesUnverified(application: Application): boolean {
  return application.removeUnverifiedEmailClaim ?? application.audience === 'multi_tenant'
}

/** Returns the claims without those whose value is `undefined`. */
export function withoutAbsent(claims: Claims): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
}

function noneAsUndefined(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list
}

/** Returns this many random bytes as text, for values that clients must not interpret. */
export function opaque(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}

/** Returns a time in seconds, as claims contain it. */
export function toSeconds(at: Date): number {
  return Math.floor(at.getTime() / 1000)
}
