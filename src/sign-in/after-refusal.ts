import { type EntradaError, errorEntry } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Services } from '../services.ts'
import { dropAttemptCookie } from './attempt.ts'
import { claimsChallengeCookie } from './claims-challenge.ts'
import { selectAccountCookie } from './select-account.ts'

/** Returns the cookies after a refusal, so that starting again does not lead to the same refusal. */
export function cookiesAfterRefusal(
  services: Pick<Services, 'deployment' | 'keyRing'>,
  { here, signIn }: Exchange,
  error: EntradaError,
): string[] {
  const { record } = signIn
  const selectsAccount = errorEntry(error.code).startAgain === 'other_account'
  return [
    ...(record ? [dropAttemptCookie(services, here, record.attempt)] : []),
    ...(selectsAccount ? [selectAccountCookie(services, here)] : []),
    ...claimsChallengeCookie(services, here, error),
  ]
}
