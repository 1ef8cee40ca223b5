/**
 * Takes a browser back from an identity provider: reads what came to the address, opens the attempt that it answers, and hands both to
 * the flow that sent the browser away.
 *
 *   sign_in → sign-in/sign-in.ts    test → setup/test-sign-in.ts    consent → setup/entra/consent.ts
 */
import { EntradaError } from './errors/errors.ts'
import type { Exchange } from './http/exchange.ts'
import { parseAuthorizationResponse } from './protocol/authorization-response.ts'
import type { Services } from './services.ts'
import { finishConsent } from './setup/entra/consent.ts'
import { finishTest } from './setup/test-sign-in.ts'
import { checkAttemptOpen, openAttempt } from './sign-in/attempt.ts'
import { finishSignIn } from './sign-in/sign-in.ts'
import { type Answered, beginRecord } from './sign-in/sign-in-record.ts'
import { isSignOutReturn, signOutReturnPage } from './sign-in/sign-out.ts'

/**
 * Answers a request to a redirect URI. Everything that costs nothing is checked before the network is used.
 *
 * @throws {EntradaError} `authorization_response_invalid`, `sign_in_attempt_not_yours`, `sign_in_attempt_expired`, and those of the flow
 */
export async function finishAttempt(services: Services, exchange: Exchange): Promise<Response> {
  const response = parseAuthorizationResponse(exchange.url.searchParams)
  if (response.kind === 'nothing') return signOutReturnPage(services, exchange)
  if (response.kind === 'returned' && isSignOutReturn(services, response.state)) {
    return signOutReturnPage(services, exchange)
  }
  const attempt = openAttempt(services, exchange, response.state)
  const record = beginRecord(services, exchange, attempt)
  checkAttemptOpen(services, attempt)
  return finish(services, exchange, { response, record })
}

function finish(services: Services, exchange: Exchange, answered: Answered): Promise<Response> {
  const { purpose } = answered.record.attempt
  switch (purpose) {
    case 'sign_in':
      return finishSignIn(services, exchange, answered)
    case 'test':
      return finishTest(services, exchange, answered)
    case 'consent':
      return finishConsent(services, exchange, answered)
    case 'sign_out':
      // A sign-out comes back with a state of its own, never with an attempt.
      throw new EntradaError('sign_in_attempt_mismatch', { purpose })
  }
}
