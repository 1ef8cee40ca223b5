/**
 * The sign-in of a user.
 *
 *   startSignIn    → choose-connection, return-to, sign-in-rounds, begin-attempt → Entra
 *   finishSignIn   → from callback.ts: claim the attempt, redeem the code → completeSignIn
 *   completeSignIn → decide, ask the application, provision, open the session, audit → back to the requested page
 *
 * Every sign-in ends in completeSignIn; a session is created nowhere else, except for the operator's token (operator-sign-in.ts).
 */
import { recordSignIn } from '../audit/record-sign-in.ts'
import { tracedPerson } from '../audit/traced-person.ts'
import { withKnownTenant } from '../connections/environment-connection.ts'
import { changedSinceVerified } from '../connections/verified-with.ts'
import { EntradaError } from '../errors/errors.ts'
import { withCookies } from '../http/cookies.ts'
import type { Exchange } from '../http/exchange.ts'
import { single } from '../http/form.ts'
import { redirect } from '../http/responses.ts'
import type { GroupsClaim, VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import { shownKey } from '../identity-provider/person-key.ts'
import { provisionUser } from '../provisioning/provision-user.ts'
import type { Services } from '../services.ts'
import { endSurplusSessions, replaceSession } from '../session/end-sessions.ts'
import { newSession, sessionCookies } from '../session/session.ts'
import { keepGrant } from '../session/session-grant.ts'
import type { Connection } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import { askApplication } from './ask-application.ts'
import { dropAttemptCookie } from './attempt.ts'
import { beginAttempt, requestedAccount } from './begin-attempt.ts'
import {
  checkCallbackAddress,
  checkConnectionOn,
  getConnection,
  getDefaultConnection,
} from './choose-connection.ts'
import { dropClaimsChallengeCookie } from './claims-challenge.ts'
import { decideSignIn, type SignInDecision } from './decide-sign-in.ts'
import { findBySlug } from './find-connection.ts'
import { choicePage } from './find-page.ts'
import { lastConnectionCookies } from './last-connection.ts'
import { startAddress } from './login-page.ts'
import { personOfSignIn } from './person-of-sign-in.ts'
import { parseReturnTo } from './return-to.ts'
import { dropSelectAccountCookie, mustSelectAccount } from './select-account.ts'
import type { Answered, SignIn, SignInRecord } from './sign-in-record.ts'
import { countRound } from './sign-in-rounds.ts'
import {
  checkAnswered,
  claimOnce,
  readFacts,
  SIGN_IN_TIME_LIMIT_MS,
  verifyAnswer,
} from './verify-answer.ts'

/** Answers GET /auth/entra/login with the default connection. */
export async function startSignIn(services: Services, exchange: Exchange): Promise<Response> {
  const connection = await getDefaultConnection(services)
  return startWith(services, exchange, { connection, ...askedOfStart(services, exchange) })
}

/** Answers GET /enterprise-login/SLUG with a customer's connection, or with one of an organization's. */
export async function startSignInAt(services: Services, exchange: Exchange): Promise<Response> {
  const { slug = '' } = exchange.params
  const asked = askedOfStart(services, exchange)
  const connection = await services.storage.findConnectionBySlug(slug)
  if (connection !== undefined) return startWith(services, exchange, { connection, ...asked })
  const found = await findBySlug(services, slug)
  if (found.kind === 'none') throw new EntradaError('connection_not_found')
  if (found.kind === 'several') return choicePage(services, found.connections, asked)
  return startWith(services, exchange, { connection: found.connection, ...asked })
}

export type Start = {
  readonly connection: Connection
  /** The address has been checked. */
  readonly returnTo: string
  readonly loginHint?: string | undefined
  readonly selectAccount?: boolean
}

/** Sends the browser to Entra, or first to the host whose redirect URI the customer has registered, if that is another one. */
export async function startWith(
  services: Services,
  exchange: Exchange,
  { connection, returnTo, loginHint, selectAccount = false }: Start,
): Promise<Response> {
  exchange.signIn.connection = connection
  checkConnectionOn(connection)
  const { here, request, url } = exchange
  const elsewhere = registeredOrigin(services, here, connection)
  if (elsewhere !== undefined) {
    // Values of a form stay out of addresses, also on the way to another host of ours.
    const start = startAddress(services, returnTo, { connection, selectAccount })
    return redirect(elsewhere + (request.method === 'POST' ? start : url.pathname + url.search))
  }
  const isAsked = selectAccount || mustSelectAccount(services, exchange)
  const rounds = isAsked ? [] : await countRound(services, exchange)
  const purpose = 'sign_in'
  const attempt = { connection, purpose, returnTo, loginHint, selectAccount } as const
  return withCookies(await beginAttempt(services, exchange, attempt), rounds)
}

/** Reads the parameters that the address of a start may have. */
function askedOfStart(
  services: Pick<Services, 'deployment'>,
  exchange: Exchange,
): Omit<Start, 'connection'> {
  const asked = single(exchange.url.searchParams, 'return_to')
  const returnTo = parseReturnTo(asked, exchange.here, services.deployment)
  return { returnTo, ...requestedAccount(exchange) }
}

/** The attempt's cookie belongs to one host, so the sign-in has to start where it returns. */
function registeredOrigin(
  { deployment }: Pick<Services, 'deployment'>,
  here: URL,
  { settings }: Connection,
): string | undefined {
  const { redirectOrigin } = settings
  const isOurs = deployment.publicUrls.some(({ origin }) => origin === redirectOrigin)
  return isOurs && redirectOrigin !== here.origin ? redirectOrigin : undefined
}

/** Finishes a sign-in whose attempt was opened. Everything that costs nothing is checked before the network is used. */
export async function finishSignIn(
  services: Services,
  exchange: Exchange,
  { response, record }: Answered,
): Promise<Response> {
  const { attempt } = record
  const answer = checkAnswered(response)
  const deadline = AbortSignal.timeout(SIGN_IN_TIME_LIMIT_MS)
  const opened = await openConnection(services, exchange, record)
  const connection = await withKnownTenant(services, opened, deadline)

  await claimOnce(services, record)
  const { tracing } = services
  const arrived = await tracing.span('sign_in redeem', {}, () =>
    verifyAnswer(services, exchange, { connection, attempt, answer, deadline }),
  )
  record.person = tracedPerson(services, arrived.identity)
  record.step('identity_verified', evidenceOf(arrived.identity))

  return completeSignIn(services, exchange, { connection, ...arrived, record })
}

/** Decides, stores and creates the session; or throws, and stores nothing. */
export async function completeSignIn(
  services: Services,
  exchange: Exchange,
  signIn: SignIn,
): Promise<Response> {
  const { connection, identity, record } = signIn
  const decision = await services.tracing.span('sign_in decide', {}, async () => {
    const facts = await readFacts(services.storage, signIn, services.now())
    const decided = allowed(decideSignIn(facts), record)
    await askApplication(services, { connection, identity, decision: decided })
    return decided
  })
  record.step('decided', {
    person: personHere(decision),
    roles: decision.roles,
    groups: decision.groups.kind === 'known' ? decision.groups.source : decision.groups.reason,
  })

  const opened = await services.storage.atomically(async (transaction) => {
    // The decision is repeated with the current state: connection, user or organization may have changed during the requests to the
    // provider.
    const signInNow = { ...signIn, connection: await readAgain(transaction, signIn) }
    const facts = await readFacts(transaction, signInNow, services.now())
    const decisionNow = allowed(decideSignIn(facts), record)
    const { known } = facts
    const user = await provisionUser({
      services,
      transaction,
      source: { kind: 'sign_in', connection: signInNow.connection, exchange },
      person: personOfSignIn(identity, decisionNow),
      user: decisionNow.person,
      known,
    })
    await replaceSession(services, exchange, transaction)
    const session = newSession(services, exchange, sessionOf(signInNow, user))
    await transaction.createSession(session.session)
    await keepGrant(services, transaction, { ...signInNow, session: session.session })
    await recordSignIn(services, exchange, {
      transaction,
      signIn: signInNow,
      user,
      session: session.session,
    })
    return session
  })
  await endSurplusSessions(services, exchange, opened.session)
  services.metrics.count('entrada_sign_ins_total', { outcome: 'signed_in', code: '' })
  services.signInNotes.note({ connectionId: connection.id, outcome: 'signed_in' })
  services.log.info('signed_in', {
    correlationId: exchange.correlationId,
    userId: opened.session.userId,
    sessionId: opened.session.id,
    connectionId: connection.id,
    person: decision.person.kind,
    roles: decision.roles.map(({ role }) => role),
    ip: exchange.client.ip,
  })
  return withCookies(redirect(record.attempt.returnTo), [
    ...sessionCookies(services, exchange.here, opened),
    dropAttemptCookie(services, exchange.here, record.attempt),
    ...dropSelectAccountCookie(services, exchange),
    ...dropClaimsChallengeCookie(services, exchange),
    ...lastConnectionCookies(services, exchange, connection),
  ])
}

/** Opens the attempt's own connection, at its own address. */
async function openConnection(
  services: Pick<Services, 'deployment' | 'storage'>,
  exchange: Exchange,
  record: SignInRecord,
): Promise<Connection> {
  const { connectionId, purpose } = record.attempt
  const connection = await getConnection(services, connectionId)
  record.connection = connection
  record.step('attempt_opened', { purpose })
  checkCallbackAddress(services, exchange, connection)
  checkConnectionOn(connection)
  return connection
}

/**
 * Reads the connection again inside the transaction (design rule 5a). Its policies, rules, tenants and status are decided on again.
 * The answer was verified with some of its fields, such as the application, so if one of them has changed, another sign-in is needed.
 *
 * @throws {EntradaError} `connection_not_found`, `connection_changed`
 */
async function readAgain(
  transaction: StorageTransaction,
  { connection, asTested = (one) => one }: SignIn,
): Promise<Connection> {
  const now = await transaction.findConnection(connection.id)
  if (now === undefined) throw new EntradaError('connection_not_found')
  const member = changedSinceVerified(connection, now)
  if (member !== undefined) throw new EntradaError('connection_changed', { member })
  return asTested(now)
}

function allowed(
  decision: SignInDecision,
  record: SignInRecord,
): Extract<SignInDecision, { kind: 'allowed' }> {
  if (decision.kind === 'refused') throw new EntradaError(decision.code, decision.detail)
  if (decision.person.kind === 'known') record.userId = decision.person.userId
  return decision
}

function sessionOf(
  { connection, identity }: SignIn,
  { userId, identityId }: Awaited<ReturnType<typeof provisionUser>>,
) {
  const { providerSession, loginHint, notAfter } = identity
  return {
    kind: 'user',
    userId,
    ...(identityId ? { identityId } : {}),
    organizationId: connection.organizationId,
    connectionId: connection.id,
    ...(providerSession ? { entraSid: providerSession } : {}),
    ...(loginHint ? { loginHint } : {}),
    ...(notAfter ? { notAfter } : {}),
  } as const
}

/** Returns what the trace keeps of the answer: ids and names of claims, no token and no text about the user. */
function evidenceOf({ key, guest, groups, appRoles, claimNames }: VerifiedIdentity) {
  return { ...shownKey(key), guest, ...groupsEvidence(groups), appRoles, claimNames }
}

function groupsEvidence(groups: GroupsClaim) {
  if (groups.kind === 'known') {
    const from = groups.from ? { groupsFrom: groups.from } : {}
    return { groups: 'known', ...from, groupCount: groups.ids.length }
  }
  const { kind, ...evidence } = groups
  return { groups: kind, ...evidence }
}

/** Returns whether the person is known to this organization; it does not reveal that another one knows them (design rule 19). */
function personHere({ person }: Extract<SignInDecision, { kind: 'allowed' }>): string {
  return person.kind === 'known' && person.membership === undefined ? 'new' : person.kind
}
