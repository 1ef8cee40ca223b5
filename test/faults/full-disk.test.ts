/** A database that cannot grow: new sign-ins fail, users who are signed in stay signed in, and free space repairs it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { createEntrada } from '../../src/entrada.ts'
import { createKyselyStorage } from '../../src/storage/kysely-storage.ts'
import { openSqliteConnection } from '../../src/storage/sqlite.ts'
import { createSqliteTurns } from '../../src/storage/sqlite-turns.ts'
import {
  hasSession,
  type Outcome,
  signInOverSockets,
  startEntra,
} from '../support/fault-servers.ts'
import { assertRefusalPage, goToEntra, hasSessionCookie } from '../support/refusals.ts'
import { browserAcross, newDatabaseFile } from '../support/replicas.ts'
import { people, SERVER_URL } from '../support/rig.ts'
import { freePort, startServer } from '../support/server-process.ts'
import { openRig } from '../support/steps.ts'

const MOST_SIGN_INS = 300
const full = { code: 'storage_full', status: 503 }

describe('a sign-in on a full disk', () => {
  it('is refused with 503, leaves sessions as they are, and works again when there is room (H19)', async (t) => {
    const { rig, entrada, handle } = await openWithLimit(t)
    const comeBack = () => goToEntra(rig, people.alice, { browser: browserAcross(rig, [entrada]) })
    const first = await comeBack()
    assert.equal((await first.browser.request(first.callback)).status, 303)
    const away = await comeBack()

    handle.exec('pragma max_page_count = 1') // as few as it has
    const signedIn = [first.browser]
    for (let isFull = false; !isFull; ) {
      assert.ok(signedIn.length < MOST_SIGN_INS, 'the disk never gets full')
      const { browser, callback } = await comeBack()
      const visit = await browser.visit(callback)
      isFull = visit.response.status !== 200
      if (isFull) {
        assertRefusalPage(visit, full)
        assert.ok(visit.response.headers.get('retry-after'))
        assert.equal(hasSessionCookie(browser), false)
      } else signedIn.push(browser)
    }

    rig.clock.advanceSeconds(120) // so that the use of a session is to be written down
    for (const browser of signedIn) {
      assert.equal((await browser.request(`${SERVER_URL}/api/v1/session`)).status, 200)
      assert.equal((await browser.visit(`${SERVER_URL}/account`)).response.status, 200)
    }

    handle.exec(`pragma max_page_count = ${2 ** 30}`)
    assert.equal((await away.browser.visit(away.callback)).response.status, 200)
    const fresh = await comeBack()
    assert.equal((await fresh.browser.visit(fresh.callback)).response.status, 200)
    assert.equal(handle.prepare('pragma integrity_check').get()?.integrity_check, 'ok')
  })
})

/** A rig on a file, and an Entrada whose database connection can be limited to the present number of pages. */
async function openWithLimit(t: TestContext) {
  const path = await newDatabaseFile(t)
  const rig = await openRig(t, { database: path })
  const { handle, database, access } = openSqliteConnection(path)
  t.after(() => handle.close())
  const storage = createKyselyStorage({
    kind: 'sqlite',
    migrated: [],
    reads: database,
    writes: database,
    readsTakeTurns: true,
    turns: createSqliteTurns({ writer: access, reader: access }),
    runAlone: (work) => database.transaction().execute(work),
    checkWritable: async () => {},
    close: async () => {},
  })
  return { rig, handle, entrada: createEntrada(rig.options, { ...rig.services, storage }) }
}

describe('entrada serve on a full disk', () => {
  it('lets nobody new in, keeps who is in, and recovers without a restart (H19)', async (t) => {
    const disk = await mountSmallDisk(t)
    if (disk === undefined) return t.skip('only root can mount a small disk')
    const port = await freePort()
    const origin = `http://localhost:${port}`
    const { environment } = await startEntra(t, origin)
    const server = await startServer(t, 'serve', {
      port,
      environment: { ...environment, ENTRADA_DATA_DIR: join(disk, 'data') },
    })
    await server.printed(/"event":"started"/)
    const first = await signInOverSockets(origin)
    assert.equal(first.kind, 'signed_in', server.output())

    const filler = join(disk, 'filler')
    const { bavail, bsize } = await statfs(disk)
    await writeFile(filler, Buffer.alloc(bavail * bsize - 4 * bsize))
    const outcomes: Outcome[] = [first]
    while (outcomes.at(-1)?.kind === 'signed_in') {
      assert.ok(outcomes.length < MOST_SIGN_INS, 'the disk never gets full')
      outcomes.push(await signInOverSockets(origin))
    }
    const refused = outcomes.pop()
    assert.ok(refused?.kind === 'failed')
    assert.equal(refused.status, 503, refused.reason)
    assert.match(refused.reason, /storage_full/)
    for (const outcome of outcomes) {
      assert.ok(outcome.kind === 'signed_in' && (await hasSession(origin, outcome.browser)))
    }

    await rm(filler)
    assert.equal((await signInOverSockets(origin)).kind, 'signed_in')
    server.kill('SIGTERM')
    assert.equal(await server.ended, 0)
  })
})

/** A disk of two megabytes in memory, or `undefined` where that is not allowed. */
async function mountSmallDisk(t: TestContext): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'entrada-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder])
  t.after(async () => {
    if (mounted.status === 0) spawnSync('umount', ['--lazy', folder])
    await rm(folder, { recursive: true, force: true })
  })
  return mounted.status === 0 ? folder : undefined
}
