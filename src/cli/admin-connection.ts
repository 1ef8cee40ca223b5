/** How the command line administers: through the API of the running server when that answers, else on the database itself. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type {
  AuditEventJson,
  SessionRecordJson,
  SignInTraceJson,
  UserJson,
} from '../admin/admin-json.ts'
import type { NewUser } from '../admin/administration.ts'
import { readSettings, type Settings } from '../config.ts'
import { createEntrada } from '../entrada.ts'
import { EntradaError, type ErrorCode, errorTable } from '../errors.ts'
import { silentLog } from '../log.ts'
import { openParts } from '../open-services.ts'
import type { CliArguments, CliContext, ExitCode } from './command.ts'
import { DATABASE_FILE, OPERATOR_TOKEN_FILE } from './data-folder.ts'
import { dataFolder, serverOptions } from './server-options.ts'

export type ListJson<T> = { readonly items: readonly T[]; readonly next: string | null }
export type ListQuery = Readonly<Record<string, string | undefined>>

/** The verbs of the command line, in the JSON of the API whichever way they go. */
export type AdminConnection = {
  listUsers(query: ListQuery): Promise<ListJson<UserJson>>
  getUser(id: string): Promise<UserJson>
  createUser(user: NewUser): Promise<UserJson>
  disableUser(id: string): Promise<UserJson>
  enableUser(id: string): Promise<UserJson>
  listSessions(query: ListQuery): Promise<ListJson<SessionRecordJson>>
  endSession(id: string): Promise<void>
  listAuditEvents(query: ListQuery): Promise<ListJson<AuditEventJson>>
  listSignInTraces(query: ListQuery): Promise<ListJson<SignInTraceJson>>
  getSignInTrace(id: string): Promise<SignInTraceJson>
  close(): Promise<void>
}

const API_TIME_LIMIT_MS = 5_000

/** Runs `work` with a connection, and closes it whatever happens. */
export async function withAdministration(
  context: CliContext,
  given: CliArguments,
  work: (administration: AdminConnection) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { settings } = readSettings(context.environment, context.readTextFile)
  const mode = modeOf(settings, given)
  const connection =
    (await connectToServer(settings, mode)) ?? (await openDatabase(context, settings, mode))
  try {
    return await work(connection)
  } finally {
    await connection.close()
  }
}

type Mode = 'development' | 'production'

/** `--dev`, or there is nothing but a development database. */
function modeOf(settings: Settings, { values }: CliArguments): Mode {
  if (values.dev) return 'development'
  if (settings.databaseUrl) return 'production'
  const has = (mode: Mode) => existsSync(join(dataFolder(settings, mode), DATABASE_FILE))
  return !has('production') && has('development') ? 'development' : 'production'
}

/** `undefined`: no server of ours answers there. @throws {EntradaError} `operator_token_invalid` when one does, but not to us */
async function connectToServer(
  settings: Settings,
  mode: Mode,
): Promise<AdminConnection | undefined> {
  const operatorToken =
    settings.operatorTokens?.[0]?.reveal() ?? tokenInFolder(dataFolder(settings, mode))
  if (operatorToken === undefined || !(await isAnswering(settings.serverUrl))) return undefined
  return apiConnection(settings.serverUrl, operatorToken)
}

function tokenInFolder(folder: string): string | undefined {
  const path = join(folder, OPERATOR_TOKEN_FILE)
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined
}

async function isAnswering(serverUrl: URL): Promise<boolean> {
  try {
    const response = await fetch(new URL('/healthz', serverUrl), {
      signal: AbortSignal.timeout(1_500),
      redirect: 'error',
    })
    return response.ok && (await response.text()) === 'alive\n'
  } catch {
    return false
  }
}

function apiConnection(
  serverUrl: URL,
  operatorToken: string,
  send: (url: URL, init: RequestInit) => Promise<Response> = fetch,
): AdminConnection {
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await send(new URL(`/api/v1${path}`, serverUrl), {
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(API_TIME_LIMIT_MS),
      headers: {
        authorization: `Bearer ${operatorToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw await problemOf(response)
    return (response.status === 204 ? undefined : await response.json()) as T // our own API, same version
  }
  const one = (path: string, id: string) => `${path}/${encodeURIComponent(id)}`
  return {
    listUsers: (query) => call('GET', `/users${queryText(query)}`),
    getUser: (id) => call('GET', one('/users', id)),
    createUser: (user) => call('POST', '/users', user),
    disableUser: (id) => call('POST', `${one('/users', id)}/disable`),
    enableUser: (id) => call('POST', `${one('/users', id)}/enable`),
    listSessions: (query) => call('GET', `/sessions${queryText(query)}`),
    endSession: (id) => call('DELETE', one('/sessions', id)),
    listAuditEvents: (query) => call('GET', `/audit-events${queryText(query)}`),
    listSignInTraces: (query) => call('GET', `/sign-in-traces${queryText(query)}`),
    getSignInTrace: (id) => call('GET', one('/sign-in-traces', id)),
    close: async () => {},
  }
}

function queryText(query: ListQuery): string {
  const given = Object.entries(query).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  return given.length > 0 ? `?${new URLSearchParams(given)}` : ''
}

async function problemOf(response: Response): Promise<EntradaError> {
  const problem = (await response.json().catch(() => ({}))) as { code?: string; parameter?: string } // our own API
  const code =
    problem.code !== undefined && Object.hasOwn(errorTable, problem.code)
      ? problem.code
      : 'internal_error'
  return new EntradaError(
    code as ErrorCode,
    problem.parameter ? { parameter: problem.parameter } : {},
  ) // a key of the table
}

/** Looking must not make a database, a key ring and a token where there were none. */
function checkDatabaseExists(settings: Settings, mode: Mode): void {
  const path = join(dataFolder(settings, mode), DATABASE_FILE)
  const isElsewhere = mode === 'production' && settings.databaseUrl !== undefined
  if (!isElsewhere && !existsSync(path)) throw new EntradaError('database_not_found', { path })
}

/** No server answers: the same API, in this process, on the database itself. */
async function openDatabase(
  context: CliContext,
  settings: Settings,
  mode: Mode,
): Promise<AdminConnection> {
  checkDatabaseExists(settings, mode)
  const { options } = serverOptions(context, settings, { mode, log: silentLog })
  const entrada = createEntrada(options, await openParts(options))
  const [operatorToken] = options.operatorTokens ?? []
  const connection = apiConnection(settings.serverUrl, operatorToken?.reveal() ?? '', (url, init) =>
    entrada.fetch(new Request(url, init)),
  )
  return { ...connection, close: entrada.close }
}
