import { audit, type ChangeServices } from '../audit/audit.ts'
import { type ConnectionStart, startOf } from '../connections/connection-addresses.ts'
import type { Site } from '../deployment.ts'
import { EntradaError } from '../errors/errors.ts'
import { cookieName, dropCookie, onlyCookie, setCookie, siteCookieName } from '../http/cookies.ts'
import type { Exchange } from '../http/exchange.ts'
import { isUnder, siteOf } from '../http/site.ts'
import { newId } from '../keys/ids.ts'
import { requiredConnectionId } from '../organizations/sso-requirement.ts'
import type { Services } from '../services.ts'
import type { Session, SessionView } from '../storage/records.ts'
import type { RememberedEnd } from '../storage/session-grants.ts'
import type { StorageReader, StorageTransaction } from '../storage/storage.ts'

const SEEN_INTERVAL_MS = 60_000
const OPERATOR_SESSION_SECONDS = 3600

export type NewSession = {
  readonly session: Session
  /** The value of the host's own cookie; only a hash of it is stored. */
  readonly sessionToken: string
}

type SessionOf =
  | { readonly kind: 'operator'; readonly operatorTokenHash: string }
  | ({ readonly kind: 'user' } & Partial<
      Pick<
        Session,
        'userId' | 'organizationId' | 'connectionId' | 'identityId' | 'entraSid' | 'loginHint'
      >
    > & {
        /** The identity provider's own limit of the session. */
        readonly notAfter?: Date
      })

/** Creates a session with a new id and a new token of 256 bits. It takes nothing over from an earlier session. */
export function newSession(services: Services, exchange: Exchange, of: SessionOf): NewSession {
  const sessionToken = Buffer.from(services.randomBytes(32)).toString('base64url')
  const createdAt = services.now()
  const maxSeconds =
    of.kind === 'operator' ? OPERATOR_SESSION_SECONDS : services.deployment.session.maxSeconds
  const longest = secondsAfter(createdAt, maxSeconds)
  const { notAfter = longest, ...owner } = of.kind === 'operator' ? { kind: of.kind } : of
  const absoluteEndsAt = notAfter < longest ? notAfter : longest
  const session: Session = {
    ...owner,
    id: newId(services, 'ses'),
    tokenHash:
      of.kind === 'operator'
        ? hashOfOperator(of.operatorTokenHash)(services, sessionToken)
        : storedTokenHash(services, exchange.here, sessionToken),
    host: exchange.here.host,
    ...exchange.client,
    createdAt,
    lastSeenAt: createdAt,
    idleEndsAt: idleEnd(services, createdAt, absoluteEndsAt),
    absoluteEndsAt,
  }
  return { session, sessionToken }
}

/**
 * Finds the live session of this request in one look-up; returns `undefined` when there is none.
 *
 * @throws {EntradaError} `storage_unavailable`, because a failed look-up must not count as no session
 */
export async function findSession(
  services: Services,
  exchange: Pick<Exchange, 'cookies' | 'here' | 'noSession'>,
): Promise<SessionView | undefined> {
  const { cookies, here, noSession } = exchange
  if (noSession) return undefined
  return findByToken(services, cookies.get(sessionCookieName(services, here)), here)
}

/**
 * Finds the live session by the `Cookie` header as it came. If the cookie occurs twice, neither value counts.
 *
 * @throws {EntradaError} `storage_unavailable`
 */
export function findSessionByHeader(
  services: Services,
  cookieHeader: string,
  here: URL,
): Promise<SessionView | undefined> {
  const name = sessionCookieName(services, here)
  return findByToken(services, onlyCookie(cookieHeader, name), here)
}

/**
 * Finds the live session of a request to an application on another host of the site, by the cookie that all of its hosts receive.
 * If the cookie occurs twice, another host under the domain has set one of them, and Entrada cannot know which: that is no session.
 *
 * @throws {EntradaError} `storage_unavailable`
 */
export async function findSiteSession(
  services: Services,
  cookieHeader: string,
  { site, here }: { readonly site: Site; readonly here: URL },
): Promise<SessionView | undefined> {
  const siteToken = onlyCookie(cookieHeader, siteSessionCookieName(services, site, here))
  if (!isToken(siteToken)) return undefined
  return findLive(
    services,
    siteTokenHash(services, siteToken),
    ({ kind, host }) => kind === 'user' && isUnder(site.cookieDomain, host),
  )
}

/** The cookie is bound to the host: a token that is sent to another host of ours is not a session there. */
async function findByToken(
  services: Services,
  sessionToken: string | undefined,
  here: URL,
): Promise<SessionView | undefined> {
  if (!isToken(sessionToken)) return undefined
  for (const hash of allHashesAt(services, here)) {
    const found = await findLive(
      services,
      hash(services, sessionToken),
      ({ host }) => host === here.host,
    )
    if (found !== undefined) return found
  }
  return undefined
}

async function findLive(
  services: Services,
  tokenHash: string,
  isAt: (session: Session) => boolean,
): Promise<SessionView | undefined> {
  const now = services.now()
  const view = await services.storage.findSession(tokenHash, now)
  if (view === undefined || !isAt(view.session)) return undefined
  if (isClosed(view, now)) {
    await endClosed(services, view)
    return undefined
  }
  await rememberSeen(services, view.session, now)
  return withOwnGroups(view)
}

/**
 * Groups that were last stored by another connection of the organization are unknown to this session. Unknown is never the same as
 * none.
 */
function withOwnGroups(view: SessionView): SessionView {
  const { groups, session } = view
  if (groups?.connectionId === undefined || groups.connectionId === session.connectionId)
    return view
  return { ...view, groups: { ...groups, groups: [], appRoles: [], complete: false } }
}

/**
 * The session came through a connection that the organization no longer allows: it started before single sign-on was required, or
 * by a bypass.
 */
function isClosed({ session, organization }: SessionView, now: Date): boolean {
  const required = requiredConnectionId(organization, now)
  return session.kind === 'user' && required !== undefined && required !== session.connectionId
}

async function endClosed(
  services: ChangeServices,
  { session, organization }: SessionView,
): Promise<void> {
  const { id: sessionId, tokenHash, userId, organizationId, absoluteEndsAt: until } = session
  const connectionId = organization?.settings.ssoRequired?.connectionId
  const end = async (transaction: StorageTransaction) => {
    if ((await transaction.endSession(sessionId)) === undefined) return
    const end = { tokenHash, reason: 'sso_session_ended', until } as const
    await transaction.rememberSessionEnd({ ...end, ...(connectionId ? { connectionId } : {}) })
    const event = { type: 'session.ended', detail: { reason: 'sso_required' } } as const
    const ended = { userId, organizationId, connectionId: session.connectionId, sessionId }
    await audit(services, transaction, { caller: { actor: { kind: 'system' } }, event, ...ended })
  }
  await services.storage.atomically(end, { scope: 'nothing' })
}

/** Checks that the session has not ended since it was looked up. @throws {EntradaError} `sign_in_required` */
export async function checkSessionThere(
  reader: Pick<StorageReader, 'findSessionById'>,
  { id }: Pick<Session, 'id'>,
): Promise<void> {
  if ((await reader.findSessionById(id)) === undefined) throw new EntradaError('sign_in_required')
}

/**
 * Returns the live session of this request.
 *
 * @throws {EntradaError} `sign_in_required`, `sign_in_again`, `access_changed`, `sso_session_ended`
 */
export async function getSession(services: Services, exchange: Exchange): Promise<SessionView> {
  const view = await findSession(services, exchange)
  if (view !== undefined) return view
  const { code, startAt } = await whySignIn(services, exchange)
  throw new EntradaError(code, startAt ? { startAt } : {})
}

export type SignInReason = {
  readonly code: 'sign_in_required' | RememberedEnd['reason']
  /** The connection to sign in with again. */
  readonly startAt?: ConnectionStart
}

/**
 * Returns why there is no session. If this browser's last session was ended, the reason is given for as long as the session would
 * have lasted.
 */
export async function whySignIn(
  services: Services,
  exchange: Pick<Exchange, 'cookies' | 'here'>,
): Promise<SignInReason> {
  const end = await findEnd(services, presentedTokenHashes(services, exchange))
  if (end === undefined) return { code: 'sign_in_required' }
  const { reason: code, connectionId } = end
  const connection = connectionId ? await services.storage.findConnection(connectionId) : undefined
  if (connection?.status !== 'on') return { code }
  return { code, startAt: startOf(connection) }
}

async function findEnd(
  { storage, now }: Pick<Services, 'now' | 'storage'>,
  tokenHashes: readonly string[],
) {
  for (const tokenHash of tokenHashes) {
    const end = await storage.findSessionEnd(tokenHash, now())
    if (end !== undefined) return end
  }
  return undefined
}

/** Returns the hash of a session token that the database stores: on a site with other hosts it is another one than without. */
export function storedTokenHash(services: Services, here: URL, sessionToken: string): string {
  const [kept] = hashesAt(services, here)
  return kept(services, sessionToken)
}

/**
 * Returns every hash under which the session token in the request's cookie may be stored, whether it is live or not. All forms are
 * included, so that sessions survive an upgrade, and the day on which applications on other hosts are added or removed.
 */
export function presentedTokenHashes(
  services: Services,
  { cookies, here }: Pick<Exchange, 'cookies' | 'here'>,
): readonly string[] {
  const sessionToken = cookies.get(sessionCookieName(services, here))
  if (!isToken(sessionToken)) return []
  return allHashesAt(services, here).map((hash) => hash(services, sessionToken))
}

type Hash = (services: Services, sessionToken: string) => string

const hashAlone: Hash = ({ sha256 }, sessionToken) => sha256(sessionToken)
const hashOnSite: Hash = (services, sessionToken) =>
  siteTokenHash(services, siteTokenOf(services, sessionToken))

/** An operator's session is found only while the operator token that opened it is still configured. */
const hashOfOperator =
  (operatorTokenHash: string): Hash =>
  ({ sha256 }, sessionToken) =>
    sha256(`operator ${operatorTokenHash} ${sessionToken}`)

function allHashesAt(services: Pick<Services, 'deployment'>, here: URL): readonly Hash[] {
  const ofOperators = services.deployment.operatorTokenHashes.map(hashOfOperator)
  return [...hashesAt(services, here), ...ofOperators]
}

/** The form that is stored now comes first, so that a live session takes one look-up. */
function hashesAt(services: Pick<Services, 'deployment'>, here: URL): readonly [Hash, Hash] {
  return siteOf(services, here) === undefined ? [hashAlone, hashOnSite] : [hashOnSite, hashAlone]
}

/**
 * Returns the `Set-Cookie` lines of a new session: the host's own cookie and, for a user, the one for applications on the site's
 * other hosts.
 */
export function sessionCookies(
  services: Pick<Services, 'deployment' | 'now' | 'sha256'>,
  here: URL,
  { session, sessionToken }: NewSession,
): string[] {
  const maxAgeSeconds = secondsLeft(session, session.createdAt)
  return [
    setCookie(sessionCookieName(services, here), sessionToken, { here, maxAgeSeconds }),
    ...siteSessionCookies(services, here, { session, sessionToken }),
  ]
}

/**
 * Returns the cookie for the site's other hosts again for a user who is signed in here, because another host may have changed or
 * removed it. Returns none if it would open nothing, because the session is older than the applications on other hosts.
 */
export function siteSessionCookiesAgain(
  services: Services,
  { cookies, here }: Pick<Exchange, 'cookies' | 'here'>,
  { session }: SessionView,
): string[] {
  const sessionToken = cookies.get(sessionCookieName(services, here))
  const isKnownThere =
    isToken(sessionToken) && session.tokenHash === hashOnSite(services, sessionToken)
  return isKnownThere ? siteSessionCookies(services, here, { session, sessionToken }) : []
}

/** Returns the `Set-Cookie` lines that remove the cookies of a session. */
export function dropSessionCookies(services: Pick<Services, 'deployment'>, here: URL): string[] {
  const site = siteOf(services, here)
  const hostCookie = dropCookie(sessionCookieName(services, here), here)
  if (site === undefined) return [hostCookie]
  return [
    hostCookie,
    dropCookie(siteSessionCookieName(services, site, here), here, site.cookieDomain),
  ]
}

/** An operator's session is for Entrada's own pages, so no other host receives it. */
function siteSessionCookies(
  services: Pick<Services, 'deployment' | 'now' | 'sha256'>,
  here: URL,
  { session, sessionToken }: NewSession,
): string[] {
  const site = siteOf(services, here)
  if (site === undefined || session.kind !== 'user') return []
  const maxAgeSeconds = secondsLeft(session, services.now())
  const scope = { here, maxAgeSeconds, domain: site.cookieDomain }
  const name = siteSessionCookieName(services, site, here)
  return [setCookie(name, siteTokenOf(services, sessionToken), scope)]
}

/**
 * The token that applications on other hosts receive. It is derived from the session token, not the reverse: an attacker who steals
 * it from an application can act as that user in the site's applications, but not on the pages or in the API of Entrada itself.
 */
function siteTokenOf(services: Pick<Services, 'sha256'>, sessionToken: string): string {
  return Buffer.from(services.sha256(`site ${sessionToken}`), 'hex').toString('base64url')
}

/** This hash differs from that of a session token, so that a site token which is sent as a session token finds nothing. */
function siteTokenHash(services: Pick<Services, 'sha256'>, siteToken: string): string {
  return services.sha256(`session on site ${siteToken}`)
}

function isToken(text: string | undefined): text is string {
  return text !== undefined && /^[A-Za-z0-9_-]{43}$/.test(text)
}

function sessionCookieName(services: Pick<Services, 'deployment'>, here: URL): string {
  return cookieName(services, here, 'session')
}

function siteSessionCookieName(
  services: Pick<Services, 'deployment'>,
  { cookieDomain }: Site,
  here: URL,
): string {
  return siteCookieName(services, here, { name: 'site', domain: cookieDomain })
}

function secondsLeft({ absoluteEndsAt }: Session, from: Date): number {
  return Math.max(0, Math.floor((absoluteEndsAt.getTime() - from.getTime()) / 1000))
}

async function rememberSeen(services: Services, session: Session, now: Date): Promise<void> {
  if (now.getTime() - session.lastSeenAt.getTime() < SEEN_INTERVAL_MS) return
  const idleEndsAt = idleEnd(services, now, session.absoluteEndsAt)
  // A full disk must not end valid sessions; the next request tries again.
  await services.storage
    .touchSession(session.id, { lastSeenAt: now, idleEndsAt })
    .catch((error: unknown) => services.log.warn('session_touch_failed', { error }))
  services.recheckSoon(session.id)
}

function idleEnd(services: Pick<Services, 'deployment'>, from: Date, absoluteEndsAt: Date): Date {
  const idleEndsAt = secondsAfter(from, services.deployment.session.idleSeconds)
  return idleEndsAt < absoluteEndsAt ? idleEndsAt : absoluteEndsAt
}

function secondsAfter(from: Date, seconds: number): Date {
  return new Date(from.getTime() + seconds * 1000)
}
