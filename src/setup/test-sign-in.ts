/**
 * The test of a connection is a sign-in that verifies and decides as every other, but stores nothing about a user and creates no
 * session.
 *
 *   beginTest  → identity provider
 *   finishTest → from callback.ts: who started it → claim → verify, decide → store the result, and that the connection works → its
 * page
 */

import { homeOrigin } from '../connections/connection-addresses.ts'
import { withKnownTenant } from '../connections/environment-connection.ts'
import { EntradaError } from '../errors/errors.ts'
import { withCookies } from '../http/cookies.ts'
import type { Exchange } from '../http/exchange.ts'
import { redirect } from '../http/responses.ts'
import type { AuthorizationAnswer } from '../protocol/authorization-response.ts'
import type { Services } from '../services.ts'
import { dropAttemptCookie, type HolderRequest } from '../sign-in/attempt.ts'
import { beginAttempt } from '../sign-in/begin-attempt.ts'
import { checkCallbackAddress, getConnection } from '../sign-in/choose-connection.ts'
import { claimsChallengeCookie, dropClaimsChallengeCookie } from '../sign-in/claims-challenge.ts'
import type { Answered, SignInRecord } from '../sign-in/sign-in-record.ts'
import {
  checkAnswered,
  claimOnce,
  SIGN_IN_TIME_LIMIT_MS,
  verifyAnswer,
} from '../sign-in/verify-answer.ts'
import type { Connection } from '../storage/records.ts'
import { judgeTest } from './judge-test.ts'
import { asResult, failureOf, keepResult, withCandidate } from './keep-test.ts'
import { getTestCaller } from './test-holder.ts'
import type { TestResult } from './test-result.ts'

/** Sends the browser to the identity provider for a test. @throws {EntradaError} `connection_incomplete`, `connection_test_elsewhere`, `record_not_found` */
export async function beginTest(
  services: Services,
  exchange: Exchange,
  begin: {
    readonly connection: Connection
    readonly holderRequest: HolderRequest
    readonly selectAccount: boolean
  },
): Promise<Response> {
  const { holderRequest, selectAccount } = begin
  if (homeOrigin(services, begin.connection) !== exchange.here.origin) {
    throw new EntradaError('connection_test_elsewhere')
  }
  checkComplete(underTest(begin.connection, holderRequest))
  // A domain is resolved and stored first, as with every sign-in, so that one directory is tested.
  const deadline = AbortSignal.timeout(SIGN_IN_TIME_LIMIT_MS)
  const connection = await withKnownTenant(services, begin.connection, deadline)
  const tested = underTest(connection, holderRequest)
  const purpose = 'test'
  return beginAttempt(services, exchange, {
    connection: tested,
    purpose,
    returnTo: '/',
    selectAccount,
    holderRequest,
  })
}

/** Finishes a test whose attempt was opened. A refusal of the identity provider is shown as a result too. */
export async function finishTest(
  services: Services,
  exchange: Exchange,
  { response, record }: Answered,
): Promise<Response> {
  const { attempt } = record
  const { holderRequest, connectionId } = attempt
  if (holderRequest === undefined) throw new EntradaError('sign_in_attempt_mismatch')
  const connection = await getConnection(services, connectionId)
  record.connection = connection
  record.step('attempt_opened', { purpose: attempt.purpose })
  checkCallbackAddress(services, exchange, connection)
  const holder = await getTestCaller(services, exchange, {
    holder: holderRequest.holder,
    connectionId,
  })
  const answer = checkAnswered(response)
  await claimOnce(services, record)

  const run = { connection: underTest(connection, holderRequest), holderRequest, answer, record }
  const { result, refusal } = await runTest(services, exchange, run)
  const location = await keepResult(services, {
    holder,
    connection: run.connection,
    holderRequest,
    result,
  })
  const outcome = result.works ? 'works' : 'refused'
  services.metrics.count('entrada_connection_tests_total', { outcome })
  return withCookies(redirect(location), [
    dropAttemptCookie(services, exchange.here, attempt),
    // As with every sign-in, the next attempt sends back what the provider demanded.
    ...(refusal
      ? claimsChallengeCookie(services, exchange.here, refusal)
      : dropClaimsChallengeCookie(services, exchange)),
  ])
}

/**
 * Returns the connection as it would be: turned on, with the one credential, and for the directory whose consent is not proven yet.
 */
function underTest(
  connection: Connection,
  { credentialId, candidateTenant }: HolderRequest,
): Connection {
  const credentials =
    credentialId === undefined
      ? connection.credentials
      : connection.credentials
          .filter(({ id }) => id === credentialId)
          .map((credential) => ({ ...credential, state: 'active' as const }))
  if (credentialId !== undefined && credentials.length === 0) {
    throw new EntradaError('record_not_found')
  }
  return { ...withCandidate(connection, candidateTenant), credentials, status: 'on' }
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
  readonly holderRequest: HolderRequest
  readonly answer: AuthorizationAnswer
  readonly record: SignInRecord
}

/** Runs the test. @throws {EntradaError} for a failure of Entrada itself: the database, a key */
async function runTest(
  services: Services,
  exchange: Exchange,
  run: TestRun,
): Promise<{ readonly result: TestResult; readonly refusal?: EntradaError }> {
  const { connection, holderRequest, answer, record } = run
  const credential = connection.credentials.find(({ id }) => id === holderRequest.credentialId)
  const common = {
    at: services.now().toISOString(),
    correlationId: exchange.correlationId,
    connectionId: connection.id,
    ...(credential ? { credential: { id: credential.id, kind: credential.kind } } : {}),
  }
  let claims: Readonly<Record<string, unknown>> = {}
  try {
    const { identity } = await verifyAnswer(services, exchange, {
      connection,
      answer,
      attempt: record.attempt,
      deadline: AbortSignal.timeout(SIGN_IN_TIME_LIMIT_MS),
      showClaims: (shown) => {
        claims = shown
      },
    })
    return { result: { ...common, ...(await judgeTest(services, { ...run, identity, claims })) } }
  } catch (error) {
    const refusal = asResult(error)
    const outcome = failureOf(refusal)
    return { result: { ...common, works: false, findings: [], outcome }, refusal }
  }
}
