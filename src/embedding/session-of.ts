import type { UserSession } from '../session/session-json.ts'

const sessions = new WeakMap<object, UserSession>()

/** Remembers whose request this is. A framework's own object is the key, so that no name of it is taken. */
export function keepSession(request: object, session: UserSession): void {
  sessions.set(request, session)
}

/**
 * The session of a request that `requireSession` or `requireRole` let through: without another look-up, and never absent.
 *
 * @throws {TypeError} when the route is not behind one of them
 */
export function sessionOf(request: object): UserSession {
  const session = sessions.get(request)
  if (session === undefined) throw new TypeError('no session: put requireSession before this route')
  return session
}
