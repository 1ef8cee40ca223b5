import { EntradaError } from '../errors.ts'
import { cookieName, dropCookie, setCookie } from '../http/cookies.ts'
import type { Exchange } from '../http/exchange.ts'
import { newId } from '../ids.ts'
import type { Services } from '../services.ts'
import type { Session, SessionView } from '../storage/records.ts'

const SEEN_INTERVAL_MS = 60_000
const OPERATOR_SESSION_SECONDS = 3600

export type NewSession = {
  readonly session: Session
  /** The cookie's value; only its hash is stored. */
  readonly sessionToken: string
}

type SessionOf = Pick<Session, 'kind'> &
  Partial<
    Pick<
      Session,
      'userId' | 'organizationId' | 'connectionId' | 'identityId' | 'entraSid' | 'loginHint'
    >
  >

/** A session with a fresh id and a fresh token of 256 bits. Nothing of an earlier session is carried over. */
export function newSession(services: Services, exchange: Exchange, of: SessionOf): NewSession {
  const sessionToken = Buffer.from(services.randomBytes(32)).toString('base64url')
  const createdAt = services.now()
  const maxSeconds =
    of.kind === 'operator' ? OPERATOR_SESSION_SECONDS : services.deployment.session.maxSeconds
  const absoluteEndsAt = secondsAfter(createdAt, maxSeconds)
  const session: Session = {
    ...of,
    id: newId(services, 'ses'),
    tokenHash: services.sha256(sessionToken),
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
  const tokenHash = presentedTokenHash(services, exchange)
  if (tokenHash === undefined) return undefined
  const now = services.now()
  const view = await services.storage.findSession(tokenHash, now)
  // The cookie is the host's own; a token carried to another host of ours is not a session there.
  if (view === undefined || view.session.host !== exchange.here.host) return undefined
  await rememberSeen(services, view.session, now)
  return view
}

/** @throws {EntradaError} `sign_in_required` */
export async function getSession(services: Services, exchange: Exchange): Promise<SessionView> {
  const view = await findSession(services, exchange)
  if (view === undefined) throw new EntradaError('sign_in_required')
  return view
}

/** Hash of the session token in the request's cookie, live or not. */
export function presentedTokenHash(
  services: Services,
  { cookies, here }: Pick<Exchange, 'cookies' | 'here'>,
): string | undefined {
  const sessionToken = cookies.get(sessionCookieName(services, here))
  return sessionToken !== undefined && /^[A-Za-z0-9_-]{43}$/.test(sessionToken)
    ? services.sha256(sessionToken)
    : undefined
}

export function sessionCookie(
  services: Services,
  here: URL,
  { session, sessionToken }: NewSession,
): string {
  const lifetimeMs = session.absoluteEndsAt.getTime() - session.createdAt.getTime()
  const maxAgeSeconds = Math.floor(lifetimeMs / 1000)
  return setCookie(sessionCookieName(services, here), sessionToken, { here, maxAgeSeconds })
}

export function dropSessionCookie(services: Services, here: URL): string {
  return dropCookie(sessionCookieName(services, here), here)
}

function sessionCookieName(services: Services, here: URL): string {
  return cookieName(services, here, 'session')
}

async function rememberSeen(services: Services, session: Session, now: Date): Promise<void> {
  if (now.getTime() - session.lastSeenAt.getTime() < SEEN_INTERVAL_MS) return
  const idleEndsAt = idleEnd(services, now, session.absoluteEndsAt)
  // A full disk must not end sessions that are fine; the next request tries again.
  await services.storage
    .touchSession(session.id, { lastSeenAt: now, idleEndsAt })
    .catch((error: unknown) => services.log.warn('session_touch_failed', { error }))
}

function idleEnd(services: Services, from: Date, absoluteEndsAt: Date): Date {
  const idleEndsAt = secondsAfter(from, services.deployment.session.idleSeconds)
  return idleEndsAt < absoluteEndsAt ? idleEndsAt : absoluteEndsAt
}

function secondsAfter(from: Date, seconds: number): Date {
  return new Date(from.getTime() + seconds * 1000)
}
