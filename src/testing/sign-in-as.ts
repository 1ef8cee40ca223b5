import { type Entrada, servicesOf } from '../entrada.ts'
import { EntradaError } from '../errors/errors.ts'
import { openExchange } from '../http/exchange.ts'
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import { keyOfNamed } from '../identity-provider/person-key.ts'
import type { Services } from '../services.ts'
import type { UserSession } from '../session/session-json.ts'
import { newAttempt } from '../sign-in/attempt.ts'
import { getConnection, getDefaultStart } from '../sign-in/choose-connection.ts'
import { completeSignIn } from '../sign-in/sign-in.ts'
import { beginRecord } from '../sign-in/sign-in-record.ts'
import type { Connection } from '../storage/records.ts'

/** What Entra would assert about a user. Every member has a default; another `username` is another user. */
export type TestPerson = {
  /** The sign-in name; `test-person` by default. */
  readonly username?: string
  readonly displayName?: string
  readonly email?: string
  /**
   * Roles of your application in place of the connection's rules. With an empty list, the user gets what the connection's policy
   * gives.
   */
  readonly roles?: readonly string[]
  /** Object ids of groups, and values of app roles, for the connection's rules. */
  readonly groups?: readonly string[]
  readonly appRoles?: readonly string[]
  readonly guest?: boolean
  readonly tid?: string
  readonly oid?: string
  /** The connection to sign in through; by default that of the options' `entra`. */
  readonly connectionId?: string
}

export type SignedIn = {
  readonly session: UserSession
  /** The `Cookie` header of this user's browser. */
  readonly cookie: string
  /** Creates a request of this user's browser to a path of the application. */
  readonly request: (path: string, init?: RequestInit) => Request
}

/**
 * Signs a user in without a browser and without Entra, as a response from Entra would: through policies, hooks, roles and audit. It
 * works only with instances of `mode: 'development'`.
 *
 * @throws {EntradaError} `testing_refused`; `entra_not_configured` without `entra` in the options; and every refusal of a sign-in
 */
export async function signInAs(entrada: Entrada, person: TestPerson = {}): Promise<SignedIn> {
  const services = await servicesOf(entrada)
  if (services.deployment.mode !== 'development') throw new EntradaError('testing_refused')
  const asTested = (connection: Connection) => connectionFor(services, connection, person)
  const connection = asTested(await storedConnection(services, person))
  const identity = identityOf(services, connection, person)
  const [here] = services.deployment.publicUrls
  const exchange = openExchange(services, new Request(here, { headers: { host: here.host } }), {})
  const attempt = newAttempt(services, {
    connectionId: connection.id,
    purpose: 'sign_in',
    returnTo: '/',
    kept: services.identityProviderFor(connection).prepare(),
  })
  const record = beginRecord(services, exchange, attempt)
  record.connection = connection
  const answer = await completeSignIn(services, exchange, {
    connection,
    identity,
    record,
    asTested,
  })
  return signedIn(entrada, here, sessionCookieOf(answer))
}

async function storedConnection(
  services: Pick<Services, 'deployment' | 'storage'>,
  { connectionId }: TestPerson,
): Promise<Connection> {
  if (connectionId !== undefined) return getConnection(services, connectionId)
  return (await getDefaultStart(services)).connection
}

/** Returns the connection with a known tenant, as after a first response from Entra, and with a rule for each requested role. */
function connectionFor(
  services: Pick<Services, 'sha256'>,
  connection: Connection,
  { roles, tid }: TestPerson,
): Connection {
  const { tenants } = connection
  const known = tenants.kind === 'pinned' && tenants.tenantId === undefined
  return {
    ...connection,
    ...(known
      ? { tenants: { ...tenants, tenantId: tid ?? guidOf(services, tenants.tenant) } }
      : {}),
    ...(roles ? { roleRules: roles.map(ruleOf) } : {}),
  }
}

function ruleOf(role: string): Connection['roleRules'][number] {
  return { id: `testing-${role}`, match: 'app_role', value: `testing:${role}`, role }
}

function identityOf(
  services: Pick<Services, 'sha256'>,
  { cloud, tenants }: Connection,
  person: TestPerson,
): VerifiedIdentity {
  const { username = 'test-person', displayName = username, email, roles = [] } = person
  const tenantId = tenants.kind === 'pinned' ? tenants.tenantId : tenants.tenantIds[0]
  const tid = person.tid ?? tenantId ?? guidOf(services, 'tenant')
  const oid = person.oid ?? guidOf(services, username)
  return {
    key: keyOfNamed({ kind: 'short', ids: { tid, oid } }, cloud),
    sub: `testing-${oid}`,
    displayName,
    preferredUsername: username,
    ...(email ? { email } : {}),
    emailDomainOwnerVerified: false,
    guest: person.guest ?? false,
    personalAccount: false,
    groups: { kind: 'known', ids: person.groups ?? [] },
    appRoles: [...(person.appRoles ?? []), ...roles.map((role) => `testing:${role}`)],
    claimNames: [],
  }
}

/** The id is the same in every run, so that the user is the same. */
function guidOf(services: Pick<Services, 'sha256'>, name: string): string {
  const hex = services.sha256(`entrada/testing ${name.toLowerCase()}`)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

function sessionCookieOf(answer: Response): string {
  const line = answer.headers.getSetCookie().find((cookie) => /^[^=]*-session=/.test(cookie)) ?? ''
  return line.split(';')[0] ?? ''
}

async function signedIn(entrada: Entrada, here: URL, cookie: string): Promise<SignedIn> {
  const request: SignedIn['request'] = (path, init = {}) => {
    const headers = new Headers(init.headers)
    headers.set('host', here.host)
    headers.set('cookie', cookie)
    return new Request(new URL(path, here), { ...init, headers })
  }
  const session = await entrada.getSession(request('/'))
  if (session === undefined) throw new EntradaError('sign_in_required')
  return { session, cookie, request }
}
