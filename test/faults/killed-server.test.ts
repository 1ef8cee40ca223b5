/** `kill -9`, again and again, while people sign in. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { MOST_SESSIONS } from '../../src/session/end-sessions.ts'
import { openSqliteConnection } from '../../src/storage/sqlite.ts'
import { hasSession, startCrowd, startEntra } from '../support/fault-servers.ts'
import { freePort, startServer, temporaryFolder } from '../support/server-process.ts'

const ROUNDS = 4

describe('a server that is killed while people sign in', () => {
  it('has everybody who was told to be signed in still signed in after its restart (H20)', async (t) => {
    const folder = await temporaryFolder(t)
    const port = await freePort()
    const origin = `http://localhost:${port}`
    const { environment } = await startEntra(t, origin)
    const start = async () => {
      const server = await startServer(t, 'serve', { folder, port, environment })
      await server.printed(/"event":"started"/)
      return server
    }

    let server = await start()
    const crowd = startCrowd(t, origin, 6)
    for (let round = 1; round <= ROUNDS; round += 1) {
      await crowd.more(10 + round)
      server.kill('SIGKILL')
      assert.equal(await server.ended, 'SIGKILL')
      server = await start()
    }
    await crowd.more(5)
    await crowd.stop()

    const kept = await Promise.all(
      crowd.lastSignedIn().map(({ browser }) => hasSession(origin, browser)),
    )
    assert.ok(crowd.signedIn().length > 50 && kept.length > 40)
    assert.deepEqual(
      kept.filter((isKept) => !isKept),
      [],
    )
    for (const { status, reason } of crowd.failed()) assert.equal(status, undefined, reason)
    server.kill('SIGTERM')
    assert.equal(await server.ended, 0)
    checkDatabase(join(folder, 'entrada-data', 'entrada.db'))
  })
})

/** Sound, and nothing of a sign-in without the rest of it. */
function checkDatabase(path: string): void {
  const { handle } = openSqliteConnection(path)
  const rows = (sql: string) => handle.prepare(sql).all()
  try {
    assert.equal(rows('pragma integrity_check')[0]?.integrity_check, 'ok')
    assert.deepEqual(rows('pragma foreign_key_check'), [])
    assert.equal(rows('select id from users').length, 1)
    assert.equal(rows('select id from identities').length, 1)
    assert.equal(rows('select id from memberships').length, 1)
    const sessions = rows('select id from sessions').length
    const signIns = rows("select id from audit_events where type = 'sign_in.succeeded'").length
    assert.equal(sessions, Math.min(signIns, MOST_SESSIONS))
  } finally {
    handle.close()
  }
}
