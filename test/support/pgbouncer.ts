/** PgBouncer in transaction mode before a PostgreSQL of the tests, as Debian packages it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { PASSWORD, type TestPostgres } from './postgres.ts'
import { findProxy } from './proxy-process.ts'
import { freePort, temporaryFolder } from './server-process.ts'

const TRIES = 200

/**
 * Starts one, and returns what turns a URL of the server into one that goes through it. `settings` are further lines of its
 * configuration.
 */
export async function startPgBouncer(
  owner: Pick<TestContext, 'after'>,
  postgres: Pick<TestPostgres, 'port'>,
  settings: readonly string[] = [],
): Promise<(url: string) => string> {
  const program = findProxy('pgbouncer')
  if (program === undefined) throw new Error('no pgbouncer here; run scripts/ensure-proxies.ts')
  const folder = await temporaryFolder(owner)
  await chmod(folder, 0o755)
  const port = await freePort()
  const file = join(folder, 'pgbouncer.ini')
  await writeFile(
    file,
    [
      '[databases]',
      `* = host=127.0.0.1 port=${postgres.port} user=postgres password=${PASSWORD}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
      'pool_mode = transaction',
      'max_client_conn = 400',
      // Fewer than the connections of one storage, so that transactions change the connection.
      'default_pool_size = 4',
      ...settings,
    ].join('\n'),
  )
  const asRoot = process.getuid?.() === 0 ? ['--user', 'nobody'] : []
  const child = spawn(program, [...asRoot, file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    output = (output + chunk).slice(-4_000)
  })
  const ended = once(child, 'exit')
  owner.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  for (let tries = 0; !(await takesConnections(port)); tries += 1) {
    if (child.exitCode !== null || tries > TRIES) throw new Error(`pgbouncer: ${output}`)
    await pause(25)
  }
  return (url) => {
    const through = new URL(url)
    through.port = String(port)
    return through.href
  }
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
