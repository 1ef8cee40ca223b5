/**
 * What a sign-in writes, as data: rows, and conditions that must still hold when they are written. The decision is made before, outside
 * any transaction; then all of the plan is written in one turn of the database, or nothing.
 *
 *     const state = await storage.readSignIn(question)      // one look-up
 *     const plan = newPlan(question, state)                           // any part of the program adds rows and conditions
 *     plan.writes.push({ write: 'create_session', session })
 *     if ((await storage.writePlan(plan)) === 'read_again') // something changed meanwhile: decide again
 */

import type { ConnectionUse } from './connection-uses.ts'
import type {
  AuditEventRecord,
  GroupSnapshot,
  Identity,
  IdentityId,
  Membership,
  MembershipId,
  OrganizationId,
  Profile,
  RoleAssignment,
  Session,
  SessionId,
  SignInTrace,
  User,
  UserId,
} from './records.ts'
import type { SessionGrant } from './session-grants.ts'
import type { SignInQuestion, UnlinkedMembers } from './sign-in-state.ts'

export type IdentityChanges = Partial<
  Pick<Identity, 'sub' | 'lastClaims' | 'lastSignInAt' | 'connectionId'>
>

/** A row that a plan writes. The rows are written in the order of the plan. */
export type PlanWrite =
  | { readonly write: 'create_user'; readonly user: User }
  /** Fails with `read_again` if the person's key is linked already. */
  | { readonly write: 'link_identity'; readonly identity: Identity }
  /** Absent members stay as they are. */
  | {
      readonly write: 'refresh_identity'
      readonly id: IdentityId
      readonly seen: IdentityChanges
    }
  /** Fails with `read_again` if a member of the organization has this username, ignoring case. */
  | { readonly write: 'create_membership'; readonly membership: Membership }
  /** Absent members stay as they are. */
  | {
      readonly write: 'refresh_membership'
      readonly membership: Pick<Membership, 'id' | 'username'>
      readonly profile?: Profile
      readonly lastSignInAt?: Date
    }
  /** Replaces the roles that rules and defaults assigned; `manual` assignments stay. */
  | {
      readonly write: 'replace_rule_roles'
      readonly id: MembershipId
      readonly roles: readonly RoleAssignment[]
    }
  | {
      readonly write: 'note_connection_use'
      readonly id: MembershipId
      readonly use: Omit<ConnectionUse, 'organizationId'> & { readonly at: Date }
    }
  | {
      readonly write: 'put_group_snapshot'
      readonly id: MembershipId
      readonly snapshot: GroupSnapshot
    }
  | { readonly write: 'create_session'; readonly session: Session }
  | { readonly write: 'end_session'; readonly id: SessionId }
  | { readonly write: 'put_session_grant'; readonly grant: SessionGrant }
  | {
      readonly write: 'append_audit_event'
      readonly event: AuditEventRecord
      readonly toOutbox: boolean
    }
  | { readonly write: 'append_sign_in_trace'; readonly trace: SignInTrace }

/** Something that must still be as it was when the plan was decided. */
export type PlanCondition =
  /** The look-up of the sign-in still returns this mark. */
  | { readonly still: 'same_state'; readonly question: SignInQuestion; readonly mark: string }
  /** The address still leads to the same members without an identity: to none, to a single member, or to several. */
  | {
      readonly still: 'same_candidates'
      readonly wanted: UnlinkedMembers
      readonly candidates: readonly UnlinkedMember[]
    }
  /** Nothing newer was learnt about the groups of this member. */
  | {
      readonly still: 'same_groups'
      readonly membershipId: MembershipId
      readonly takenAt: Date | undefined
    }
  /** The organization still owns the domain, and it is proven. */
  | {
      readonly still: 'domain_proven'
      readonly organizationId: OrganizationId
      readonly domain: string
    }
  /** No removed member of the organization had this username, by its hash. */
  | {
      readonly still: 'not_retired'
      readonly organizationId: OrganizationId
      readonly usernameHash: string
    }

/** A member to whom no identity is linked, as the decision saw it. */
export type UnlinkedMember = {
  readonly membership: Pick<Membership, 'id' | 'status'>
  readonly userStatus: User['status']
}

export type Plan = {
  readonly organizationId?: OrganizationId | undefined
  /** The existing user whom the plan is about. */
  userId: UserId | undefined
  /**
   * Whether no other plan about this user is written at the same time: set where two plans, each of whose conditions holds, would
   * together leave what neither decided, such as the roles of both.
   */
  alone: boolean
  /** Whether a webhook may receive the events of this plan; without one, nothing is looked up. */
  readonly sendsWebhooks: boolean
  readonly conditions: PlanCondition[]
  readonly writes: PlanWrite[]
}

/** Begins a plan without rows. It is only written while the look-up of the sign-in still returns this mark. */
export function newPlan(
  question: SignInQuestion,
  {
    organizationId,
    mark,
    sendsWebhooks,
  }: {
    readonly organizationId: OrganizationId
    readonly mark: string
    readonly sendsWebhooks: boolean
  },
): Plan {
  return {
    organizationId,
    userId: undefined,
    alone: false,
    sendsWebhooks,
    conditions: [{ still: 'same_state', question, mark }],
    writes: [],
  }
}

/** Makes a plan that only appends events, and so holds whatever else happens. */
export function planOfEvents(
  organizationId: OrganizationId | undefined,
  writes: readonly PlanWrite[],
): Plan {
  return {
    organizationId,
    userId: undefined,
    alone: false,
    sendsWebhooks: true,
    conditions: [],
    writes: [...writes],
  }
}

/** These functions run inside `atomically`. */
export type PlanWriter = {
  /**
   * Writes these rows as {@link PlanVerbs.writePlan} does, as a part of the transaction. A row that exists already and must be new
   * rejects, and the transaction with it.
   */
  writeAll(writes: readonly PlanWrite[]): Promise<void>
}

export type PlanVerbs = {
  /**
   * Writes a plan in one transaction, durably: all of it, or nothing. It returns `read_again`, and writes nothing, if a condition no
   * longer holds, if a row exists already that must be new, or if another transaction interfered: the caller reads and decides again.
   *
   * @throws {EntradaError} `storage_unavailable`, `storage_full`
   */
  writePlan(plan: Plan): Promise<'written' | 'read_again'>
}
