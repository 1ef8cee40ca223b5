/**
 * The test of a connection: a sign-in that redeems and decides as every other, writes nothing about a person and opens no session.
 *
 *   beginTest  → Entra
 *   finishTest → whose test is it → claim → redeem, decide → keep the result, and that the connection works → its page
 */
import { EntradaError, isEntradaError } from '../errors.ts'
import { withCookies } from '../http/cookies.ts'
import type { Exchange } from '../http/exchange.ts'
import { redirect } from '../http/responses.ts'
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import { auditChange } from '../organizations/audit-change.ts'
import { changeConnection } from '../organizations/connections.ts'
import { withKnownTenant } from '../organizations/environment-connection.ts'
import { testFingerprint } from '../organizations/test-fingerprint.ts'
import type { AuthorizationResponse } from '../protocol/authorization-response.ts'
import type { EntraError } from '../protocol/explain-entra-error.ts'
import type { Services } from '../services.ts'
import { rememberProgress } from '../setup/setup-session.ts'
import { diagnoseTest } from '../setup/test-findings.ts'
import { getTestCaller, type TestCaller } from '../setup/test-holder.ts'
import {
  newTestResultId,
  sealTestResult,
  type TestedDecision,
  type TestedGroups,
  type TestedPerson,
  type TestOutcome,
  type TestResult,
} from '../setup/test-result.ts'
import type { Connection } from '../storage/records.ts'
import { type AskedByHolder, dropAttemptCookie } from './attempt.ts'
import { beginAttempt } from './begin-attempt.ts'
import { checkCallbackAddress, getConnection, homeOrigin } from './choose-connection.ts'
import { claimsChallengeCookie, dropClaimsChallengeCookie } from './claims-challenge.ts'
import { type DecidedPerson, decideSignIn, type SignInDecision } from './decide-sign-in.ts'
import {
  claimOnce,
  grantedCode,
  readFacts,
  redeem,
  refusalOf,
  SIGN_IN_TIME_LIMIT_MS,
} from './redeem-answer.ts'
import type { SignInRecord } from './sign-in-record.ts'

/** Sends whoever tests to Entra. @throws {EntradaError} `connection_incomplete`, `connection_test_elsewhere`, `record_not_found` */
export async function beginTest(
  services: Services,
  exchange: Exchange,
  begin: {
    readonly connection: Connection
    readonly asked: AskedByHolder
    readonly selectAccount: boolean
  },
): Promise<Response> {
  const { asked, selectAccount } = begin
  if (homeOrigin(services, begin.connection) !== exchange.here.origin) {
    throw new EntradaError('connection_test_elsewhere')
  }
  checkComplete(underTest(begin.connection, asked))
  // A domain is resolved and kept first, as with every sign-in: what is tested is one directory.
  const deadline = AbortSignal.timeout(SIGN_IN_TIME_LIMIT_MS)
  const connection = await withKnownTenant(services, begin.connection, deadline)
  const tested = underTest(connection, asked)
  const purpose = 'test'
  return beginAttempt(services, exchange, {
    connection: tested,
    purpose,
    returnTo: '/',
    selectAccount,
    asked,
  })
}

/** Takes a test back from Entra. Whatever Entra refused is a result too, and shown as one. */
export async function finishTest(
  services: Services,
  exchange: Exchange,
  { response, record }: { readonly response: AuthorizationResponse; readonly record: SignInRecord },
): Promise<Response> {
  const { attempt } = record
  const { asked, connectionId } = attempt
  if (asked === undefined) throw new EntradaError('sign_in_attempt_mismatch')
  const connection = await getConnection(services, connectionId)
  record.connection = connection
  record.step('attempt_opened', { purpose: attempt.purpose })
  checkCallbackAddress(services, exchange, connection)
  const holder = await getTestCaller(services, exchange, { holder: asked.holder, connectionId })
  grantedCode(response)
  await claimOnce(services, record)

  const run = { connection: underTest(connection, asked), asked, response, record }
  const { result, refusal } = await runTest(services, exchange, run)
  const location = await keepResult(services, { holder, connection: run.connection, asked, result })
  const outcome = result.works ? 'works' : 'refused'
  services.metrics.count('entrada_connection_tests_total', { outcome })
  return withCookies(redirect(location), [
    dropAttemptCookie(services, exchange.here, attempt),
    // Entra's wish for one more step is taken along by the next try, as with every sign-in.
    ...(refusal
      ? claimsChallengeCookie(services, exchange.here, refusal)
      : dropClaimsChallengeCookie(services, exchange)),
  ])
}

/** A refusal that came before anything could be tested, kept to be read like the result of a test. Answers where it is shown. */
export async function keepRefusal(
  services: Services,
  exchange: Exchange,
  {
    record,
    connection,
    refusal,
  }: {
    readonly record: SignInRecord
    readonly connection: Connection
    readonly refusal: EntradaError
  },
): Promise<string> {
  const { asked, connectionId } = record.attempt
  if (asked === undefined) throw new EntradaError('sign_in_attempt_mismatch')
  const holder = await getTestCaller(services, exchange, { holder: asked.holder, connectionId })
  const result: TestResult = {
    at: services.now().toISOString(),
    correlationId: exchange.correlationId,
    connectionId,
    works: false,
    findings: [],
    outcome: failureOf(refusal),
  }
  return keepResult(services, { holder, connection, asked, result })
}

/** The connection as it would be: on, with the one credential, for the directory that only says that it consented. */
function underTest(
  connection: Connection,
  { credentialId, candidateTenant }: AskedByHolder,
): Connection {
  const credentials =
    credentialId === undefined
      ? connection.credentials
      : connection.credentials
          .filter(({ id }) => id === credentialId)
          .map((one) => ({ ...one, state: 'active' as const }))
  if (credentialId !== undefined && credentials.length === 0) {
    throw new EntradaError('record_not_found')
  }
  return { ...withCandidate(connection, candidateTenant), credentials, status: 'on' }
}

function withCandidate(connection: Connection, tenantId: string | undefined): Connection {
  if (tenantId === undefined) return connection
  return { ...connection, tenants: { kind: 'pinned', tenant: tenantId, tenantId } }
}

function checkComplete({ application, clientId, credentials, tenants }: Connection): void {
  const hasTenant = tenants.kind === 'pinned' || tenants.tenantIds.length > 0
  const hasCredential =
    application === 'shared' || credentials.some(({ state }) => state === 'active')
  if (!hasTenant || !hasCredential || clientId === '') {
    throw new EntradaError('connection_incomplete')
  }
}

type TestRun = {
  readonly connection: Connection
  readonly asked: AskedByHolder
  readonly response: AuthorizationResponse
  readonly record: SignInRecord
}

/** @throws {EntradaError} what is our own trouble: the database, a key */
async function runTest(
  services: Services,
  exchange: Exchange,
  run: TestRun,
): Promise<{ readonly result: TestResult; readonly refusal?: EntradaError }> {
  const { connection, asked } = run
  const credential = connection.credentials.find(({ id }) => id === asked.credentialId)
  const common = {
    at: services.now().toISOString(),
    correlationId: exchange.correlationId,
    connectionId: connection.id,
    ...(credential ? { credential: { id: credential.id, kind: credential.kind } } : {}),
  }
  let claims: Readonly<Record<string, unknown>> = {}
  try {
    const identity = await verifyAnswer(services, exchange, {
      ...run,
      showClaims: (shown) => {
        claims = shown
      },
    })
    return { result: { ...common, ...(await judge(services, { ...run, identity, claims })) } }
  } catch (error) {
    const refusal = asResult(error)
    const outcome = failureOf(refusal)
    return { result: { ...common, works: false, findings: [], outcome }, refusal }
  }
}

async function verifyAnswer(
  services: Services,
  exchange: Exchange,
  run: TestRun & { readonly showClaims: (claims: Readonly<Record<string, unknown>>) => void },
): Promise<VerifiedIdentity> {
  const { connection, response, record, showClaims } = run
  if (response.kind === 'refused') throw refusalOf(response)
  const { identity } = await redeem(services, exchange, {
    connection,
    attempt: record.attempt,
    code: grantedCode(response),
    deadline: AbortSignal.timeout(SIGN_IN_TIME_LIMIT_MS),
    showClaims,
  })
  return identity
}

/** Decided as in every sign-in, on the same facts. */
async function judge(
  services: Services,
  judged: TestRun & {
    readonly identity: VerifiedIdentity
    readonly claims: Readonly<Record<string, unknown>>
  },
): Promise<Pick<TestResult, 'works' | 'findings' | 'outcome'>> {
  const { connection, asked, identity, claims, record } = judged
  const facts = await readFacts(services.storage, { connection, identity, record }, services.now())
  const decision = decideSignIn(facts)
  const credentials = connection.credentials.filter(({ state }) => state === 'active')
  const { nonce: _ours, ...shown } = claims
  return {
    works: provesDirectory(decision) && !(asked.candidateTenant !== undefined && identity.guest),
    findings: diagnoseTest({ connection, identity, credentials, now: services.now() }),
    outcome: {
      kind: 'verified',
      claims: shown,
      groups: groupsOf(identity),
      decision: toTested(decision, connection, facts.known?.membership?.username),
    },
  }
}

/** A person without a role, or a disabled one, proves directory, application and credential as well as any. */
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

function toTestedPerson(person: DecidedPerson, username: string | undefined): TestedPerson {
  switch (person.kind) {
    case 'new':
      return person
    case 'known':
      // Whom other organizations know is not told here (design rule 19).
      return username === undefined ? { kind: 'new' } : { kind: 'known', username }
    case 'linked':
      return { kind: 'linked', username: person.membership.username, reason: person.reason }
  }
}

/** Entra's trouble and a token that is not as it has to be are results. Our own trouble is not. */
function asResult(error: unknown): EntradaError {
  if (!isEntradaError(error) || ourOwn.has(error.code)) throw error
  return error
}

function failureOf(error: EntradaError): TestOutcome {
  const { entra, claim } = error.detail as { readonly entra?: EntraError; readonly claim?: unknown } // ours
  return {
    kind: 'failed',
    code: error.code,
    ...(typeof claim === 'string' ? { claim } : {}),
    ...(entra ? { entra: withoutText(entra) } : {}),
  }
}

const ourOwn: ReadonlySet<string> = new Set([
  'storage_unavailable',
  'storage_full',
  'internal_error',
  'secret_key_missing',
  'sealed_value_invalid',
])

/** Raw text reaches logs only (design rule 16). */
function withoutText({ description: _description, claims: _claims, ...rest }: EntraError) {
  return rest
}

type Kept = {
  readonly holder: TestCaller
  readonly connection: Connection
  readonly asked: AskedByHolder
  readonly result: TestResult
}

/** What is believed of the connection from now on, then the result: whoever sees one sees the other. Answers where it is shown. */
async function keepResult(services: Services, kept: Kept): Promise<string> {
  const { holder, connection, asked, result } = kept
  if (result.works) await believe(services, kept)
  const id = newTestResultId(services)
  const record = sealTestResult(services, { id, holder: asked.holder, result })
  const code = result.works ? undefined : codeOf(result.outcome)
  const detail = { outcome: result.works ? 'works' : 'refused', ...(code ? { code } : {}) } as const
  await services.storage.atomically(async (transaction) => {
    await transaction.createTestResult(record)
    await auditChange(services, transaction, {
      caller: holder.caller,
      event: { type: 'connection.tested', detail },
      organizationId: connection.organizationId,
      connectionId: connection.id,
    })
  })
  if (holder.setup) await rememberProgress(services, holder.setup, { lastTest: id })
  return `${asked.resultsAt}/${id}`
}

function codeOf(outcome: TestOutcome): string | undefined {
  if (outcome.kind === 'failed') return outcome.code
  return outcome.decision.kind === 'refused' ? outcome.decision.code : undefined
}

/** Only of the connection as it was tested: one that was changed while the browser was away keeps what it had. */
async function believe(services: Services, { holder, connection, asked }: Kept): Promise<void> {
  if (connection.managedBy === 'environment') return
  const { credentialId, candidateTenant } = asked
  const at = services.now().toISOString()
  const change = (before: Connection): Connection => {
    if (credentialId !== undefined) return withTestedCredential(before, credentialId, at)
    const now = withCandidate(before, candidateTenant)
    const fingerprint = testFingerprint(services, now)
    if (fingerprint !== testFingerprint(services, connection)) return before
    return { ...now, settings: { ...now.settings, tested: { at, fingerprint } } }
  }
  const { caller } = holder
  await changeConnection(services, caller, { id: connection.id, as: connection.managedBy, change })
}

function withTestedCredential(before: Connection, credentialId: string, testedAt: string) {
  const credentials = before.credentials.map((one) =>
    one.id === credentialId ? { ...one, testedAt } : one,
  )
  return { ...before, credentials }
}
