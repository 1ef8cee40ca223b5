/**
 * The sign-in of a user.
 *
 *   startSignIn    → choose-connection, return-to, sign-in-rounds, begin-attempt → Entra
 *   finishSignIn   → from callback.ts: claim the attempt, redeem the code → completeSignIn
 *   completeSignIn → read, decide, ask the application, then write user, session and audit as one plan → back to the requested page
 *
 * Every sign-in ends in completeSignIn; a session is created nowhere else, except for the operator's token (operator-sign-in.ts).
 */
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
import type { Services } from '../services.ts'
import { endSurplusSessions } from '../session/end-sessions.ts'
import { type NewSession, presentedTokenHashes, sessionCookies } from '../session/session.ts'
import type { Connection, Organization } from '../storage/records.ts'
import type { SignInQuestion, SignInState } from '../storage/sign-in-state.ts'
import { askApplication } from './ask-application.ts'
import { checkReturnPath, dropAttemptCookie } from './attempt.ts'
import { beginAttempt, requestedAccount } from './begin-attempt.ts'
import { checkCallbackAddress, checkConnectionOn, getDefaultStart } from './choose-connection.ts'
import { dropClaimsChallengeCookie } from './claims-challenge.ts'
import { type AllowedSignIn, decideSignIn, type SignInDecision } from './decide-sign-in.ts'
import { findBySlug } from './find-connection.ts'
import { choicePage } from './find-page.ts'
import { lastConnectionCookies } from './last-connection.ts'
import { startAddress } from './login-page.ts'
import { planSignIn } from './plan-sign-in.ts'
import { parseReturnTo } from './return-to.ts'
import { dropSelectAccountCookie, mustSelectAccount } from './select-account.ts'
import type { Answered, SignIn, SignInRecord } from './sign-in-record.ts'
import { countRound } from './sign-in-rounds.ts'
import {
  checkAnswered,
  claimWithConnection,
  factsOf,
  readState,
  SIGN_IN_TIME_LIMIT_MS,
  verifyWithCurrent,
} from './verify-answer.ts'

/** Answers GET /auth/entra/login with the default connection. */
export async function startSignIn(services: Services, exchange: Exchange): Promise<Response> {
  const start = await getDefaultStart(services)
  return startWith(services, exchange, { ...start, ...readStart(services, exchange) })
}

/** Answers GET /enterprise-login/SLUG with a customer's connection, or with one of an organization's. */
export async function startSignInAt(services: Services, exchange: Exchange): Promise<Response> {
  const { slug = '' } = exchange.params
  const requested = readStart(services, exchange)
  const start = await services.storage.findStartBySlug(slug)
  if (start !== undefined) return startWith(services, exchange, { ...start, ...requested })
  const found = await findBySlug(services, slug)
  if (found.kind === 'none') throw new EntradaError('connection_not_found')
  if (found.kind === 'several') return choicePage(services, found.connections, requested)
  return startWith(services, exchange, { connection: found.connection, ...requested })
}

export type Start = {
  readonly connection: Connection
  readonly organization?: Organization | undefined
  /** The address has been checked. */
  readonly returnTo: string
  readonly loginHint?: string | undefined
  readonly selectAccount?: boolean
}

/** Sends the browser to Entra, or first to the host whose redirect URI the customer has registered, if that is another one. */
export async function startWith(
  services: Services,
  exchange: Exchange,
  { connection, organization, returnTo, loginHint, selectAccount = false }: Start,
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
  const attempt = {
    connection,
    organization,
    purpose,
    returnTo,
    loginHint,
    selectAccount,
  } as const
  return withCookies(await beginAttempt(services, exchange, attempt), rounds)
}

/** Reads the parameters that the address of a start may have. */
function readStart(
  services: Pick<Services, 'deployment'>,
  exchange: Exchange,
): Omit<Start, 'connection' | 'organization'> {
  const sentReturnTo = single(exchange.url.searchParams, 'return_to')
  const returnTo = parseReturnTo(sentReturnTo, exchange.here, services.deployment)
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

/** Finishes a sign-in whose attempt was opened. Everything that costs nothing is checked before the database and the network are used. */
export async function finishSignIn(
  services: Services,
  exchange: Exchange,
  { response, record }: Answered,
): Promise<Response> {
  const { attempt } = record
  const answer = checkAnswered(response)
  const deadline = AbortSignal.timeout(SIGN_IN_TIME_LIMIT_MS)
  checkReturnPath(exchange, attempt)
  const claimed = await claimWithConnection(services, record)
  checkCallbackAddress(services, exchange, claimed)
  checkConnectionOn(claimed)
  const connection = await withKnownTenant(services, claimed, deadline)

  const { tracing } = services
  const arrived = await tracing.span('sign_in redeem', {}, () =>
    verifyWithCurrent(services, exchange, { connection, attempt, answer, deadline }),
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
  const { connection, record } = signIn
  const { decision, opened, state } = await decideAndWrite(services, exchange, signIn)
  if (state.hasManySessions) await endSurplusSessions(services, exchange, opened.session)
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

/**
 * A plan that no longer holds is decided again this often. More than two rounds are needed only if many new people with one username sign in at the
 * same time; from the fifth on `chooseUsername` makes the name unique with a part of the id.
 */
const MOST_ROUNDS = 8

type Completed = {
  readonly decision: AllowedSignIn
  readonly opened: NewSession
  readonly state: SignInState
}

/**
 * Reads, decides, and writes; and begins again if something that the decision relies on changed before it was written. No transaction is
 * open while the application is asked. It is asked again only if the decision is another one.
 */
async function decideAndWrite(
  services: Services,
  exchange: Exchange,
  signIn: SignIn,
): Promise<Completed> {
  const { connection, identity, record } = signIn
  const question: SignInQuestion = {
    connectionId: connection.id,
    person: identity.key,
    presentedTokenHashes: presentedTokenHashes(services, exchange),
  }
  let decided: AllowedSignIn | undefined
  let mark: string | undefined
  let usernameRound = 0
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    const { state, facts, decision } = await services.tracing.span('sign_in decide', {}, () =>
      decide(services, { signIn, question, decided }),
    )
    decided = decision
    // If nothing changed that was decided on, a new user's name was taken.
    if (state.mark !== mark) usernameRound = 1
    else usernameRound += 1
    mark = state.mark
    const { plan, opened } = await planSignIn(services, exchange, {
      signIn: { ...signIn, connection: facts.connection },
      question,
      state,
      facts,
      decision,
      usernameRound,
    })
    if ((await services.storage.writePlan(plan)) === 'written') return { decision, opened, state }
    record.step('read_again')
  }
  throw new EntradaError('storage_unavailable', { reason: 'collisions', rounds: MOST_ROUNDS })
}

/** Decides with what the database knows now, and asks the application unless it was asked about this decision before. */
async function decide(
  services: Services,
  {
    signIn,
    question,
    decided,
  }: {
    readonly signIn: SignIn
    readonly question: SignInQuestion
    readonly decided: AllowedSignIn | undefined
  },
) {
  const { identity, record } = signIn
  const state = await readState(services.storage, question)
  const connection = currentConnection(signIn, state)
  const now = services.now()
  const facts = await factsOf(services.storage, state, { connection, identity, now })
  const decision = allowed(decideSignIn(facts), record)
  if (isSame(decision, decided)) return { state, facts, decision }
  await askApplication(services, { connection, identity, decision })
  record.step('decided', {
    person: personHere(decision),
    roles: decision.roles,
    groups: decision.groups.kind === 'known' ? decision.groups.source : decision.groups.reason,
  })
  return { state, facts, decision }
}

function isSame(decision: AllowedSignIn, earlier: AllowedSignIn | undefined): boolean {
  return earlier !== undefined && JSON.stringify(decision) === JSON.stringify(earlier)
}

/**
 * Returns the connection as it is now (design rule 5a): its policies, rules, tenants and status are decided on. The answer was verified
 * with some of its fields, such as the application, so if one of them has changed, another sign-in is needed.
 *
 * @throws {EntradaError} `connection_changed`
 */
function currentConnection(
  { connection, asTested = (stored) => stored }: SignIn,
  { connection: now }: SignInState,
): Connection {
  const member = changedSinceVerified(connection, now)
  if (member !== undefined) throw new EntradaError('connection_changed', { member })
  return asTested(now)
}

function allowed(decision: SignInDecision, record: SignInRecord): AllowedSignIn {
  if (decision.kind === 'refused') throw new EntradaError(decision.code, decision.detail)
  if (decision.person.kind === 'known') record.userId = decision.person.userId
  return decision
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
function personHere({ person }: AllowedSignIn): string {
  return person.kind === 'known' && person.membership === undefined ? 'new' : person.kind
}
