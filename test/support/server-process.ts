/** The program as people start it: `node src/bin.ts …` in a folder of its own, on a free port. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestContext } from 'node:test'

type Owner = Pick<TestContext, 'after'>

export type RunningServer = {
  readonly origin: string
  readonly port: number
  readonly folder: string
  /** Everything it printed so far, on both streams. */
  output(): string
  /** Resolves when the output matches; rejects when the process ends before. */
  printed(pattern: RegExp): Promise<string>
  kill(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGKILL'): void
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
}

const program = resolve('src/bin.ts')

export async function temporaryFolder(owner: Owner): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'entrada-test-'))
  owner.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Starts the program; the environment holds nothing but what is given here. */
export async function startServer(
  owner: Owner,
  verb: 'dev' | 'serve',
  given: {
    readonly folder?: string
    readonly port?: number
    readonly environment?: Readonly<Record<string, string>>
    /** Instead of `src/bin.ts`: the built one. */
    readonly program?: string
    readonly options?: readonly string[]
  } = {},
): Promise<RunningServer> {
  const folder = given.folder ?? (await temporaryFolder(owner))
  const port = given.port ?? (await freePort())
  const origin = `http://localhost:${port}`
  const env = { PATH: process.env.PATH, ENTRADA_SERVER_URL: origin, ...given.environment }
  const started = startProgram(owner, [given.program ?? program, verb, ...(given.options ?? [])], {
    cwd: folder,
    env,
  })
  return { origin, port, folder, ...started }
}

export type RunningProgram = Pick<RunningServer, 'output' | 'printed' | 'kill' | 'ended'>

/** Any program of Node, with what it was given. It ends with the test: at once, or in order when it has children of its own. */
export function startProgram(
  owner: Owner,
  given: readonly string[],
  {
    endWith = 'SIGKILL',
    ...options
  }: {
    readonly cwd?: string
    readonly env?: NodeJS.ProcessEnv
    readonly endWith?: 'SIGTERM' | 'SIGKILL'
  } = {},
): RunningProgram {
  const child = spawn(process.execPath, given, { env: { PATH: process.env.PATH }, ...options })
  const ended = once(child, 'exit').then(([code, signal]) => code ?? signal)
  owner.after(async () => {
    child.kill(endWith)
    const kill = setTimeout(() => child.kill('SIGKILL'), 5_000)
    await ended
    clearTimeout(kill)
  })
  return { ended, ...watchOutput(child), kill: (signal) => child.kill(signal) }
}

function watchOutput(child: ChildProcess): Pick<RunningServer, 'output' | 'printed'> {
  let text = ''
  const waiting = new Set<() => void>()
  const look = () => {
    for (const check of waiting) check()
  }
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      look()
    })
  }
  child.once('close', look)
  return {
    output: () => text,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (pattern.test(text)) resolve(text)
          else if (child.exitCode === null && child.signalCode === null) return
          else reject(new Error(`ended without printing ${pattern}:\n${text}`))
          waiting.delete(check)
        }
        waiting.add(check)
        check()
      }),
  }
}

/** A browser for real sockets: one cookie jar for localhost, whose ports do not make sites. */
export function createSocketBrowser() {
  const cookies = new Map<string, string>()

  async function request(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '))
    if (init.method === 'POST') headers.set('sec-fetch-site', 'same-origin')
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ')
      const name = pair.slice(0, pair.indexOf('='))
      if (attributes.includes('Max-Age=0')) cookies.delete(name)
      else cookies.set(name, pair.slice(name.length + 1))
    }
    return response
  }

  async function visit(url: string | URL, init?: RequestInit): Promise<{ url: URL; text: string }> {
    let at = new URL(url)
    let response = await request(at, init)
    for (let hops = 0; response.status >= 300 && response.status < 400; hops += 1) {
      if (hops > 10) throw new Error(`redirects without end at ${at}`)
      at = new URL(response.headers.get('location') ?? '', at)
      await response.body?.cancel()
      response = await request(at)
    }
    return { url: at, text: await response.text() }
  }

  return { request, visit, cookies }
}
