import { randomBytes, randomUUID } from 'node:crypto'
import { findPersonById, homeOf, type Person } from './find-in-directory.ts'
import { revocationsOf } from './revoke-sessions.ts'
import type { EmulatorState } from './state.ts'

/** An account that is signed in to the emulator in one browser. */
export type SsoAccount = {
  readonly userId: string
  readonly sid: string
  readonly authenticatedAt: Date
  readonly stepUps: readonly string[]
  readonly clientIds: readonly string[]
  readonly revocations: number
}

export type SsoSession = { readonly id: string; readonly accounts: readonly SsoAccount[] }

/** Finds the session of the browser that sent a request. */
export function findSsoSession(state: EmulatorState, request: Request): SsoSession | undefined {
  const cookies = (request.headers.get('cookie') ?? '').split(/;\s*/)
  const cookie = cookies.find((pair) => pair.startsWith(`${COOKIE}=`))
  return state.ssoSessions.find(cookie?.slice(COOKIE.length + 1) ?? '')
}

/** Adds an account to a browser's session, or stores that it authenticated again. The `sid` stays. */
export function signInToSession(
  state: EmulatorState,
  session: SsoSession | undefined,
  { person, stepUps }: { readonly person: Person; readonly stepUps: readonly string[] },
): SsoSession {
  const userId = homeOf(state.directory, person).user.id
  const account = findSsoAccount(state, session, person)
  return save(state, session, {
    userId,
    sid: account?.sid ?? randomUUID(),
    authenticatedAt: state.now(),
    stepUps: [...new Set([...(account?.stepUps ?? []), ...stepUps])].slice(-MOST_STEP_UPS),
    clientIds: account?.clientIds ?? [],
    revocations: revocationsOf(state, person),
  })
}

/** Stores that an account used an application, which is notified when the account signs out. */
export function rememberApplication(
  state: EmulatorState,
  session: SsoSession,
  used: { readonly account: SsoAccount; readonly clientId: string },
): SsoSession {
  const clientIds = [...new Set([...used.account.clientIds, used.clientId])]
  return save(state, session, { ...used.account, clientIds })
}

/** Ends the session for some of its accounts. */
export function signOutOfSession(
  state: EmulatorState,
  session: SsoSession,
  userIds: readonly string[],
): void {
  const accounts = session.accounts.filter((account) => !userIds.includes(account.userId))
  if (accounts.length === 0) state.ssoSessions.delete(session.id)
  else state.ssoSessions.set(session.id, { ...session, accounts })
}

/** Finds a person's account in a session; a guest's account is the one of the home tenant. */
export function findSsoAccount(
  state: EmulatorState,
  session: SsoSession | undefined,
  person: Person,
): SsoAccount | undefined {
  const userId = homeOf(state.directory, person).user.id
  const account = session?.accounts.find((candidate) => candidate.userId === userId)
  return account?.revocations === revocationsOf(state, person) ? account : undefined
}

/** Returns the people who are signed in to a session, except those removed from the directory or whose sessions were revoked. */
export function peopleOf(state: EmulatorState, session: SsoSession | undefined): readonly Person[] {
  const accounts = session?.accounts ?? []
  return accounts.flatMap(({ userId, revocations }) => {
    const person = findPersonById(state.directory, userId)
    return person !== undefined && revocations === revocationsOf(state, person) ? [person] : []
  })
}

/** Returns the `Set-Cookie` value that connects a browser to its session. */
export function ssoCookie(state: EmulatorState, session: SsoSession): string {
  const secure = state.origin.startsWith('https:') ? '; Secure' : ''
  return `${COOKIE}=${session.id}; Path=/; HttpOnly; SameSite=Lax${secure}`
}

const COOKIE = 'entra_emulator_session'

function save(
  state: EmulatorState,
  session: SsoSession | undefined,
  account: SsoAccount,
): SsoSession {
  const id = session?.id ?? randomBytes(32).toString('base64url')
  const others = (session?.accounts ?? []).filter(({ userId }) => userId !== account.userId)
  const saved = { id, accounts: [...others, account].slice(-MOST_ACCOUNTS) }
  state.ssoSessions.set(id, saved)
  return saved
}

const MOST_ACCOUNTS = 20
const MOST_STEP_UPS = 100
