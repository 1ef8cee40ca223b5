/** The processes of a comparison, each on a core of its own, and what they use of it. Linux only: figures come from /proc. */
import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Result, Task } from './driver.ts'
import { CLIENT_ID, CLIENT_SECRET, IDP, TENANT } from './settings.ts'
import { type System, type SystemName, systems } from './systems.ts'

/** Milliseconds of CPU time in a tick of /proc. */
const TICK_MS = 10
const START_MS = 30_000
const here = import.meta.dirname

/** Where the files of one comparison are. */
export type Places = {
  readonly folder: string
  readonly keyFile: string
  readonly certificateFile: string
  /** The authority that signed it. */
  readonly authorityFile: string
  readonly builtServer: string
}

export type RunningSystem = {
  readonly child: ChildProcess
  readonly base: string
  /** Milliseconds from the start of the process to its first answer. */
  readonly startMs: number
}

export async function startEntra({ keyFile, certificateFile }: Places): Promise<ChildProcess> {
  const child = fork(join(here, 'entra.ts'), [keyFile, certificateFile])
  pin(child, 1)
  await once(child, 'message')
  return child
}

let lastPort = 7_300

export async function startSystem(name: SystemName, places: Places): Promise<RunningSystem> {
  const { server, environment = {} }: System = systems[name]
  lastPort += 1
  const [port, base] = [lastPort, `http://localhost:${lastPort}`]
  const dataFolder = join(places.folder, `${port}`)
  mkdirSync(dataFolder)
  const log = openSync(join(places.folder, `${server}.log`), 'a')
  const startedAt = performance.now()
  const child = fork(join(here, 'peers', server), [], {
    stdio: ['ignore', log, log, 'ipc'],
    env: {
      PATH: process.env.PATH,
      HOME: places.folder,
      NODE_ENV: 'production',
      NODE_EXTRA_CA_CERTS: places.authorityFile,
      PORT: String(port),
      BASE_URL: base,
      IDP,
      TENANT,
      CLIENT_ID,
      CLIENT_SECRET,
      DATA_FOLDER: dataFolder,
      SESSION_SECRET: 'session-secret-of-the-bench-0123456789abcdef0123456789',
      BUILT_SERVER: places.builtServer,
      ...environment,
    },
  })
  pin(child, 0)
  while (!(await isAnswering(port))) {
    if (child.exitCode !== null || performance.now() - startedAt > START_MS) {
      throw new Error(`${name} did not start: ${join(places.folder, `${server}.log`)}`)
    }
    await sleep(5)
  }
  return { child, base, startMs: performance.now() - startedAt }
}

export type Measured = Result & {
  /** CPU time of the system for each operation, in milliseconds: it does not depend on how fast the load is. */
  readonly cpuMs: number
  /** Cores that the rest of the machine used. Above 0.2 the figures are of no use. */
  readonly others: number
  readonly rssMegabytes: number
}

/** Runs one load against a system that is running. */
export async function measure(
  { child }: RunningSystem,
  task: Task,
  entra: ChildProcess,
): Promise<Measured> {
  const driver = fork(join(here, 'driver.ts'))
  pin(driver, 1)
  const own = [child, entra, driver].map(({ pid = 0 }) => pid)
  const ready = once(driver, 'message')
  driver.send(task)
  await Promise.race([ready, once(driver, 'exit').then(() => Promise.reject(new Error('driver')))])
  const before = { system: cpuMs(child.pid), own: sum(own.map(cpuMs)), machine: machineMs() }
  const startedAt = performance.now()
  const [result] = (await once(driver, 'message')) as [Result]
  const elapsed = performance.now() - startedAt
  const used = cpuMs(child.pid) - before.system
  const ownUsed = sum(own.map(cpuMs)) - before.own
  return {
    ...result,
    cpuMs: used / Math.max(1, result.count),
    others: Math.max(0, (machineMs() - before.machine - ownUsed) / elapsed),
    rssMegabytes: rssMegabytes(child.pid),
  }
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

function pin({ pid = 0 }: ChildProcess, core: number): void {
  spawnSync('taskset', ['-a', '-p', '-c', String(core), String(pid)])
}

function isAnswering(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { host: `localhost:${port}` }
    const request = get({ host: '127.0.0.1', port, path: '/healthz', headers }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('error', () => resolve(false))
  })
}

function cpuMs(pid = 0): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    const ofChildren = sum(childrenOf(pid).map(cpuMs))
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS + ofChildren
  } catch {
    return 0 // ended meanwhile
  }
}

function rssMegabytes(pid = 0): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1024
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number),
  )
}

function machineMs(): number {
  const line = readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? ''
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return (user + nice + system + irq + softirq) * TICK_MS
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
