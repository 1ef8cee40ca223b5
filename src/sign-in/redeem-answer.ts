/** The parts that a sign-in and the test of a connection share: what came back, the claim, the code for an identity, the facts. */

import { redirectUri } from '../connections/connection-addresses.ts'
import { EntradaError } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { parseEntraError } from '../identity-provider/entra/protocol/explain-entra-error.ts'
import type { Redeemed, RedeemRequest } from '../identity-provider/identity-provider.ts'
import { isEmailDomainProven } from '../organizations/domains.ts'
import type { AuthorizationResponse } from '../protocol/authorization-response.ts'
import type { LinkCandidate } from '../provisioning/link-policy.ts'
import type { Services } from '../services.ts'
import { organizationRoles } from '../storage/organization-roles.ts'
import type { Connection } from '../storage/records.ts'
import type { StorageReader } from '../storage/storage.ts'
import { type Attempt, CLAIM_LIFETIME_SECONDS } from './attempt.ts'
import { findRequiredElsewhere } from './choose-connection.ts'
import type { SignInFacts } from './decide-sign-in.ts'
import type { SignIn, SignInRecord } from './sign-in-record.ts'

/** For all of Entra's answers to one sign-in together; the database comes after it, and ten seconds are the most. */
export const SIGN_IN_TIME_LIMIT_MS = 5_500

/** A response without code or error belongs to no sign-in; a refusal has no code. */
export function grantedCode(response: AuthorizationResponse): string {
  if (response.kind === 'granted') return response.code
  if (response.kind === 'refused') return ''
  throw new EntradaError('authorization_response_invalid', { parameter: 'code' })
}

/** By `error` alone (design rule 16). @see RFC 6749 §4.1.2.1 */
export function refusalOf(
  response: Extract<AuthorizationResponse, { kind: 'refused' }>,
): EntradaError {
  const entra = parseEntraError({
    error: response.error,
    error_description: response.description,
    error_codes: response.errorCodes,
  })
  const detail = { endpoint: 'authorize', entra }
  if (['temporarily_unavailable', 'server_error'].includes(response.error)) {
    return new EntradaError('provider_unreachable', detail)
  }
  return new EntradaError('authorization_refused', detail)
}

/** Once, whatever follows (design rule 7). @throws {EntradaError} `attempt_already_used` */
export async function claimOnce(
  services: Services,
  { attempt, step }: SignInRecord,
): Promise<void> {
  const until = new Date(services.now().getTime() + CLAIM_LIFETIME_SECONDS * 1000)
  await services.storage.claimAttempt(attempt.id, until)
  step('attempt_claimed')
}

export async function redeem(
  services: Services,
  { here, correlationId }: Exchange,
  {
    connection,
    attempt,
    code,
    deadline,
    showClaims,
  }: {
    readonly connection: Connection
    readonly attempt: Attempt
    readonly code: string
    readonly deadline: AbortSignal
    readonly showClaims?: RedeemRequest['showClaims']
  },
): Promise<Redeemed> {
  const { nonce, codeVerifier } = attempt
  const redeemed = await services.identityProviderFor(connection).redeem({
    code,
    nonce,
    codeVerifier,
    correlationId,
    redirectUri: redirectUri(services, here, connection),
    deadline,
    ...(showClaims ? { showClaims } : {}),
  })
  const { recheckMinutes } = connection.settings
  if (recheckMinutes !== undefined && redeemed.refreshToken === undefined) {
    services.log.warn('session_recheck_without_token', {
      connectionId: connection.id,
      correlationId,
    })
  }
  return redeemed
}

/** What the decision needs to know of the person, read from one place. */
export async function readFacts(
  reader: StorageReader,
  { connection, identity }: SignIn,
  now: Date,
): Promise<SignInFacts> {
  const { organizationId, policies } = connection
  const known = await reader.findPerson(identity.key, organizationId)
  const required = await findRequiredElsewhere(reader, connection, now)
  const mayLink =
    known === undefined && policies.linking === 'verified' && identity.email !== undefined
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
    ...(known ? { known } : {}),
    ...(required ? { required } : {}),
  }
}

/** Two are enough to know that there are several. */
async function findLinkCandidates(
  reader: StorageReader,
  organizationId: Connection['organizationId'],
  address: string,
): Promise<readonly LinkCandidate[]> {
  const wanted = { organizationId, address, withoutRoles: organizationRoles }
  const memberships = await reader.findUnlinkedMemberships(wanted, 2)
  return Promise.all(
    memberships.map(async (membership) => {
      const found = await reader.findUser(membership.userId)
      return { membership, userStatus: found?.user.status ?? 'disabled' }
    }),
  )
}
