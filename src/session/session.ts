import { auditRecord, outboxOptions } from '../audit/audit-events.ts'
import { EntradaError } from '../errors/errors.ts'
import { cookieName, dropCookie, onlyCookie, setCookie, siteCookieName } from '../http/cookies.ts'
import type { Exchange } from '../http/exchange.ts'
import { isUnder, siteOf } from '../http/site.ts'
import { newId } from '../keys/ids.ts'
import { requiredConnectionId } from '../organizations/sso-requirement.ts'
import type { Services, Site } from '../services.ts'
import type { Connection, Session, SessionView } from '../storage/records.ts'
import type { RememberedEnd } from '../storage/session-grants.ts'
import type { StorageReader } from '../storage/storage.ts'

const SEEN_INTERVAL_MS = 60_000
const OPERATOR_SESSION_SECONDS = 3600

export type NewSession = {
  readonly session: Session
  /** The value of the host's own cookie; only a hash is stored. */
  readonly sessionToken: string
}

type SessionOf =
  | { readonly kind: 'operator'; readonly operatorTokenHash: string }
  | ({ readonly kind: 'user' } & Partial<
      Pick<
        Session,
        'userId' | 'organizationId' | 'connectionId' | 'identityId' | 'entraSid' | 'loginHint'
      >
    >)

/** A session with a fresh id and a fresh token of 256 bits. Nothing of an earlier session is carried over. */
export function newSession(services: Services, exchange: Exchange, of: SessionOf): NewSession {
  const sessionToken = Buffer.from(services.randomBytes(32)).toString('base64url')
  const createdAt = services.now()
  const maxSeconds =
    of.kind === 'operator' ? OPERATOR_SESSION_SECONDS : services.deployment.session.maxSeconds
  const absoluteEndsAt = secondsAfter(createdAt, maxSeconds)
  const session: Session = {
    ...(of.kind === 'operator' ? { kind: of.kind } : of),
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
 * The live session of this request, in one look-up; `undefined` when there is none.
 *
 * @throws {EntradaError} `storage_unavailable`: not knowing is never the same as no session.
 */
export async function findSession(
  services: Services,
  exchange: Pick<Exchange, 'cookies' | 'here'>,
): Promise<SessionView | undefined> {
  const { cookies, here } = exchange
  return findByToken(services, cookies.get(sessionCookieName(services, here)), here)
}

/**
 * The same by the header as it came. Of two values neither counts.
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
 * The live session of a request to an application on another host of the site, by the cookie that all of its hosts get. Of two values one
 * was put there by another host under the domain, and nobody knows which: that is no session.
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

/** The cookie is the host's own; a token carried to another host of ours is not a session there. */
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

/** Groups that another connection of the organization told last are not known to this session: never the same as none. */
function withOwnGroups(view: SessionView): SessionView {
  const { groups, session } = view
  if (groups?.connectionId === undefined || groups.connectionId === session.connectionId)
    return view
  return { ...view, groups: { ...groups, groups: [], appRoles: [], complete: false } }
}

/** It came through a connection that the organization does not open to anybody now: before the demand, or by the way around it. */
function isClosed({ session, organization }: SessionView, now: Date): boolean {
  const required = requiredConnectionId(organization, now)
  return session.kind === 'user' && required !== undefined && required !== session.connectionId
}

async function endClosed(
  services: Services,
  { session, organization }: SessionView,
): Promise<void> {
  const { id: sessionId, tokenHash, userId, organizationId, absoluteEndsAt: until } = session
  const connectionId = organization?.settings.ssoRequired?.connectionId
  await services.storage.atomically(async (transaction) => {
    if ((await transaction.endSession(sessionId)) === undefined) return
    const end = { tokenHash, reason: 'sso_session_ended', until } as const
    await transaction.rememberSessionEnd({ ...end, ...(connectionId ? { connectionId } : {}) })
    const event = { type: 'session.ended', detail: { reason: 'sso_required' } } as const
    const ended = { userId, organizationId, connectionId: session.connectionId, sessionId }
    const record = auditRecord(services, event, { actor: { kind: 'system' }, ...ended })
    await transaction.appendAuditEvent(record, outboxOptions(services))
  })
}

/** That nothing has ended the session since it was looked up. @throws {EntradaError} `sign_in_required` */
export async function checkSessionThere(
  reader: Pick<StorageReader, 'findSessionById'>,
  { id }: Pick<Session, 'id'>,
): Promise<void> {
  if ((await reader.findSessionById(id)) === undefined) throw new EntradaError('sign_in_required')
}

/** @throws {EntradaError} `sign_in_required`, `sign_in_again`, `access_changed`, `sso_session_ended` */
export async function getSession(services: Services, exchange: Exchange): Promise<SessionView> {
  const view = await findSession(services, exchange)
  if (view !== undefined) return view
  const { code, startAt } = await whySignIn(services, exchange)
  throw new EntradaError(code, startAt ? { startAt } : {})
}

export type SignInReason = {
  readonly code: 'sign_in_required' | RememberedEnd['reason']
  /** The connection to sign in with again. */
  readonly startAt?: Pick<Connection, 'id' | 'slug'>
}

/** Why there is no session: the end of one that this browser still holds is told for as long as it would have lasted. */
export async function whySignIn(
  services: Services,
  exchange: Pick<Exchange, 'cookies' | 'here'>,
): Promise<SignInReason> {
  const end = await findEnd(services, presentedTokenHashes(services, exchange))
  if (end === undefined) return { code: 'sign_in_required' }
  const { reason: code, connectionId } = end
  const connection = connectionId ? await services.storage.findConnection(connectionId) : undefined
  if (connection?.status !== 'on') return { code }
  return { code, startAt: { id: connection.id, slug: connection.slug } }
}

async function findEnd({ storage, now }: Services, tokenHashes: readonly string[]) {
  for (const tokenHash of tokenHashes) {
    const end = await storage.findSessionEnd(tokenHash, now())
    if (end !== undefined) return end
  }
  return undefined
}

/** What the database keeps of a session token: by what it is looked up on this site, if there is one. */
export function storedTokenHash(services: Services, here: URL, sessionToken: string): string {
  const [kept] = hashesAt(services, here)
  return kept(services, sessionToken)
}

/**
 * What may be stored of the session token in the request's cookie, live or not. Every form, so that sessions outlive an upgrade, and
 * the day on which applications on other hosts come or go.
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

/** The session of an operator is found only while the operator token that opened it is still configured. */
const hashOfOperator =
  (operatorTokenHash: string): Hash =>
  ({ sha256 }, sessionToken) =>
    sha256(`operator ${operatorTokenHash} ${sessionToken}`)

function allHashesAt(services: Services, here: URL): readonly Hash[] {
  const ofOperators = services.deployment.operatorTokenHashes.map(hashOfOperator)
  return [...hashesAt(services, here), ...ofOperators]
}

/** The form that is stored now comes first, so that a live session takes one look-up. */
function hashesAt(services: Services, here: URL): readonly [Hash, Hash] {
  return siteOf(services, here) === undefined ? [hashAlone, hashOnSite] : [hashOnSite, hashAlone]
}

/** `Set-Cookie` lines of a new session: the host's own cookie and, for a person, the one for applications on the site's other hosts. */
export function sessionCookies(
  services: Services,
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
 * The second of them again, for who is signed in here: another host of the site may have changed or removed it. None where it would open
 * nothing, because the session is from before there were such applications.
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

export function dropSessionCookies(services: Services, here: URL): string[] {
  const site = siteOf(services, here)
  const own = dropCookie(sessionCookieName(services, here), here)
  if (site === undefined) return [own]
  return [own, dropCookie(siteSessionCookieName(services, site, here), here, site.cookieDomain)]
}

/** An operator's session is for Entrada's own pages: it goes to no other host. */
function siteSessionCookies(
  services: Services,
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
 * What applications on other hosts get to see. It follows from the session token and not the other way round: whoever takes it from an
 * application can be that person in the site's applications, and nothing on the pages and in the API of Entrada itself.
 */
function siteTokenOf(services: Services, sessionToken: string): string {
  return Buffer.from(services.sha256(`site ${sessionToken}`), 'hex').toString('base64url')
}

/** Not as a session token is hashed: taken for one, it has to find nothing. */
function siteTokenHash(services: Services, siteToken: string): string {
  return services.sha256(`session on site ${siteToken}`)
}

function isToken(text: string | undefined): text is string {
  return text !== undefined && /^[A-Za-z0-9_-]{43}$/.test(text)
}

function sessionCookieName(services: Services, here: URL): string {
  return cookieName(services, here, 'session')
}

function siteSessionCookieName(services: Services, { cookieDomain }: Site, here: URL): string {
  return siteCookieName(services, here, { name: 'site', domain: cookieDomain })
}

function secondsLeft({ absoluteEndsAt }: Session, from: Date): number {
  return Math.max(0, Math.floor((absoluteEndsAt.getTime() - from.getTime()) / 1000))
}

async function rememberSeen(services: Services, session: Session, now: Date): Promise<void> {
  if (now.getTime() - session.lastSeenAt.getTime() < SEEN_INTERVAL_MS) return
  const idleEndsAt = idleEnd(services, now, session.absoluteEndsAt)
  // A full disk must not end sessions that are fine; the next request tries again.
  await services.storage
    .touchSession(session.id, { lastSeenAt: now, idleEndsAt })
    .catch((error: unknown) => services.log.warn('session_touch_failed', { error }))
  services.recheckSoon(session.id)
}

function idleEnd(services: Services, from: Date, absoluteEndsAt: Date): Date {
  const idleEndsAt = secondsAfter(from, services.deployment.session.idleSeconds)
  return idleEndsAt < absoluteEndsAt ? idleEndsAt : absoluteEndsAt
}

function secondsAfter(from: Date, seconds: number): Date {
  return new Date(from.getTime() + seconds * 1000)
}
