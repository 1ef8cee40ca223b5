/**
 * The load, in a process of its own: people who sign in with a fresh browser each, or who ask who they are. `compare.ts` starts it with
 * a task and reads the result. A run ends after its seconds or its count.
 */
import { readFileSync } from 'node:fs'
import { Pool } from 'undici'
import { IDP } from './settings.ts'
import { type System, type SystemName, systems } from './systems.ts'

export type Task = {
  readonly system: SystemName
  readonly mode: 'sign-in' | 'check'
  readonly base: string
  /** Certificate of the authority that signed the one of the stand-in for Entra, PEM file. */
  readonly authorityFile: string
  readonly atOnce: number
  /** Either of the two. */
  readonly seconds?: number
  readonly count?: number
}

/** Milliseconds, except for the counts. */
export type Result = {
  readonly count: number
  readonly errors: number
  readonly firstError?: string
  readonly perSecond: number
  readonly median: number
  readonly p99: number
}

export type Answered = { readonly status: number; readonly location: string; readonly text: string }
export type Client = {
  readonly ask: (
    path: string,
    options?: { method?: string; headers?: Record<string, string>; body?: string },
  ) => Promise<Answered>
  readonly cookies: Map<string, string>
}

const MOST_ERRORS = 50
const CHECKING_SESSIONS = 64
const MOST_REDIRECTS = 4

if (process.send) process.once('message', (task) => void work(task as Task))

async function work(task: Task): Promise<void> {
  const system: System = systems[task.system]
  const options = { connections: task.atOnce, pipelining: 1, keepAliveTimeout: 60_000 }
  const application = new Pool(task.base, options)
  const idp = new Pool(IDP, { ...options, connect: { ca: readFileSync(task.authorityFile) } })

  const signIn = async (): Promise<Client> => {
    const client = createClient(application, task.base)
    const departure = system.start
      ? await system.start(client, task.base)
      : (await client.ask(system.login ?? '')).location
    let location = await approve(idp, departure)
    for (let redirect = 0; redirect < MOST_REDIRECTS; redirect += 1) {
      const answer = await client.ask(pathOf(location))
      if (answer.status >= 400) throw new Error(`${answer.status} ${answer.text.slice(0, 500)}`)
      const hasSession = [...client.cookies.keys()].some((name) => system.sessionCookie.test(name))
      if (hasSession && (system.done?.test(answer.location) ?? true)) return client
      location = new URL(answer.location, task.base).href
    }
    throw new Error('no session')
  }
  await checkSession(await signIn(), system)
  const step =
    task.mode === 'sign-in' ? signIn : await checks(application, { system, signIn, task })
  process.send?.('started')
  process.send?.(await repeat(step, task))
  process.exit(0)
}

/** Returns a step that asks with the cookies of one of many sessions, made beforehand. */
async function checks(
  application: Pool,
  { system, signIn, task }: { system: System; signIn: () => Promise<Client>; task: Task },
): Promise<() => Promise<void>> {
  const { host } = new URL(task.base)
  const headers: Record<string, string>[] = []
  for (let session = 0; session < CHECKING_SESSIONS; session += 1) {
    headers.push({ host, cookie: cookieOf(await signIn()) })
  }
  let count = 0
  return async () => {
    const own = headers[count % headers.length] ?? {}
    count += 1
    const answer = await application.request({ path: system.check, method: 'GET', headers: own })
    await answer.body.dump()
    if (answer.statusCode !== 200) throw new Error(`check: ${answer.statusCode}`)
  }
}

async function checkSession(client: Client, { check }: System): Promise<void> {
  const { status, text } = await client.ask(check)
  if (status !== 200 || !text.includes('@contoso.example')) {
    throw new Error(`check: ${status} ${text.slice(0, 200)}`)
  }
}

async function repeat(step: () => Promise<unknown>, task: Task): Promise<Result> {
  const { atOnce, seconds = Number.POSITIVE_INFINITY, count = Number.POSITIVE_INFINITY } = task
  const times: number[] = []
  const errors: unknown[] = []
  const start = performance.now()
  const end = start + seconds * 1000
  let left = count
  const worker = async () => {
    while (performance.now() < end && left > 0 && errors.length < MOST_ERRORS) {
      left -= 1
      const before = performance.now()
      try {
        await step()
        times.push(performance.now() - before)
      } catch (error) {
        errors.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  const elapsed = (performance.now() - start) / 1000
  times.sort((time, other) => time - other)
  const quantile = (part: number) =>
    times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0
  return {
    count: times.length,
    errors: errors.length,
    ...(errors.length > 0 ? { firstError: String(errors[0]).slice(0, 500) } : {}),
    perSecond: times.length / elapsed,
    median: quantile(0.5),
    p99: quantile(0.99),
  }
}

/** What a browser does at the stand-in for Entra. Returns where it is sent back to. */
async function approve(idp: Pool, address: string): Promise<string> {
  const headers = { host: new URL(IDP).host }
  const answer = await idp.request({ path: pathOf(address), method: 'GET', headers })
  await answer.body.dump()
  if (answer.statusCode !== 302) throw new Error(`authorize: ${answer.statusCode} ${address}`)
  return String(answer.headers.location)
}

function createClient(application: Pool, base: string): Client {
  const cookies = new Map<string, string>()
  const client: Client = {
    cookies,
    async ask(path, { method = 'GET', headers = {}, body } = {}) {
      const cookie = cookieOf(client)
      const answer = await application.request({
        path,
        method,
        headers: { host: new URL(base).host, ...(cookie ? { cookie } : {}), ...headers },
        ...(body === undefined ? {} : { body }),
      })
      keepCookies(cookies, answer.headers['set-cookie'])
      const text = await answer.body.text()
      return { status: answer.statusCode, location: String(answer.headers.location ?? ''), text }
    },
  }
  return client
}

function keepCookies(cookies: Map<string, string>, lines: string | string[] | undefined): void {
  for (const line of [lines ?? []].flat()) {
    const pair = line.split(';')[0] ?? ''
    const at = pair.indexOf('=')
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
    const isRemoved = value === '' || /max-age=0(;|$)|expires=Thu, 01 Jan 1970/i.test(line)
    if (isRemoved) cookies.delete(name)
    else cookies.set(name, value)
  }
}

function cookieOf({ cookies }: Pick<Client, 'cookies'>): string {
  return [...cookies].map((pair) => pair.join('=')).join('; ')
}

function pathOf(address: string): string {
  const { pathname, search } = new URL(address)
  return pathname + search
}
