import type { UserSession } from '../session/session-json.ts'

const sessions = new WeakMap<object, UserSession>()

/** Stores the session of a request. The framework's own object is the key, so that no property of it is taken. */
export function keepSession(request: object, session: UserSession): void {
  sessions.set(request, session)
}

/**
 * Returns the session of a request that `requireSession` or `requireRole` let pass, without another look-up.
 *
 * @throws {TypeError} when the route is not behind one of them
 */
export function sessionOf(request: object): UserSession {
  const session = sessions.get(request)
  if (session === undefined) throw new TypeError('no session: put requireSession before this route')
  return session
}
