/** The primary of a PostgreSQL dies, and its standby takes over behind the same address. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { newUser } from '../src/storage/conformance-samples.ts'
import { openForConformance } from './support/opened-storage.ts'
import { PASSWORD, startPostgres } from './support/postgres.ts'
import { findPostgresTools } from './support/postgres-tools.ts'
import { freePort } from './support/server-process.ts'

const RECOVERS_WITHIN_MS = 10_000

describe('a failover of the primary', () => {
  it('loses nothing that was acknowledged, and writes succeed again without a restart (H20)', async (t) => {
    const binaries = findPostgresTools()
    assert.ok(binaries, 'no PostgreSQL here; run scripts/ensure-postgres.ts')
    const primary = await startPostgres({ binaries })
    t.after(() => primary.close())
    const standby = await startStandby(t, binaries, primary.port)
    await primary.run('postgres', "alter system set synchronous_standby_names = '*'")
    await primary.run('postgres', 'select pg_reload_conf()')

    const address = await startAddress(t, primary.port)
    const url = new URL(await primary.createDatabase())
    url.port = String(address.port)
    const storage = await openForConformance(url.href)
    t.after(() => storage.close())

    const acknowledged: string[] = []
    const write = async (n: number) => {
      const user = newUser(n)
      await storage.atomically((transaction) => transaction.createUser(user), { scope: 'nothing' })
      acknowledged.push(user.id)
    }
    for (let n = 1; n <= 50; n += 1) await write(n)
    await primary.stop('killed')
    await assert.rejects(write(51), { code: 'storage_unavailable' })
    await standby.promote()
    address.leadTo(standby.port)

    const endsAt = performance.now() + RECOVERS_WITHIN_MS
    for (let n = 52; acknowledged.length < 60; n += 1) {
      assert.ok(performance.now() < endsAt, 'writes do not succeed again')
      await write(n).catch(() => pause(100))
    }
    for (const id of acknowledged) {
      assert.notEqual(await storage.findUser(id as `usr_${string}`), undefined, id)
    }
  })
})

/** A standby of the server at this port, made as an operator would. */
async function startStandby(t: TestContext, binaries: string, primaryPort: number) {
  const folder = mkdtempSync(join(tmpdir(), 'entrada-standby-'))
  chmodSync(folder, 0o777)
  const data = join(folder, 'data')
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const passwords = join(folder, 'pgpass')
  writeFileSync(passwords, `*:*:*:*:${PASSWORD}\n`)
  if ('uid' in user) spawnSync('chown', [`${user.uid}:${user.gid}`, passwords])
  spawnSync('chmod', ['600', passwords])
  const env = { ...process.env, PGPASSFILE: passwords }
  const source = ['-h', '127.0.0.1', '-p', String(primaryPort), '-U', 'postgres']
  const copied = spawnSync(
    join(binaries, 'pg_basebackup'),
    [...source, '-D', data, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'],
    { ...user, env, encoding: 'utf8' },
  )
  assert.equal(copied.status, 0, copied.stderr)
  const port = await freePort()
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off']
  const parameters = ['-D', data, '-p', String(port), ...settings.flatMap((text) => ['-c', text])]
  const server = spawn(join(binaries, 'postgres'), parameters, { ...user, env, stdio: 'ignore' })
  const ended = once(server, 'exit')
  t.after(async () => {
    server.kill('SIGQUIT')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  const run = async (statement: string) => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password: PASSWORD })
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query(statement)).rows as Record<string, unknown>[]
    } finally {
      await client.end()
    }
  }
  for (let tries = 0; ; tries += 1) {
    const rows = await run('select status from pg_stat_wal_receiver').catch(() => [])
    if (rows[0]?.status === 'streaming') break
    assert.ok(tries < 200, 'the standby does not follow')
    await pause(50)
  }
  return { port, promote: () => run('select pg_promote()') }
}

/** One address that leads to one server, and later to another. */
async function startAddress(t: TestContext, firstPort: number) {
  let target = firstPort
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const database = connect(target, '127.0.0.1')
    for (const socket of [client, database]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    client.pipe(database).pipe(client)
    client.on('close', () => database.destroy())
    database.on('close', () => client.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port, // it listens on a port
    leadTo(port: number) {
      target = port
    },
  }
}
