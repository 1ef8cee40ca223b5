/**
 * `node bench/forward-auth.ts [seconds]`: how much of the throughput of bare `node:http` is left to `/auth/verify`. Both servers do the
 * same check (cookie, hash, session, headers) against one database file, each in a process of its own; wrk asks them in turn. Figures
 * only; nothing fails here. Run it on a quiet machine.
 */
import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startHttpServer } from '../src/cli/http-server.ts'
import { createEntrada } from '../src/entrada.ts'
import { identityHeaders } from '../src/forward-auth/identity-headers.ts'
import { createRawVerify } from '../src/forward-auth/raw-verify.ts'
import { readCookies } from '../src/http/cookies.ts'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { Secret } from '../src/keys/secret.ts'
import { silentLog } from '../src/log/log.ts'
import { openServices } from '../src/open-services.ts'
import { findSession } from '../src/session/session.ts'
import { createRig, people } from '../test/support/rig.ts'
import { freePort } from '../test/support/server-process.ts'

const HOST = 'sso.localhost:3000'
const ROUNDS = 30
const kinds = ['bare', 'raw', 'fetch'] as const
type Kind = (typeof kinds)[number]
type Task = {
  readonly kind: Kind
  readonly port: number
  readonly database: string
  readonly key: string
}

if (process.send) {
  process.once('message', (task) => {
    void serve(task as Task)
    process.on('message', () => process.send?.(process.cpuUsage()))
  })
} else await compare(Number(process.argv[2] ?? 1))

async function serve({ kind, port, database, key }: Task): Promise<void> {
  const options = {
    serverUrl: new URL(`http://${HOST}`),
    database,
    secretKeys: [new Secret(key)],
    trustedProxies: ['127.0.0.1'],
    log: silentLog,
  }
  const services = await openServices(options)
  if (kind === 'bare') {
    const here = services.deployment.publicUrls[0]
    createServer(async (incoming, outgoing) => {
      const cookies = readCookies(incoming.headers.cookie ?? '')
      const view = await findSession(services, { cookies, here })
      answer(outgoing, view ? identityHeaders(view) : undefined)
    }).listen(port, '127.0.0.1', () => process.send?.('ready'))
    return
  }
  const first = kind === 'raw' ? { first: createRawVerify(services) } : {}
  await startHttpServer(createEntrada(options, services), { host: '127.0.0.1', port }, first)
  process.send?.('ready')
}

function answer(outgoing: ServerResponse, headers: Readonly<Record<string, string>> | undefined) {
  if (headers) outgoing.writeHead(204, { ...headers, 'Cache-Control': 'no-store' }).end()
  else outgoing.writeHead(401).end()
}

async function compare(seconds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'entrada-bench-'))
  const database = join(folder, 'bench.db')
  const key = newSecretKey()
  const cookie = await signIn(database, key)
  const servers = await Promise.all(kinds.map((kind) => start(kind, { database, key })))
  const measured = new Map<Kind, Measured[]>(kinds.map((kind) => [kind, []]))
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round += 1) {
    // Another order each time: what the machine does besides must not always meet the same one.
    for (const server of [...servers, ...servers].slice(round % 3, (round % 3) + 3)) {
      const measurement = await measure(server, cookie, seconds)
      if (round > 0) measured.get(server.kind)?.push(measurement)
    }
  }
  print(measured)
  for (const { child } of servers) child.kill()
  rmSync(folder, { recursive: true })
}

type Server = { readonly kind: Kind; readonly port: number; readonly child: ChildProcess }

async function start(kind: Kind, of: Pick<Task, 'database' | 'key'>): Promise<Server> {
  const port = await freePort()
  const child = fork(import.meta.filename, { stdio: 'inherit' })
  child.send({ kind, port, ...of } satisfies Task)
  await once(child, 'message')
  return { kind, port, child }
}

type Measured = { readonly perSecond: number; readonly cpuMicroseconds: number }

/** The best round of each: other load on the machine makes a round worse, never better. */
function print(measured: ReadonlyMap<Kind, readonly Measured[]>): void {
  const best = [...measured].map(([kind, all]) => ({
    kind,
    perSecond: Math.max(...all.map((measurement) => measurement.perSecond)),
    cpu: Math.min(...all.map((measurement) => measurement.cpuMicroseconds)),
  }))
  const bare = best.find(({ kind }) => kind === 'bare')
  console.log('        requests/s  of bare   CPU µs each  bare by it')
  for (const { kind, perSecond, cpu } of best) {
    const shares = [perSecond / (bare?.perSecond ?? 1), (bare?.cpu ?? 1) / cpu]
    const [byTime = '', byCpu = ''] = shares.map((share) => share.toFixed(2))
    console.log(
      `${kind.padEnd(7)} ${perSecond.toFixed(0).padStart(10)}  ${byTime.padStart(7)}  ${cpu.toFixed(1).padStart(12)}  ${byCpu.padStart(10)}`,
    )
  }
}

/** One person, signed in with the emulator, whose session all servers find. */
async function signIn(database: string, key: string): Promise<string> {
  const clock = { now: () => new Date(), advanceSeconds: () => {} }
  const rig = await createRig({ database, secretKeys: [new Secret(key)], log: silentLog, clock })
  const { browser } = await rig.signIn(people.alice)
  const cookie = [...browser.cookies(HOST)].map((pair) => pair.join('=')).join('; ')
  await rig.close()
  return cookie
}

/** As nginx asks. One thread and 32 connections keep one server busy. CPU time is the server's own, whatever else the machine does. */
async function measure(
  { port, child }: Server,
  cookie: string,
  seconds: number,
): Promise<Measured> {
  const headers = [
    `Host: ${HOST}`,
    `Cookie: ${cookie}`,
    'X-Original-Method: GET',
    'X-Original-URI: /reports?year=2026',
  ]
  const before = await cpuOf(child)
  const { stdout } = spawnSync('wrk', [
    ...['-t1', '-c32', `-d${seconds}s`],
    ...headers.flatMap((header) => ['-H', header]),
    `http://127.0.0.1:${port}/auth/verify`,
  ])
  const used = (await cpuOf(child)) - before
  const text = String(stdout)
  if (/Non-2xx/.test(text)) throw new Error(text)
  const requests = Number(/(\d+) requests in/.exec(text)?.[1])
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1])
  return { perSecond, cpuMicroseconds: used / requests }
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send('cpu')
  const [{ user, system }] = (await once(child, 'message')) as [NodeJS.CpuUsage] // its answer above
  return user + system
}
