import type { Exchange } from '../http/exchange.ts'
import { newId } from '../keys/ids.ts'
import type { Services } from '../services.ts'
import type { SignInRecord } from '../sign-in/sign-in-record.ts'
import type { SignInTrace } from '../storage/records.ts'

/** Returns the stored form of the steps of an attempt. */
export function signInTrace(
  services: Pick<Services, 'now' | 'randomBytes'>,
  { correlationId }: Pick<Exchange, 'correlationId'>,
  {
    attempt,
    connection,
    userId,
    person,
    steps,
  }: Pick<SignInRecord, 'attempt' | 'connection' | 'userId' | 'person' | 'steps'>,
  result: Pick<SignInTrace, 'outcome' | 'code'>,
): SignInTrace {
  return {
    id: newId(services, 'trc'),
    at: services.now(),
    attemptId: attempt.id,
    correlationId,
    ...(connection
      ? { connectionId: connection.id, organizationId: connection.organizationId }
      : {}),
    ...(userId ? { userId } : {}),
    ...(person ? { person } : {}),
    steps,
    ...result,
  }
}
