/** The verbs of the command line through the JSON API: of a running server, or of one in this process. */
import type { NewUser } from '../admin/administration.ts'
import type { VerificationJson } from '../api/resources/audit-chain.ts'
import type { DomainJson } from '../api/resources/domains.ts'
import type { OrganizationJson } from '../api/resources/organizations.ts'
import type { SessionRecordJson } from '../api/resources/sessions.ts'
import type { NewSetupLinkJson } from '../api/resources/setup-links.ts'
import type { SignInTraceJson } from '../api/resources/sign-in-traces.ts'
import type { SsoPreviewJson } from '../api/resources/sso.ts'
import type { UserJson } from '../api/resources/users.ts'
import type {
  WebhookDeliveryJson,
  WebhookJson,
  WebhookWithSecretJson,
} from '../api/resources/webhooks.ts'
import type { AuditEventJson } from '../audit/audit-event-json.ts'
import { createClient, type EntradaClient } from '../client/client.ts'
import type { Answered, Asked, OperationId } from '../client/operation-types.ts'
import { paths } from '../client/paths.ts'
import { EntradaError, type ErrorCode, errorTable } from '../errors/errors.ts'
import type { NewWebhook } from '../webhooks/webhooks.ts'

export type ListJson<T> = { readonly items: readonly T[]; readonly next: string | null }
export type ListQuery = Readonly<Record<string, string | undefined>>

/** In the JSON of the API whichever way they go. */
export type AdminConnection = {
  /** The same API as a program has it. `file`: for connections that a file manages. */
  client(managedBy?: 'file'): EntradaClient
  /** Any operation of the API by its name. */
  call<Id extends OperationId>(id: Id, asked: Asked<Id>): Promise<Answered<Id>>
  listUsers(query: ListQuery): Promise<ListJson<UserJson>>
  getUser(id: string): Promise<UserJson>
  createUser(user: NewUser): Promise<UserJson>
  disableUser(id: string): Promise<UserJson>
  enableUser(id: string): Promise<UserJson>
  createOrganization(asked: Readonly<Record<string, unknown>>): Promise<OrganizationJson>
  createSetupLink(connectionId: string): Promise<NewSetupLinkJson>
  previewSso(organizationId: string, query: ListQuery): Promise<SsoPreviewJson>
  requireSso(organizationId: string, connectionId: string): Promise<OrganizationJson>
  liftSso(organizationId: string): Promise<OrganizationJson>
  bypassSso(
    organizationId: string,
    asked: { readonly reason: string; readonly hours: number },
  ): Promise<OrganizationJson>
  endSsoBypass(organizationId: string): Promise<OrganizationJson>
  listSessions(query: ListQuery): Promise<ListJson<SessionRecordJson>>
  endSession(id: string): Promise<void>
  listAuditEvents(query: ListQuery): Promise<ListJson<AuditEventJson>>
  listSignInTraces(query: ListQuery): Promise<ListJson<SignInTraceJson>>
  getSignInTrace(id: string): Promise<SignInTraceJson>
  verifyAuditTrail(query: ListQuery): Promise<VerificationJson>
  restartAuditChain(reason: string): Promise<void>
  listDomains(query: ListQuery): Promise<ListJson<DomainJson>>
  addDomain(domain: NewDomainJson): Promise<DomainJson>
  verifyDomain(id: string): Promise<DomainJson>
  vouchForDomain(id: string): Promise<DomainJson>
  removeDomain(id: string): Promise<void>
  listWebhooks(query: ListQuery): Promise<ListJson<WebhookJson>>
  createWebhook(webhook: NewWebhook): Promise<WebhookWithSecretJson>
  changeWebhook(id: string, change: Pick<WebhookJson, 'status'>): Promise<WebhookJson>
  rotateWebhookSecret(id: string): Promise<WebhookWithSecretJson>
  listWebhookDeliveries(id: string): Promise<{ readonly items: readonly WebhookDeliveryJson[] }>
  removeWebhook(id: string): Promise<void>
  exportUser(id: string, query: ListQuery): Promise<ListJson<object>>
  removeUser(id: string): Promise<void>
  releaseUsername(organization: string, username: string): Promise<void>
  exportOrganization(id: string, query: ListQuery): Promise<ListJson<object>>
  removeOrganization(id: string, slug: string): Promise<void>
  close(): Promise<void>
}

type NewDomainJson = Pick<DomainJson, 'organizationId' | 'name'> & {
  readonly connectionId?: string
}

export type ApiServer = {
  readonly url: URL
  readonly operatorToken: string
  readonly send: (url: URL, init: RequestInit) => Promise<Response>
  /** What went wrong inside, where that can be known. */
  readonly lastFailure?: () => unknown
}

const TIME_LIMIT_MS = 5_000

export function apiConnection(server: ApiServer): AdminConnection {
  const call = <T>(method: string, path: string, body?: unknown) =>
    callApi<T>(server, { method, path, body })
  const one = (path: string, id: string) => `${path}/${encodeURIComponent(id)}`
  return {
    client: (managedBy) => clientOf(server, managedBy),
    call: (id, asked) => callOperation(server, paths[id], asked),
    listUsers: (query) => call('GET', `/users${queryText(query)}`),
    getUser: (id) => call('GET', one('/users', id)),
    createUser: (user) => call('POST', '/users', user),
    disableUser: (id) => call('POST', `${one('/users', id)}/disable`),
    enableUser: (id) => call('POST', `${one('/users', id)}/enable`),
    createOrganization: (asked) => call('POST', '/organizations', asked),
    createSetupLink: (id) => call('POST', `${one('/connections', id)}/setup-links`),
    previewSso: (id, query) => call('GET', `${one('/organizations', id)}/sso${queryText(query)}`),
    requireSso: (id, connectionId) =>
      call('PUT', `${one('/organizations', id)}/sso`, { connectionId }),
    liftSso: (id) => call('DELETE', `${one('/organizations', id)}/sso`),
    bypassSso: (id, asked) => call('POST', `${one('/organizations', id)}/sso/bypass`, asked),
    endSsoBypass: (id) => call('DELETE', `${one('/organizations', id)}/sso/bypass`),
    listSessions: (query) => call('GET', `/sessions${queryText(query)}`),
    endSession: (id) => call('DELETE', one('/sessions', id)),
    listAuditEvents: (query) => call('GET', `/audit-events${queryText(query)}`),
    listSignInTraces: (query) => call('GET', `/sign-in-traces${queryText(query)}`),
    getSignInTrace: (id) => call('GET', one('/sign-in-traces', id)),
    verifyAuditTrail: (query) => call('GET', `/audit-chain/verify${queryText(query)}`),
    restartAuditChain: (reason) => call('POST', '/audit-chain/restart', { reason }),
    listDomains: (query) => call('GET', `/domains${queryText(query)}`),
    addDomain: (domain) => call('POST', '/domains', domain),
    verifyDomain: (id) => call('POST', `${one('/domains', id)}/verify`),
    vouchForDomain: (id) => call('POST', `${one('/domains', id)}/vouch`),
    removeDomain: (id) => call('DELETE', one('/domains', id)),
    listWebhooks: (query) => call('GET', `/webhooks${queryText(query)}`),
    createWebhook: (webhook) => call('POST', '/webhooks', webhook),
    changeWebhook: (id, change) => call('PATCH', one('/webhooks', id), change),
    rotateWebhookSecret: (id) => call('POST', `${one('/webhooks', id)}/rotate-secret`),
    listWebhookDeliveries: (id) => call('GET', `${one('/webhooks', id)}/deliveries`),
    removeWebhook: (id) => call('DELETE', one('/webhooks', id)),
    exportUser: (id, query) => call('GET', `${one('/users', id)}/export${queryText(query)}`),
    removeUser: (id) => call('DELETE', one('/users', id)),
    releaseUsername: (organization, username) =>
      call('DELETE', one(`${one('/organizations', organization)}/retired-usernames`, username)),
    exportOrganization: (id, query) =>
      call('GET', `${one('/organizations', id)}/export${queryText(query)}`),
    removeOrganization: (id, slug) =>
      call('DELETE', `${one('/organizations', id)}${queryText({ slug })}`),
    close: async () => {},
  }
}

function queryText(query: ListQuery): string {
  const given = Object.entries(query).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  return given.length > 0 ? `?${new URLSearchParams(given)}` : ''
}

function clientOf(server: ApiServer, managedBy: 'file' | undefined): EntradaClient {
  const { url, operatorToken: apiKey, send } = server
  return createClient({
    serverUrl: url,
    apiKey,
    fetch: (address, init) => send(new URL(address), init),
    ...(managedBy ? { managedBy } : {}),
  })
}

type AnyAsked = {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

async function callOperation<T>(server: ApiServer, place: string, asked: object): Promise<T> {
  const { params = {}, query = {}, body }: AnyAsked = asked
  const [method = '', pattern = ''] = place.split(' ')
  const filled = pattern.replaceAll(/:(\w+)/g, (_, name) => encodeURIComponent(params[name] ?? ''))
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  const text = queryText(Object.fromEntries(given.map(([name, value]) => [name, String(value)])))
  return callApi<T>(server, { method, path: filled + text, body })
}

type Call = { readonly method: string; readonly path: string; readonly body: unknown }

async function callApi<T>(server: ApiServer, { method, path, body }: Call): Promise<T> {
  const { status, type, text } = await ask(server, `/api/v1${path}`, {
    method,
    redirect: 'error',
    signal: AbortSignal.timeout(TIME_LIMIT_MS),
    headers: {
      authorization: `Bearer ${server.operatorToken}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (status === 204) return undefined as T // the verbs that answer nothing
  const answered = parseJson(text)
  if (status >= 200 && status < 300 && answered !== undefined) return answered as T // our own API, same version
  throw problemOf(server, answered) ?? answerInvalid(server.url, `${status}, ${type}`)
}

type Answer = { readonly status: number; readonly type: string; readonly text: string }

/** @throws {EntradaError} `server_answer_invalid` */
async function ask({ send, url }: ApiServer, path: string, init: RequestInit): Promise<Answer> {
  try {
    const response = await send(new URL(path, url), init)
    const [type = ''] = (response.headers.get('content-type') ?? 'no content type').split(';')
    return { status: response.status, type, text: await response.text() }
  } catch (error) {
    throw answerInvalid(url, reasonOf(error))
  }
}

/** Why a request had no answer that could be used. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'no answer in time'
  const { cause = error } = error
  const withCode = [error, cause].find((one) => one instanceof Error && 'code' in one)
  if (withCode instanceof Error && 'code' in withCode) return String(withCode.code)
  return cause instanceof Error ? cause.message : String(cause)
}

export function answerInvalid({ origin }: URL, answer: string): EntradaError {
  return new EntradaError('server_answer_invalid', {
    problems: [`the server at ${origin} did not answer properly: ${answer}`],
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `undefined`: not an error of our API. */
function problemOf({ lastFailure }: ApiServer, answered: unknown): EntradaError | undefined {
  const problem = (answered ?? {}) as Readonly<Record<string, unknown>> // every member is looked at
  const { code, parameter, correlationId, errors } = problem
  if (typeof code !== 'string' || !Object.hasOwn(errorTable, code)) return undefined
  const detail = {
    ...(typeof parameter === 'string' ? { parameter } : {}),
    ...(Array.isArray(errors) ? { problems: errors.map(problemText) } : {}),
    ...(code === 'internal_error' && typeof correlationId === 'string' ? { correlationId } : {}),
  }
  return new EntradaError(code as ErrorCode, detail, { cause: lastFailure?.() }) // a key of the table
}

function problemText({ parameter, problem }: { parameter: string; problem: string }): string {
  return `${parameter} ${problem}`
}
