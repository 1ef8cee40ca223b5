/**
 * Rechecks one session against Entra, for the process that holds the lease of its grant.
 *
 *   recheckSession → refresh → the same person? → decide-recheck (pure) → roles and groups, or the end
 *
 * The session ends when Entra requires this user to sign in again, returns something for which a sign-in would be refused, or
 * answers with a verified token of another person. Every other failure is reported, and the session continues.
 */
import { type AuditServices, audit, type ChangeServices } from '../audit/audit.ts'
import { asEntradaError, EntradaError } from '../errors/errors.ts'
import { codeFields } from '../errors/former-codes.ts'
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import { shownKey } from '../identity-provider/person-key.ts'
import { newUuid } from '../keys/ids.ts'
import { applyRoles } from '../provisioning/apply-roles.ts'
import type { Services } from '../services.ts'
import { minutesAfter, openGrant, sealGrant, subjectOf } from '../session/session-grant.ts'
import type { Connection, Identity, Session } from '../storage/records.ts'
import type { SessionGrant } from '../storage/session-grants.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import { decideRecheck } from './decide-recheck.ts'

/** `left` means that the session was no longer ours to check. `failed` means that nothing was learnt about the user. */
export type RecheckOutcome = 'unchanged' | 'changed' | 'ended' | 'left' | 'failed'

/** Time limit for all of Entra's responses to one check. */
const TIME_LIMIT_MS = 5_500
const LONGEST_RETRY_MINUTES = 30

type Work = {
  readonly grant: SessionGrant
  readonly leaseId: string
  readonly correlationId: string
  readonly connection: Connection
  readonly recheckMinutes: number
}

/** Checks a session whose grant the caller has leased. Rejects only when the database fails. */
export async function recheckSession(
  services: Services,
  leased: Pick<Work, 'grant' | 'leaseId'>,
): Promise<RecheckOutcome> {
  const connection = await services.storage.findConnection(leased.grant.connectionId)
  const recheckMinutes = connection?.settings.recheckMinutes
  if (connection === undefined || recheckMinutes === undefined) {
    await removeGrant(services, leased.grant)
    return 'left'
  }
  const work = { ...leased, connection, recheckMinutes, correlationId: newUuid(services) }
  const outcome = await checkedAgainst(services, work)
  const { code } = outcome
  services.metrics.count('entrada_session_rechecks_total', { outcome: outcome.kind, code })
  return outcome.kind
}

type Outcome = { readonly kind: RecheckOutcome; readonly code: string }

async function checkedAgainst(services: Services, work: Work): Promise<Outcome> {
  try {
    const answer = await askProvider(services, work)
    if (answer === undefined) {
      // The session or its user has been removed, so the grant is removed too.
      await removeGrant(services, work.grant)
      return left
    }
    services.signInNotes.noteCheck({ connectionId: work.connection.id })
    return await applyAnswer(services, work, answer)
  } catch (error) {
    const refusal = asEntradaError(error)
    if (refusal.code === 'storage_unavailable' || refusal.code === 'storage_full') throw error
    return asksThePerson(refusal) || refusal.code === 'recheck_other_person'
      ? endSession(services, work, refusal)
      : settleFailure(services, work, refusal)
  }
}

async function removeGrant(
  { storage }: Pick<Services, 'storage'>,
  { sessionId }: SessionGrant,
): Promise<void> {
  await storage.atomically((transaction) => transaction.removeSessionGrant(sessionId), {
    scope: 'nothing',
  })
}

const left: Outcome = { kind: 'left', code: '' }

/** `invalid_grant` and `interaction_required`, which the token endpoint returns only about one person's refresh token. */
function asksThePerson({ code, detail }: EntradaError): boolean {
  return (code === 'code_refused' || code === 'interaction_required') && detail.endpoint === 'token'
}

type Answer = {
  readonly session: Session
  readonly identity: VerifiedIdentity
  readonly sealed: string
}

/** Returns `undefined` when the session or the user has been removed meanwhile, or the provider cannot check again. */
async function askProvider(
  services: Pick<Services, 'identityProviderFor' | 'keyRing' | 'storage'>,
  { grant, connection, correlationId }: Work,
): Promise<Answer | undefined> {
  const session = await services.storage.findSessionById(grant.sessionId)
  const person = session && (await personOf(services, session))
  if (session === undefined || person === undefined) return undefined
  const provider = services.identityProviderFor(connection)
  if (provider.recheck === undefined) return undefined
  const content = openGrant(services.keyRing, grant)
  const deadline = AbortSignal.timeout(TIME_LIMIT_MS)
  const arrived = await provider.recheck({ grant: content.grant, correlationId }, deadline)
  const { identity } = arrived
  checkSamePerson(identity, { ...person, sub: content.sub })
  const renewed = { ...content, ...(arrived.grant ? { grant: arrived.grant } : {}) }
  return { session, identity, sealed: sealGrant(services.keyRing, session.id, renewed) }
}

async function personOf(
  { storage }: Pick<Services, 'storage'>,
  { userId, identityId }: Session,
): Promise<Identity | undefined> {
  const found = userId && (await storage.findUser(userId))
  return found ? found.identities.find(({ id }) => id === identityId) : undefined
}

/**
 * Checks that Entra answered about the same person.
 *
 * @see OpenID Connect Core §12.2
 * @throws {EntradaError} `recheck_other_person`
 */
function checkSamePerson(
  now: VerifiedIdentity,
  before: Pick<VerifiedIdentity, 'key' | 'sub'>,
): void {
  const expected = new Map(Object.entries({ ...shownKey(before.key), sub: subjectOf(before) }))
  const answered = Object.entries({ ...shownKey(now.key), sub: subjectOf(now) })
  const claim = answered.find(([name, value]) => expected.get(name) !== value)?.[0]
  if (claim !== undefined) throw new EntradaError('recheck_other_person', { claim })
}

/** The lease is returned first: a process that has lost it to another one writes nothing. */
async function applyAnswer(
  services: ChangeServices & Pick<Services, 'log'>,
  work: Work,
  answer: Answer,
): Promise<Outcome> {
  const now = services.now()
  const { grant, leaseId } = work
  const apply = async (transaction: StorageTransaction): Promise<Outcome> => {
    // The connection is read as it is now, not as it was before the request to Entra (design rule 5a).
    const connection = await transaction.findConnection(grant.connectionId)
    const { recheckMinutes = work.recheckMinutes } = connection?.settings ?? {}
    const settled = {
      sealed: answer.sealed,
      nextCheckAt: minutesAfter(now, recheckMinutes),
      lastCheckedAt: now,
      failures: 0,
    }
    if (!(await transaction.settleSessionGrant(grant.sessionId, leaseId, settled))) return left
    const { identity, session } = answer
    const knownPerson =
      connection && (await transaction.findPerson(identity.key, connection.organizationId))
    const membership = knownPerson?.membership
    if (connection === undefined || knownPerson === undefined || membership === undefined)
      return left
    const decision = decideRecheck({ connection, identity, known: knownPerson, now })
    if (decision.kind === 'ended') {
      await writeEnd(services, transaction, { work, session, why: { code: decision.code } })
      return { kind: 'ended', code: decision.code }
    }
    if (decision.snapshot) {
      const snapshot = { ...decision.snapshot, connectionId: connection.id }
      await transaction.putGroupSnapshot(membership.id, snapshot)
    }
    if (decision.roles === undefined) return { kind: 'unchanged', code: '' }
    const { writes } = applyRoles(services, {
      membership,
      current: await transaction.listRoles(membership.id),
      connectionId: connection.id,
      roles: decision.roles,
      caller: { actor: { kind: 'entra' } },
    })
    await transaction.writeAll(writes)
    return { kind: writes.length === 0 ? 'unchanged' : 'changed', code: '' }
  }
  const { userId, organizationId } = answer.session
  const scope = userId ? { userId, organizationId } : 'deployment'
  const outcome = await services.storage.atomically(apply, { scope })
  if (outcome.kind === 'ended') logEnd(services, work, { code: outcome.code })
  return outcome
}

async function endSession(
  services: ChangeServices & Pick<Services, 'log'>,
  work: Work,
  { code, detail: { claim, entra } }: EntradaError,
): Promise<Outcome> {
  const { grant, leaseId } = work
  const settled = { nextCheckAt: services.now(), failures: grant.failures }
  const end = async (transaction: StorageTransaction) => {
    if (!(await transaction.settleSessionGrant(grant.sessionId, leaseId, settled))) return false
    const session = await transaction.findSessionById(grant.sessionId)
    if (session === undefined) return false
    const why = { code, ...(code === 'recheck_other_person' ? { claim: String(claim) } : {}) }
    await writeEnd(services, transaction, { work, session, why })
    return true
  }
  const ended = await services.storage.atomically(end, { scope: 'nothing' })
  if (!ended) return left
  logEnd(services, work, { code, entra, claim })
  return { kind: 'ended', code }
}

function logEnd(
  { log }: Pick<Services, 'log'>,
  { grant: { sessionId, connectionId }, correlationId }: Work,
  failure: { readonly code: string; readonly entra?: unknown; readonly claim?: unknown },
): void {
  log.info('session_recheck_ended', { sessionId, connectionId, correlationId, ...failure })
}

async function writeEnd(
  services: AuditServices,
  transaction: StorageTransaction,
  {
    work,
    session,
    why,
  }: {
    readonly work: Work
    readonly session: Session
    readonly why: { readonly code: string; readonly claim?: string }
  },
): Promise<void> {
  const { id: sessionId, tokenHash, userId, organizationId, connectionId } = session
  await transaction.endSession(sessionId)
  await transaction.rememberSessionEnd({
    tokenHash,
    reason: 'sign_in_again',
    until: session.absoluteEndsAt,
    ...(connectionId ? { connectionId } : {}),
  })
  const event = { type: 'session.ended', detail: { reason: 'recheck', ...why } } as const
  const exchange = { correlationId: work.correlationId, client: {} }
  const caller = { actor: { kind: 'entra' }, exchange } as const
  await audit(services, transaction, {
    caller,
    event,
    userId,
    organizationId,
    connectionId,
    sessionId,
  })
}

/** Reports a failure in the log, in the metrics and in the health of the connection. The check is retried, at first soon. */
async function settleFailure(
  services: Services,
  work: Work,
  { code, detail, cause }: EntradaError,
): Promise<Outcome> {
  const { grant, leaseId, recheckMinutes, correlationId } = work
  const { sessionId, connectionId } = grant
  const failures = grant.failures + 1
  const minutes = Math.min(2 ** Math.min(failures - 1, 10), LONGEST_RETRY_MINUTES, recheckMinutes)
  const nextCheckAt = minutesAfter(services.now(), minutes)
  const settled = { nextCheckAt, failures, lastFailure: code }
  const isOurs = await services.storage.atomically(
    (transaction) => transaction.settleSessionGrant(sessionId, leaseId, settled),
    { scope: 'nothing' },
  )
  if (!isOurs) return left
  const { endpoint, status, entra, claim, reason } = detail
  services.log.error('session_recheck_failed', {
    sessionId,
    connectionId,
    correlationId,
    ...codeFields(code),
    failures,
    endpoint,
    status,
    entra,
    claim,
    reason,
    cause,
  })
  services.signInNotes.noteCheck({ connectionId, code })
  return { kind: 'failed', code }
}
