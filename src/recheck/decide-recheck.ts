/** Decides the outcome of a recheck against Entra from what Entra returns about the user now, and what is stored. Pure. */
import type { ErrorCode } from '../errors/errors.ts'
import type { GroupsClaim, VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import { groupSnapshot, snapshotFrom } from '../provisioning/group-snapshot.ts'
import { decideSignIn } from '../sign-in/decide-sign-in.ts'
import type { Connection, GroupSnapshot, RoleAssignment } from '../storage/records.ts'
import type { KnownPerson } from '../storage/storage.ts'

export type RecheckFacts = {
  readonly connection: Connection
  readonly identity: VerifiedIdentity
  readonly known: KnownPerson
  readonly now: Date
}

export type RecheckDecision =
  /** A sign-in would be refused now, with this code. */
  | { readonly kind: 'ended'; readonly code: ErrorCode }
  | {
      readonly kind: 'kept'
      /** Absent when too little is known to change any roles. */
      readonly roles?: readonly RoleAssignment[]
      readonly snapshot?: GroupSnapshot
    }

/**
 * Decides like a sign-in, from what a refresh returns. A claim that is missing from the token reveals nothing, so the stored value is
 * kept. Missing app roles mean that the user has none only if the token contains groups. Turning a connection off ends no session.
 */
export function decideRecheck({ connection, identity, known, now }: RecheckFacts): RecheckDecision {
  const claim = identity.groups
  const last = snapshotFrom(known.groups, connection)
  const tellsRoles = claim.kind === 'known' || identity.claimNames.includes('roles')
  const rolesKnown = tellsRoles || last !== undefined
  const appRoles = tellsRoles ? identity.appRoles : (last?.appRoles ?? [])
  const decision = decideSignIn({
    connection: { ...connection, status: 'on' },
    identity: { ...identity, appRoles, groups: claim.kind === 'known' ? claim : kept(last) },
    known,
    linkCandidates: [],
    emailDomainProven: false,
    now,
  })
  if (decision.kind === 'refused') {
    const tooLittle =
      decision.code === 'groups_not_known' || (!rolesKnown && decision.code === 'no_role_matched')
    return tooLittle ? { kind: 'kept' } : { kind: 'ended', code: decision.code }
  }
  if (!rolesKnown) return { kind: 'kept' }
  // The connection that last sent the groups is also the one whose rules gave the roles, so both are stored together.
  const snapshot =
    claim.kind !== 'known' && last !== undefined
      ? { ...last, appRoles }
      : groupSnapshot(decision.groups, { appRoles, lastKnown: last, now })
  return { kind: 'kept', roles: decision.roles, snapshot }
}

function kept(last: GroupSnapshot | undefined): GroupsClaim {
  return last?.complete ? { kind: 'known', ids: last.groups } : { kind: 'overage' }
}
