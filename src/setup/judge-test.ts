/** The decision in a test sign-in: made as in every sign-in, on the same facts, and described for the page. */
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import type { MatchedUser } from '../provisioning/directory-person.ts'
import type { Services } from '../services.ts'
import type { HolderRequest } from '../sign-in/attempt.ts'
import { decideSignIn, type SignInDecision } from '../sign-in/decide-sign-in.ts'
import { factsOf, readState } from '../sign-in/verify-answer.ts'
import type { Connection } from '../storage/records.ts'
import { diagnoseTest } from './test-findings.ts'
import type { TestedDecision, TestedGroups, TestedPerson, TestResult } from './test-result.ts'

export type JudgedTest = {
  readonly connection: Connection
  readonly holderRequest: HolderRequest
  readonly identity: VerifiedIdentity
  readonly claims: Readonly<Record<string, unknown>>
}

/** Decides about a test, and finds what the registration lacks. */
export async function judgeTest(
  services: Pick<Services, 'now' | 'storage'>,
  judged: JudgedTest,
): Promise<Pick<TestResult, 'works' | 'findings' | 'outcome'>> {
  const { connection, holderRequest, identity, claims } = judged
  const state = await readState(services.storage, {
    connectionId: connection.id,
    person: identity.key,
    presentedTokenHashes: [],
  })
  const now = services.now()
  const facts = await factsOf(services.storage, state, { connection, identity, now })
  const decision = decideSignIn(facts)
  const credentials = connection.credentials.filter(({ state }) => state === 'active')
  const { nonce: _ours, ...shown } = claims
  return {
    works:
      provesDirectory(decision) && !(holderRequest.candidateTenant !== undefined && identity.guest),
    findings: diagnoseTest({ connection, identity, credentials, now: services.now() }),
    outcome: {
      kind: 'verified',
      claims: shown,
      groups: groupsOf(identity),
      decision: toTested(decision, connection, facts.known?.membership?.username),
    },
  }
}

/** A person without a role, or a disabled one, proves directory, application and credential as well as any other. */
function provesDirectory(decision: SignInDecision): boolean {
  return decision.kind === 'allowed' || !aboutDirectory.has(decision.code)
}

const aboutDirectory: ReadonlySet<string> = new Set([
  'connection_off',
  'tenant_not_allowed',
  'personal_account_not_allowed',
  'guest_not_allowed',
])

function groupsOf({ groups }: VerifiedIdentity): TestedGroups {
  if (groups.kind === 'unreadable') return { kind: groups.kind, reason: groups.reason, groups: [] }
  if (groups.kind !== 'known') return { kind: groups.kind, groups: [] }
  const { ids, names = {}, from } = groups
  const named = ids.map((id) => ({ id, ...(names[id] ? { name: names[id] } : {}) }))
  return { kind: 'known', groups: named, ...(from ? { from } : {}) }
}

function toTested(
  decision: SignInDecision,
  { roleRules }: Connection,
  username: string | undefined,
): TestedDecision {
  if (decision.kind === 'refused') return { kind: 'refused', code: decision.code }
  const roles = decision.roles.map((assignment) => {
    const rule = roleRules.find(({ id }) => assignment.source === `rule:${id}`)
    return { ...assignment, ...(rule ? { rule } : {}) }
  })
  return { kind: 'allowed', person: toTestedPerson(decision.person, username), roles }
}

function toTestedPerson(person: MatchedUser, username: string | undefined): TestedPerson {
  switch (person.kind) {
    case 'new':
      return person
    case 'known':
      // The page must not reveal people whom other organizations know (design rule 19).
      return username === undefined ? { kind: 'new' } : { kind: 'known', username }
    case 'linked':
      return { kind: 'linked', username: person.membership.username, reason: person.reason }
  }
}
