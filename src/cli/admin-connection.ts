/** Commands use the API of the running server if it responds, else the same API in this process, on the database itself. */
import { createHash, randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { createEntrada } from '../entrada.ts'
import { EntradaError } from '../errors/errors.ts'
import { isNotPermitted } from '../errors/file-failure.ts'
import { noLimits } from '../http/rate-limit.ts'
import { proofText, SERVER_PATH } from '../http/show-server.ts'
import type { Secret } from '../keys/secret.ts'
import { type Log, silentLog } from '../log/log.ts'
import { openParts } from '../open-services.ts'
import { createOutgoing } from '../outgoing/outgoing.ts'
import { readSettings, type Settings } from '../settings/config.ts'
import {
  type ApiConnection,
  answerInvalid,
  apiConnection,
  contentTypeOf,
  reasonOf,
} from './api-connection.ts'
import type { CliArguments, CliContext, ExitCode } from './command.ts'
import { DATABASE_FILE, findOperatorToken } from './data-folder.ts'
import { dataFolder, proxiesOf, serverOptions } from './server-options.ts'

const PROBE_MS = 1_500

/** Runs `work` with a connection to the API, and closes the connection when the work is done or fails. */
export async function withApi(
  context: CliContext,
  args: CliArguments,
  work: (api: ApiConnection) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { settings } = readSettings(context.environment, context.readTextFile)
  const mode = modeOf(settings, args)
  const connection =
    (await connectToServer(settings, mode)) ?? (await openDatabase(context, settings, mode))
  try {
    return await work(connection)
  } catch (error) {
    throw connection.refusalOf(error)
  } finally {
    await connection.close()
  }
}

/** Checks that no server runs, whatever its operator token. @throws {EntradaError} `server_is_running` */
export async function checkNoServerRuns(settings: Settings): Promise<void> {
  const { serverUrl } = settings
  for (const send of waysTo(settings)) {
    const response = await probe(send, serverUrl).catch(() => undefined)
    const text = await response?.text().catch(() => '')
    if (text?.includes('"server":"entrada"')) {
      throw new EntradaError('server_is_running', { url: serverUrl.origin })
    }
  }
}

/** Requests the address under which a server describes itself. */
function probe(
  send: typeof fetch,
  serverUrl: URL,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const signal = AbortSignal.timeout(PROBE_MS)
  return send(new URL(SERVER_PATH, serverUrl), { headers, signal })
}

/** A server on this machine is reached directly; a server elsewhere may be reachable only through the configured proxy. */
function waysTo(settings: Settings): readonly (typeof fetch)[] {
  const proxied = createOutgoing({ proxies: proxiesOf(settings) })
  const isProxied = proxied.routeOf(settings.serverUrl).kind === 'proxy'
  return [createOutgoing().fetch, ...(isProxied ? [proxied.fetch] : [])]
}

type Mode = 'development' | 'production'

/** The development database is used with `--dev`, or if there is no other database. */
function modeOf(settings: Settings, { values }: CliArguments): Mode {
  if (values.dev) return 'development'
  if (settings.databaseUrl) return 'production'
  return !hasDatabase(settings, 'production') && hasDatabase(settings, 'development')
    ? 'development'
    : 'production'
}

/**
 * Returns a connection to the running server, or `undefined` if none responds and the database can be used instead.
 *
 * @throws {EntradaError} `server_answer_invalid` if something else responds, or hangs, and there is no database either
 */
async function connectToServer(settings: Settings, mode: Mode): Promise<ApiConnection | undefined> {
  const operatorToken =
    settings.operatorTokens?.[0] ?? findOperatorToken(dataFolder(settings, mode))
  if (operatorToken === undefined) return undefined
  const { serverUrl: url } = settings
  const strangers: string[] = []
  for (const send of waysTo(settings)) {
    const found = await lookForServer(send, url, operatorToken)
    if (found.kind === 'alive') {
      return apiConnection({ url, operatorToken: operatorToken.reveal(), send })
    }
    if (found.kind === 'other_token') throw new EntradaError('operator_token_invalid')
    if (found.kind === 'stranger') strangers.push(found.answer)
  }
  const [answer] = strangers
  if (answer !== undefined && !hasDatabase(settings, mode)) throw answerInvalid(url, answer)
  return undefined
}

type Found =
  | { readonly kind: 'alive' }
  | { readonly kind: 'no_server' }
  | { readonly kind: 'other_token' }
  | { readonly kind: 'stranger'; readonly answer: string }

/** The server proves that it has the token before the token is sent, so that another program on the port never receives it. */
async function lookForServer(
  send: typeof fetch,
  serverUrl: URL,
  operatorToken: Secret,
): Promise<Found> {
  const challenge = randomBytes(32).toString('base64url')
  const tokenHash = sha256(operatorToken.reveal())
  try {
    const response = await probe(send, serverUrl, { 'entrada-challenge': challenge })
    const proofs = response.headers.get('entrada-proof')?.split(',') ?? []
    if (proofs.includes(sha256(proofText({ tokenHash, challenge, serverUrl })))) {
      return { kind: 'alive' }
    }
    if (proofs.length > 0) return { kind: 'other_token' }
    if (response.status >= 300 && response.status < 400) {
      return { kind: 'stranger', answer: 'unexpected redirect' }
    }
    return { kind: 'stranger', answer: `${response.status}, ${contentTypeOf(response)}` }
  } catch (error) {
    const answer = reasonOf(error)
    return NO_SERVER.has(answer) ? { kind: 'no_server' } : { kind: 'stranger', answer }
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

const NO_SERVER: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH'])

/** Checks that the database exists: commands must not create a database, a key ring and a token. */
export function checkDatabaseExists(settings: Settings, mode: Mode): void {
  if (hasDatabase(settings, mode)) return
  throw new EntradaError('database_not_found', { path: databasePath(settings, mode) })
}

function hasDatabase(settings: Settings, mode: Mode): boolean {
  const isElsewhere = mode === 'production' && settings.databaseUrl !== undefined
  return isElsewhere || isThere(databasePath(settings, mode))
}

/** @throws {EntradaError} `file_not_permitted` if this user may not read the folder */
function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (cause) {
    if (!isNotPermitted(cause)) return false
    throw new EntradaError('file_not_permitted', { file: path }, { cause })
  }
}

function databasePath(settings: Settings, mode: Mode): string {
  return join(dataFolder(settings, mode), DATABASE_FILE)
}

/** Opens the same API in this process, on the database itself. */
async function openDatabase(
  context: CliContext,
  settings: Settings,
  mode: Mode,
): Promise<ApiConnection> {
  checkDatabaseExists(settings, mode)
  const { log, lastFailure } = failureLog()
  const { options } = await serverOptions(context, settings, { mode, log })
  const entrada = createEntrada(options, { ...(await openParts(options)), limits: noLimits })
  const [operatorToken] = options.operatorTokens ?? []
  const connection = apiConnection({
    url: settings.serverUrl,
    operatorToken: operatorToken?.reveal() ?? '',
    send: (url, init) => entrada.fetch(new Request(url, init)),
    lastFailure,
  })
  return { ...connection, close: entrada.close }
}

/** The command has no log to read, so the cause of a failure is printed with the failure. */
function failureLog(): { readonly log: Log; readonly lastFailure: () => unknown } {
  let failure: unknown
  const log: Log = {
    ...silentLog,
    error(_event, fields) {
      failure = fields?.cause
    },
  }
  return { log, lastFailure: () => failure }
}
