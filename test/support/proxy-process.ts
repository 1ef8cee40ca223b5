/** The reverse proxies of deploy/proxies as people run them: processes of their own, with the files' names and ports put to the test's. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { temporaryFolder } from './server-process.ts'

export const proxyNames = ['nginx', 'caddy', 'haproxy'] as const
export type ProxyName = (typeof proxyNames)[number]

/** What a configuration of ours is changed to; people change the same. */
export type ProxySetUp = {
  readonly host: string
  readonly port: number
  readonly plainPort: number
  readonly entradaPort: number
  /** A second replica, added at the place that the file marks for it. */
  readonly secondEntradaPort?: number
  readonly applicationPort: number
  readonly certificate: { readonly chain: string; readonly key: string }
}

export function findProxy(name: ProxyName | 'pgbouncer' | 'python3'): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin']
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** Starts the configuration of deploy/proxies. */
export function startProxy(
  owner: Pick<TestContext, 'after'>,
  name: ProxyName,
  setUp: ProxySetUp,
): Promise<void> {
  return startConfigured(owner, name, { setUp, from: 'deploy/proxies', way: ways[name] })
}

/** Starts a configuration from this folder, with its files changed as its row defines. */
export async function startConfigured<SetUp extends Pick<ProxySetUp, 'port' | 'certificate'>>(
  owner: Pick<TestContext, 'after'>,
  name: ProxyName,
  {
    setUp,
    from,
    way,
  }: {
    readonly setUp: SetUp
    readonly from: string
    readonly way: (folder: string, setUp: SetUp) => Way
  },
): Promise<void> {
  const program = findProxy(name)
  if (program === undefined) throw new Error(`no ${name} here; run scripts/ensure-proxies.ts`)
  const folder = await temporaryFolder(owner)
  await chmod(folder, 0o755) // nginx's worker is not root
  await writeFile(join(folder, 'fullchain.pem'), setUp.certificate.chain)
  await writeFile(join(folder, 'privkey.pem'), setUp.certificate.key)
  await writeFile(join(folder, 'combined.pem'), setUp.certificate.chain + setUp.certificate.key)
  const { file, parameters, changes, beside = [], wrap = (text) => text } = way(folder, setUp)
  const text = changed(await readFile(join(from, file), 'utf8'), changes)
  await writeFile(join(folder, file), wrap(text))
  for (const other of beside) {
    const content = changed(await readFile(join(from, other.file), 'utf8'), other.changes)
    await writeFile(join(folder, other.file), content)
  }

  const env = { PATH: process.env.PATH, HOME: folder }
  const child = spawn(program, parameters, { cwd: folder, env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  }
  const ended = once(child, 'exit')
  owner.after(async () => {
    child.kill('SIGTERM')
    await ended
  })
  for (let tries = 0; !(await takesConnections(setUp.port)); tries += 1) {
    assert(child.exitCode === null && tries < 400, `${name} does not start:\n${output}`)
    await pause(25)
  }
}

/** Every text to change must be in the file, or the test would run something else than what is shipped. */
function changed(text: string, changes: readonly (readonly [string, string])[]): string {
  for (const [from, to] of changes) {
    assert.ok(text.includes(from), `the configuration no longer says ${from}`)
    text = text.replaceAll(from, to)
  }
  return text
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  }).then((connected) => {
    socket.destroy()
    return connected === true
  })
}

type Changes = readonly (readonly [string, string])[]
export type Way = {
  readonly file: string
  readonly parameters: readonly string[]
  readonly changes: Changes
  /** Further files, which the first one names. */
  readonly beside?: readonly { readonly file: string; readonly changes: Changes }[]
  readonly wrap?: (text: string) => string
}

const ways: Readonly<Record<ProxyName, (folder: string, setUp: ProxySetUp) => Way>> = {
  nginx: (folder, setUp) => ({
    file: 'nginx.conf',
    parameters: ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')],
    changes: [
      ['listen 80;', `listen 127.0.0.1:${setUp.plainPort};`],
      ['listen 443 ', `listen 127.0.0.1:${setUp.port} `],
      ['sso.example.com', setUp.host],
      ['/etc/ssl/entrada', folder],
      ...replicas('nginx', setUp),
      ...applications(setUp),
    ],
    // As Debian's own nginx.conf includes conf.d/*.conf.
    wrap: (text) => nginxAround(folder, text),
  }),
  caddy: (folder, setUp) => ({
    file: 'Caddyfile',
    parameters: ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'],
    changes: [
      ['https://sso.example.com {', `https://${setUp.host}:${setUp.port} {`],
      ['https:// {', `https://:${setUp.port} {`],
      ['# tls /etc/ssl/entrada/fullchain.pem', `tls ${folder}/fullchain.pem`],
      ['/etc/ssl/entrada', folder],
      ...replicas('caddy', setUp),
      ...applications(setUp),
    ],
    wrap: (text) =>
      `{\n\tadmin off\n\thttp_port ${setUp.plainPort}\n\thttps_port ${setUp.port}\n}\n${text}`,
  }),
  haproxy: (folder, setUp) => ({
    file: 'haproxy.cfg',
    parameters: ['-db', '-f', join(folder, 'haproxy.cfg')],
    changes: [
      ['bind :80', `bind 127.0.0.1:${setUp.plainPort}`],
      ['bind :443', `bind 127.0.0.1:${setUp.port}`],
      ['sso.example.com', setUp.host],
      ['/etc/ssl/entrada', folder],
      ...replicas('haproxy', setUp),
      ...applications(setUp),
    ],
  }),
}

/** As Debian's own nginx.conf, but in a folder of its own. */
export function nginxAround(folder: string, text: string): string {
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off; pid ${folder}/pid; error_log stderr; worker_processes 2; events { worker_connections 768; }
    http { access_log off; ${places.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
    ${text} }`
}

/** Entrada's address, or two of them as a person with two replicas writes them. */
export function replicas(
  name: ProxyName,
  { entradaPort, secondEntradaPort }: Pick<ProxySetUp, 'entradaPort' | 'secondEntradaPort'>,
): Changes {
  const [shipped, first] = ['127.0.0.1:3000', `127.0.0.1:${entradaPort}`]
  if (secondEntradaPort === undefined) return [[shipped, first]]
  const second = `127.0.0.1:${secondEntradaPort}`
  if (name === 'nginx') return [[`server ${shipped};`, `server ${first};\n  server ${second};`]]
  if (name === 'caddy') return [[shipped, `${first} ${second}`]]
  const line = (server: string, address: string) => `server ${server} ${address}`
  const both = `${line('entrada1', first)}\n  ${line('entrada2', second)}`
  return [[line('entrada1', shipped), both]]
}

function applications({ applicationPort }: ProxySetUp): Changes {
  return [['127.0.0.1:8080', `127.0.0.1:${applicationPort}`]]
}
