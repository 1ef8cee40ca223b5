/** The steps that a sign-in and the test of a connection share: the answer, the claim, the verified identity, the facts. */
import { redirectUri } from '../connections/connection-addresses.ts'
import { EntradaError } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Arrival, Arrived } from '../identity-provider/identity-provider.ts'
import { isEmailDomainProven } from '../organizations/domains.ts'
import type {
  AuthorizationAnswer,
  AuthorizationResponse,
} from '../protocol/authorization-response.ts'
import type { LinkCandidate } from '../provisioning/link-policy.ts'
import type { Services } from '../services.ts'
import { organizationRoles } from '../storage/organization-roles.ts'
import type { Connection } from '../storage/records.ts'
import type { StorageReader } from '../storage/storage.ts'
import { type Attempt, CLAIM_LIFETIME_SECONDS } from './attempt.ts'
import { findRequiredElsewhere } from './choose-connection.ts'
import type { SignInFacts } from './decide-sign-in.ts'
import type { SignIn, SignInRecord } from './sign-in-record.ts'

/** The time limit for all of the provider's answers to one sign-in together. The database comes after it; ten seconds are the most. */
export const SIGN_IN_TIME_LIMIT_MS = 5_500

/**
 * Returns the response if it answers a request to sign in.
 *
 * @throws {EntradaError} `authorization_response_invalid`
 */
export function checkAnswered(response: AuthorizationResponse): AuthorizationAnswer {
  if (response.kind === 'granted' || response.kind === 'refused') return response
  throw new EntradaError('authorization_response_invalid', { parameter: 'code' })
}

/** Claims an attempt once, whatever follows (design rule 7). @throws {EntradaError} `attempt_already_used` */
export async function claimOnce(
  services: Pick<Services, 'now' | 'storage'>,
  { attempt, step }: SignInRecord,
): Promise<void> {
  const until = new Date(services.now().getTime() + CLAIM_LIFETIME_SECONDS * 1000)
  await services.storage.claimAttempt(attempt.id, until)
  step('attempt_claimed')
}

/** Returns the identity that an answer proves, after every check of the connection's identity provider. */
export async function verifyAnswer(
  services: Pick<Services, 'deployment' | 'identityProviderFor' | 'log'>,
  { here, correlationId }: Exchange,
  {
    connection,
    attempt,
    deadline,
    ...brought
  }: Pick<Arrival, 'answer' | 'showClaims'> & {
    readonly connection: Connection
    readonly attempt: Attempt
    readonly deadline: AbortSignal
  },
): Promise<Arrived> {
  const returnAddress = redirectUri(services, here, connection)
  const arrival = { ...brought, returnAddress, correlationId }
  const arrived = await services.identityProviderFor(connection).arrive(arrival, attempt, deadline)
  const { recheckMinutes } = connection.settings
  if (recheckMinutes !== undefined && arrived.grant === undefined) {
    services.log.warn('session_recheck_without_token', {
      connectionId: connection.id,
      correlationId,
    })
  }
  return arrived
}

/** Reads the facts that the decision needs of the user, from the database or from the transaction that writes. */
export async function readFacts(
  reader: StorageReader,
  { connection, identity }: SignIn,
  now: Date,
): Promise<SignInFacts> {
  const { organizationId, policies } = connection
  const knownPerson = await reader.findPerson(identity.key, organizationId)
  const required = await findRequiredElsewhere(reader, connection, now)
  const mayLink =
    knownPerson === undefined && policies.linking === 'verified' && identity.email !== undefined
  const linkCandidates = mayLink
    ? await findLinkCandidates(reader, organizationId, identity.email ?? '')
    : []
  const emailDomainProven =
    linkCandidates.length > 0 &&
    (await isEmailDomainProven(reader, identity.email, { organizationId, now }))
  return {
    connection,
    identity,
    linkCandidates,
    emailDomainProven,
    now,
    ...(knownPerson ? { known: knownPerson } : {}),
    ...(required ? { required } : {}),
  }
}

/** Two are enough to know that there are several. */
async function findLinkCandidates(
  reader: StorageReader,
  organizationId: Connection['organizationId'],
  address: string,
): Promise<readonly LinkCandidate[]> {
  const filter = { organizationId, address, withoutRoles: organizationRoles }
  const memberships = await reader.findUnlinkedMemberships(filter, 2)
  return Promise.all(
    memberships.map(async (membership) => {
      const found = await reader.findUser(membership.userId)
      return { membership, userStatus: found?.user.status ?? 'disabled' }
    }),
  )
}
