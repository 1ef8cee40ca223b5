/**
 * Admin consent to the shared application, requested from a set-up page.
 *
 *   beginConsent  → Entra, with an attempt of purpose `consent`
 *   finishConsent → who started it → claim → refused: a result to show; given: a directory that a test has to prove
 */

import { audit } from '../../audit/audit.ts'
import { homeOrigin, redirectUri } from '../../connections/connection-addresses.ts'
import { EntradaError } from '../../errors/errors.ts'
import { withCookies } from '../../http/cookies.ts'
import { type Exchange, pathTo } from '../../http/exchange.ts'
import { redirect } from '../../http/responses.ts'
import { authorizationRefusal } from '../../identity-provider/entra/authorization-refusal.ts'
import {
  adminConsentUrl,
  parseConsentedTenant,
} from '../../identity-provider/entra/protocol/admin-consent.ts'
import type { Services } from '../../services.ts'
import {
  attemptCookies,
  attemptState,
  dropAttemptCookie,
  newAttempt,
} from '../../sign-in/attempt.ts'
import { checkCallbackAddress } from '../../sign-in/choose-connection.ts'
import type { Answered } from '../../sign-in/sign-in-record.ts'
import { claimOnce } from '../../sign-in/verify-answer.ts'
import type { StorageTransaction } from '../../storage/storage.ts'
import { keepRefusal } from '../keep-test.ts'
import {
  getOpenSetup,
  rememberProgress,
  type Setup,
  setupCaller,
  setupHolder,
} from '../setup-session.ts'

/** Sends the browser to Entra for admin consent. @throws {EntradaError} `connection_incomplete`, `connection_test_elsewhere` */
export async function beginConsent(
  services: Services,
  exchange: Exchange,
  setup: Setup,
): Promise<Response> {
  const { connection } = setup
  if (connection.application !== 'shared') throw new EntradaError('connection_incomplete')
  if (homeOrigin(services, connection) !== exchange.here.origin) {
    throw new EntradaError('connection_test_elsewhere')
  }
  const attempt = newAttempt(services, {
    connectionId: connection.id,
    purpose: 'consent',
    returnTo: '/',
    kept: services.identityProviderFor(connection).prepare(),
    holderRequest: { holder: setupHolder(setup), resultsAt: pathTo(services, '/setup/test') },
  })
  const { authority, clientId } = connection
  const location = adminConsentUrl({
    authority,
    clientId,
    redirectUri: redirectUri(services, exchange.here, connection),
    state: attemptState(attempt),
    offlineAccess: connection.settings.recheckMinutes !== undefined,
  })
  return withCookies(redirect(location), attemptCookies(services, exchange, attempt))
}

/** Finishes a consent. Nothing from the answer is stored in the connection. */
export async function finishConsent(
  services: Services,
  exchange: Exchange,
  { response, record }: Answered,
): Promise<Response> {
  const { attempt } = record
  const setup = await getOpenSetup(services, exchange)
  const { connection } = setup
  record.connection = connection
  record.step('attempt_opened', { purpose: attempt.purpose })
  if (
    attempt.holderRequest?.holder !== setupHolder(setup) ||
    attempt.connectionId !== connection.id
  ) {
    throw new EntradaError('setup_superseded')
  }
  checkCallbackAddress(services, exchange, connection)
  await claimOnce(services, record)
  const location = await answerOf(services, exchange, { response, record, setup })
  return withCookies(redirect(location), [dropAttemptCookie(services, exchange.here, attempt)])
}

async function answerOf(
  services: Services,
  exchange: Exchange,
  { response, record, setup }: Answered & { readonly setup: Setup },
): Promise<string> {
  const { connection } = setup
  if (response.kind === 'refused') {
    return keepRefusal(services, exchange, {
      record,
      connection,
      refusal: authorizationRefusal(response),
    })
  }
  if (response.kind === 'granted') throw new EntradaError('consent_answer_invalid')
  const candidateTenant = parseConsentedTenant(exchange.url.searchParams)
  await rememberProgress(services, setup, { candidateTenant })
  const append = (transaction: StorageTransaction) =>
    audit(services, transaction, {
      caller: setupCaller(services, setup, exchange),
      event: { type: 'connection.consent_returned', detail: { tenant: candidateTenant } },
      organizationId: connection.organizationId,
      connectionId: connection.id,
    })
  await services.storage.atomically(append, { scope: 'nothing' })
  return pathTo(services, '/setup')
}
