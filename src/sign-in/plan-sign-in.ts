/** Puts together what a decided sign-in writes: user, session, and what is recorded of both. */
import { recordSignIn } from '../audit/record-sign-in.ts'
import type { Exchange } from '../http/exchange.ts'
import { newId } from '../keys/ids.ts'
import { parseWorkEmail } from '../protocol/domain-name.ts'
import { chooseUsername } from '../provisioning/choose-username.ts'
import { type ProvisionedUser, provisionUser } from '../provisioning/provision-user.ts'
import type { Services } from '../services.ts'
import { replacedSessions } from '../session/end-sessions.ts'
import { type NewSession, newSession } from '../session/session.ts'
import { keptGrant } from '../session/session-grant.ts'
import { newPlan, type Plan, type PlanCondition } from '../storage/plan.ts'
import type { SignInQuestion, SignInState } from '../storage/sign-in-state.ts'
import type { AllowedSignIn, SignInFacts } from './decide-sign-in.ts'
import { personOfSignIn } from './person-of-sign-in.ts'
import type { SignIn } from './sign-in-record.ts'
import { mayLink, unlinkedMembers } from './verify-answer.ts'

export type DecidedSignIn = {
  readonly signIn: SignIn
  readonly question: SignInQuestion
  readonly state: SignInState
  readonly facts: SignInFacts
  readonly decision: AllowedSignIn
  /** 1 at first; higher if the username of a new user was taken. */
  readonly usernameRound: number
}

/** Returns the plan of a sign-in that was decided, and the session that it creates. */
export async function planSignIn(
  services: Services,
  exchange: Exchange,
  decided: DecidedSignIn,
): Promise<{ readonly plan: Plan; readonly opened: NewSession }> {
  const { signIn, question, state } = decided
  const { organizationId } = signIn.connection
  const plan = newPlan(question, { ...state, organizationId })
  const user = await planUser(services, exchange, { ...decided, plan })
  const opened = newSession(services, exchange, sessionOf(signIn, user))
  const { session } = opened
  plan.writes.push(
    ...replacedSessions(services, exchange, state.replaced),
    { write: 'create_session', session },
    ...keptGrant(services, { ...signIn, session }),
    ...recordSignIn(services, exchange, { signIn, user, session }),
  )
  return { plan, opened }
}

/** Adds the user to the plan: what is new or has changed, and what must still hold for it. */
async function planUser(
  services: Services,
  exchange: Exchange,
  { plan, signIn, state, facts, decision, usernameRound }: DecidedSignIn & { readonly plan: Plan },
): Promise<ProvisionedUser> {
  const { connection, identity } = signIn
  const described = personOfSignIn(identity, decision)
  const newMembershipId = newId(services, 'mem')
  const isMember = decision.person.kind !== 'new' && decision.person.membership !== undefined
  const { username, conditions } = isMember
    ? { username: described.username, conditions: [] }
    : await chooseUsername(services, services.storage, {
        wanted: described.username,
        organizationId: connection.organizationId,
        membershipId: newMembershipId,
        retiredUsernamesKey: state.retiredUsernamesKey,
        round: usernameRound,
      })
  const user = provisionUser(services, {
    source: { kind: 'sign_in', connection, exchange },
    person: { ...described, username },
    user: decision.person,
    known: facts.known,
    currentRoles: state.roles,
    newMembershipId,
  })
  plan.conditions.push(
    ...conditions,
    ...conditionsOfLink(facts, decision),
    ...conditionsOfGroups(facts, decision),
  )
  plan.userId = decision.person.kind === 'new' ? undefined : user.userId
  // Two plans about one person come to the same in either order, unless a user is linked, roles change, or one of them keeps the
  // groups that the other replaces.
  plan.alone =
    decision.person.kind === 'linked' ||
    keepsGroups(decision) ||
    user.writes.some(({ write }) => write === 'replace_rule_roles')
  plan.writes.push(...user.writes)
  return user
}

/**
 * A user is linked only while it is the only one with the address, has no identity, and what proved the address still proves it; and a
 * new one is created only while there is still no other to link.
 */
function conditionsOfLink(
  { connection, identity, known, linkCandidates, emailDomainProven }: SignInFacts,
  { person }: AllowedSignIn,
): readonly PlanCondition[] {
  if (!mayLink({ connection, identity, known })) return []
  const { organizationId } = connection
  const wanted = unlinkedMembers(organizationId, identity.email ?? '')
  const isProof = person.kind === 'linked' && emailDomainProven
  const domain = isProof ? parseWorkEmail(identity.email ?? '')?.domain : undefined
  return [
    { still: 'same_candidates', wanted, candidates: linkCandidates },
    ...(domain ? [{ still: 'domain_proven', organizationId, domain } as const] : []),
  ]
}

/** Groups that the answer did not contain are the last known ones, which another sign-in or a re-check may have replaced. */
function conditionsOfGroups(
  { known }: SignInFacts,
  decision: AllowedSignIn,
): readonly PlanCondition[] {
  if (known?.membership === undefined || !keepsGroups(decision)) return []
  const { id: membershipId } = known.membership
  return [{ still: 'same_groups', membershipId, takenAt: known.groups?.takenAt }]
}

function keepsGroups({ groups }: AllowedSignIn): boolean {
  return groups.kind === 'unknown' || groups.source === 'last_known'
}

function sessionOf({ connection, identity }: SignIn, { userId, identityId }: ProvisionedUser) {
  const { providerSession, loginHint, notAfter } = identity
  return {
    kind: 'user',
    userId,
    ...(identityId ? { identityId } : {}),
    organizationId: connection.organizationId,
    connectionId: connection.id,
    ...(providerSession ? { entraSid: providerSession } : {}),
    ...(loginHint ? { loginHint } : {}),
    ...(notAfter ? { notAfter } : {}),
  } as const
}
