/** The steps that a sign-in and the test of a connection share: the answer, the claim, the verified identity, the facts. */
import { redirectUri } from '../connections/connection-addresses.ts'
import { changedSinceVerified } from '../connections/verified-with.ts'
import { EntradaError, isEntradaError } from '../errors/errors.ts'
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
import type { SignInQuestion, SignInState, UnlinkedMembers } from '../storage/sign-in-state.ts'
import type { KnownPerson, Storage, StorageReader } from '../storage/storage.ts'
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
  await services.storage.claimAttempt(attempt.id, claimedUntil(services))
  step('attempt_claimed')
}

/** Claims an attempt as {@link claimOnce} does, and returns its connection. @throws {EntradaError} `attempt_already_used`, `connection_not_found` */
export async function claimWithConnection(
  services: Pick<Services, 'now' | 'storage'>,
  record: SignInRecord,
): Promise<Connection> {
  const { id, connectionId } = record.attempt
  const claim = { id, until: claimedUntil(services) }
  const { storage } = services
  record.step('attempt_opened', { purpose: record.attempt.purpose })
  try {
    record.connection = await storage.claimAttemptOf(connectionId, claim)
  } catch (error) {
    // The operators of the connection look for its refusals.
    if (isEntradaError(error) && error.code === 'attempt_already_used') {
      record.connection = await storage.findConnection(connectionId)
    }
    throw error
  }
  if (record.connection === undefined) throw new EntradaError('connection_not_found')
  record.step('attempt_claimed')
  return record.connection
}

function claimedUntil({ now }: Pick<Services, 'now'>): Date {
  return new Date(now().getTime() + CLAIM_LIFETIME_SECONDS * 1000)
}

type Verification = Pick<Arrival, 'answer' | 'showClaims'> & {
  readonly connection: Connection
  readonly attempt: Attempt
  readonly deadline: AbortSignal
}

/**
 * Verifies an answer as {@link verifyAnswer} does. If the provider refuses our credentials, and they were replaced after the connection
 * was read, the answer is verified with those that replaced them: the provider looks at the code only after the credentials.
 */
export async function verifyWithCurrent(
  services: Pick<Services, 'deployment' | 'identityProviderFor' | 'log' | 'storage'>,
  exchange: Exchange,
  verification: Verification,
): Promise<Arrived> {
  try {
    return await verifyAnswer(services, exchange, verification)
  } catch (error) {
    if (!isEntradaError(error) || error.code !== 'client_credentials_refused') throw error
    const { credentials, id } = verification.connection
    const now = await services.storage.findConnection(id)
    const isReplaced = now && JSON.stringify(now.credentials) !== JSON.stringify(credentials)
    if (!isReplaced || changedSinceVerified(verification.connection, now)) throw error
    return verifyAnswer(services, exchange, { ...verification, connection: now })
  }
}

/** Returns the identity that an answer proves, after every check of the connection's identity provider. */
export async function verifyAnswer(
  services: Pick<Services, 'deployment' | 'identityProviderFor' | 'log'>,
  { here, correlationId }: Exchange,
  { connection, attempt, deadline, ...brought }: Verification,
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

/** Reads what the database knows about a sign-in, in one look-up. @throws {EntradaError} `connection_not_found` */
export async function readState(
  storage: Pick<Storage, 'readSignIn'>,
  question: SignInQuestion,
): Promise<SignInState> {
  const state = await storage.readSignIn(question)
  if (state === undefined) throw new EntradaError('connection_not_found')
  return state
}

/** Returns the facts of the decision. Only what concerns few people is read besides: a required connection, and users to link. */
export async function factsOf(
  reader: StorageReader,
  { organization, known }: SignInState,
  { connection, identity, now }: Pick<SignIn, 'connection' | 'identity'> & { readonly now: Date },
): Promise<SignInFacts> {
  const { id, organizationId } = connection
  const required = await findRequiredElsewhere(reader, { id, organization }, now)
  const linkCandidates = mayLink({ connection, identity, known })
    ? await findLinkCandidates(reader, unlinkedMembers(organizationId, identity.email ?? ''))
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
    ...(known ? { known } : {}),
    ...(required ? { required } : {}),
  }
}

/** Returns whether users of the organization with the same email are looked up for a sign-in. */
export function mayLink({
  connection: { policies },
  identity: { email },
  known,
}: Pick<SignInFacts, 'connection' | 'identity'> & {
  readonly known: KnownPerson | undefined
}): boolean {
  return known === undefined && policies.linking === 'verified' && email !== undefined
}

/** Returns which members an identity with this address may be linked to. */
export function unlinkedMembers(
  organizationId: Connection['organizationId'],
  address: string,
): UnlinkedMembers {
  return { organizationId, address, withoutRoles: organizationRoles }
}

/** Two are enough to know that there are several. */
async function findLinkCandidates(
  reader: StorageReader,
  wanted: UnlinkedMembers,
): Promise<readonly LinkCandidate[]> {
  const memberships = await reader.findUnlinkedMemberships(wanted, 2)
  return Promise.all(
    memberships.map(async (membership) => {
      const found = await reader.findUser(membership.userId)
      return { membership, userStatus: found?.user.status ?? 'disabled' }
    }),
  )
}
