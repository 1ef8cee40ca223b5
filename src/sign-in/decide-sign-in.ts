/** Decides whether a person may sign in, and as which user. Pure; the real sign-in and the test of a connection share it. */
import { refuseAccount } from '../connections/refuse-account.ts'
import type { ErrorCode, ErrorDetail } from '../errors/errors.ts'
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import type { MatchedUser } from '../provisioning/directory-person.ts'
import { type ResolvedGroups, resolveGroups } from '../provisioning/group-overage.ts'
import { snapshotFrom } from '../provisioning/group-snapshot.ts'
import { decideLink, type LinkCandidate } from '../provisioning/link-policy.ts'
import { mapRoles } from '../provisioning/map-roles.ts'
import type { Connection, RoleAssignment } from '../storage/records.ts'
import type { KnownPerson } from '../storage/storage.ts'

export type SignInFacts = {
  readonly connection: Connection
  readonly identity: VerifiedIdentity
  /** The existing user of this person. */
  readonly known?: KnownPerson
  /** Users of the organization with the same email, if the connection links users. */
  readonly linkCandidates: readonly LinkCandidate[]
  /** Whether the organization has proven the domain of the email; looked up if there are candidates. */
  readonly emailDomainProven: boolean
  /** The connection that the organization requires, if it is another one. */
  readonly required?: Pick<Connection, 'id' | 'slug'>
  readonly now: Date
}

export type SignInDecision =
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail: ErrorDetail }
  | {
      readonly kind: 'allowed'
      readonly person: MatchedUser
      readonly roles: readonly RoleAssignment[]
      readonly groups: ResolvedGroups
    }

export type AllowedSignIn = Extract<SignInDecision, { kind: 'allowed' }>

/**
 * Decides in this order: connection, required connection, tenant, kind of account, the user's own status, provisioning, groups,
 * roles.
 */
export function decideSignIn(facts: SignInFacts): SignInDecision {
  return (
    refuseConnection(facts.connection) ??
    refuseElsewhere(facts) ??
    refuseAccount(facts.connection, facts.identity) ??
    refuseDisabled(facts) ??
    refuseUnknown(facts) ??
    decideRoles(facts)
  )
}

function refuseConnection({ status }: Connection): SignInDecision | undefined {
  return status === 'on' ? undefined : refused('connection_off', { status })
}

function refuseElsewhere({ required }: SignInFacts): SignInDecision | undefined {
  return required && refused('sso_required', { startAt: required })
}

function refuseDisabled(facts: SignInFacts): SignInDecision | undefined {
  const { known } = facts
  if (known?.user.status === 'disabled') return refused('user_disabled')
  if (known?.membership?.status === 'disabled') return refused('membership_disabled')
  if (known === undefined && linkOf(facts).kind === 'disabled') return refused('user_disabled')
  return undefined
}

function refuseUnknown({ connection, known }: SignInFacts): SignInDecision | undefined {
  const { provisioning } = connection.policies
  const hasBeenHere = known?.identity.lastSignInAt !== undefined && known.membership !== undefined
  if (provisioning === 'off' && !hasBeenHere) return refused('provisioning_off')
  if (provisioning === 'existing' && known?.membership === undefined)
    return refused('user_not_known')
  return undefined
}

function decideRoles(facts: SignInFacts): SignInDecision {
  const { connection, identity, known } = facts
  const lastKnown = snapshotFrom(known?.groups, connection)
  const groups = resolveGroups({
    claim: identity.groups,
    policy: connection.policies.groupsOverage,
    now: facts.now,
    ...(lastKnown ? { lastKnown } : {}),
  })
  const roles = mapRoles({
    rules: connection.roleRules,
    unmatched: connection.policies.unmatched,
    groups,
    appRoles: identity.appRoles,
  })
  if (roles.kind === 'refused') return refused(roles.code, roles.detail)
  return { kind: 'allowed', person: decidePerson(facts), roles: roles.assignments, groups }
}

function decidePerson(facts: SignInFacts): MatchedUser {
  const { known } = facts
  if (known !== undefined) {
    const { membership } = known
    return { kind: 'known', userId: known.user.id, ...(membership ? { membership } : {}) }
  }
  const link = linkOf(facts)
  return link.kind === 'link'
    ? { kind: 'linked', membership: link.membership, reason: link.reason }
    : { kind: 'new' }
}

function linkOf({ connection, identity, linkCandidates, emailDomainProven }: SignInFacts) {
  return decideLink({ connection, identity, emailDomainProven, candidates: linkCandidates })
}

function refused(
  code: ErrorCode,
  detail: ErrorDetail = {},
): Extract<SignInDecision, { kind: 'refused' }> {
  return { kind: 'refused', code, detail }
}
