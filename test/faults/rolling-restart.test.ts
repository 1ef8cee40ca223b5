/** Servers are stopped and started one after the other, as an upgrade does it, while people sign in. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { newSecretKey } from '../../src/keys/key-ring.ts'
import { startBalancer } from '../support/balancer.ts'
import { hasSession, startCrowd, startEntra } from '../support/fault-servers.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { OPERATOR_TOKEN } from '../support/rig.ts'
import { freePort, type RunningServer, startServer } from '../support/server-process.ts'

const LONGEST_STOP_MS = 10_000

let postgres: TestPostgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.close())

describe('a rolling restart of two servers', () => {
  it('fails no sign-in, ends no session, and each server stops in time (H14)', async (t) => {
    const balancerPort = await freePort()
    const origin = `http://localhost:${balancerPort}`
    const { environment } = await startEntra(t, origin)
    const shared = {
      ...environment,
      ENTRADA_DATABASE_URL: await postgres.createDatabase(),
      ENTRADA_SECRET_KEYS: newSecretKey(),
      ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
      ENTRADA_DRAIN_SECONDS: '1',
    }
    const start = async (port: number): Promise<RunningServer> => {
      const listening = { ...shared, ENTRADA_LISTEN: `127.0.0.1:${port}` }
      const server = await startServer(t, 'serve', { environment: listening })
      await server.printed(/"event":"started"/)
      return server
    }
    const ports = [await freePort(), await freePort()]
    const running = new Map<number, RunningServer>()
    for (const port of ports) running.set(port, await start(port))
    const { taken } = await startBalancer(t, balancerPort, ports)

    const crowd = startCrowd(t, origin, 4)
    await crowd.more(10)
    for (const port of ports) {
      const startedAt = performance.now()
      running.get(port)?.kill('SIGTERM')
      assert.equal(await running.get(port)?.ended, 0, running.get(port)?.output())
      assert.ok(performance.now() - startedAt < LONGEST_STOP_MS, 'took too long to stop')
      await crowd.more(5)
      running.set(port, await start(port))
      const before = taken.get(port) ?? 0
      await crowd.more(10)
      assert.ok((taken.get(port) ?? 0) > before, 'the new one takes part')
    }
    await crowd.stop()

    assert.deepEqual(crowd.failed(), [])
    for (const { browser } of crowd.lastSignedIn()) assert.ok(await hasSession(origin, browser))
  })
})
