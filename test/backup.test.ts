import assert from 'node:assert/strict'
import { chown, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { linkEvents } from '../src/audit/extend-audit-chain.ts'
import { verifyAuditTrail } from '../src/audit/verify-audit-chain.ts'
import { knownSchemaVersion } from '../src/storage/migrations/migrations.ts'
import type { ApiKeyId, UserId } from '../src/storage/records.ts'
import { ask } from './support/api-calls.ts'
import { sameBrowserAcross } from './support/replicas.ts'
import { people, type Rig, SERVER_URL } from './support/rig.ts'
import { temporaryFolder } from './support/server-process.ts'
import { openRig } from './support/steps.ts'
import { run } from './support/transcript.ts'

describe('entrada backup', () => {
  it('copies the database while people sign in; restored elsewhere, sessions and sign-ins go on (I07)', async (t) => {
    const { rig, folder } = await openFilled(t)
    const { browser } = await rig.signIn(people.alice)
    const file = join(folder, 'backup.db')
    let busy = true
    const load = (async () => {
      while (busy) assert.equal((await rig.signIn(people.bob)).response.status, 200)
    })()
    const backedUp = await run(['backup', file], { ENTRADA_DATA_DIR: folder })
    busy = false
    await load
    assert.equal(backedUp.exitCode, 0, backedUp.lines.join('\n'))
    assert.equal((await stat(file)).mode & 0o777, 0o600)

    const elsewhere = await temporaryFolder(t)
    const restored = await run(['restore', file, '--keep-sessions'], {
      ENTRADA_DATA_DIR: elsewhere,
    })
    assert.equal(restored.exitCode, 0, restored.lines.join('\n'))
    const { secretKeys, clock } = { ...rig.options, clock: rig.clock }
    const second = await openRig(t, { database: join(elsewhere, 'entrada.db'), secretKeys, clock })
    const returning = sameBrowserAcross(second, [second.entrada], browser)
    assert.equal((await returning.request(`${SERVER_URL}/api/v1/session`)).status, 200)
    const before = (await second.services.storage.listUsers({ limit: 9 })).items.length
    assert.equal((await second.signIn(people.alice)).response.status, 200)
    assert.equal((await second.services.storage.listUsers({ limit: 9 })).items.length, before)
    await checkTrail(second)
    await checkTrail(rig)
  })

  it('writes over nothing, unless told to, and leaves nothing half-made', async (t) => {
    const { folder } = await openFilled(t)
    const file = join(folder, 'backup.db')
    await writeFile(file, 'precious')
    const refused = await run(['backup', file], { ENTRADA_DATA_DIR: folder })
    assert.equal(refused.exitCode, 1)
    assert.match(refused.printedErrors[0] ?? '', /file_exists/)
    assert.equal(await readFile(file, 'utf8'), 'precious')
    const forced = await run(['backup', file, '--force', '--json'], { ENTRADA_DATA_DIR: folder })
    assert.deepEqual(JSON.parse(forced.printed[0] ?? ''), {
      file,
      mode: 'production',
      schemaVersion: knownSchemaVersion,
      removed: [],
    })
    const nothing = await run(['backup', join(folder, 'second.db')], {
      ENTRADA_DATA_DIR: join(folder, 'absent'),
    })
    assert.match(nothing.printedErrors[0] ?? '', /database_not_found/)
    assert.deepEqual(
      (await readdir(folder)).filter((name) => /partial|second/.test(name)),
      [],
    )
  })

  it('works every night into one folder, and keeps as many as are wanted (O18)', async (t) => {
    const { folder } = await openFilled(t)
    const backups = await temporaryFolder(t)
    await writeFile(join(backups, 'entrada-of-somebody.db'), 'precious')
    for (const day of ['2026-11-26', '2026-11-27', '2026-11-28']) {
      await writeFile(join(backups, `entrada-${day}T031500Z.db`), '')
    }
    const night = () =>
      run(['backup', backups, '--keep', '2', '--json'], { ENTRADA_DATA_DIR: folder })
    const { printed, lines } = await night()
    const { file, removed } = JSON.parse(printed[0] ?? lines.join('\n'))
    assert.deepEqual(removed, ['entrada-2026-11-26T031500Z.db', 'entrada-2026-11-27T031500Z.db'])
    assert.equal((await readdir(backups)).length, 3)
    const restored = await run(['restore', file, '--check'], { ENTRADA_DATA_DIR: folder })
    assert.equal(restored.exitCode, 0)
    for (const keep of ['0', '-1', 'x', '1.5']) {
      const { exitCode } = await run(['backup', backups, `--keep=${keep}`], {
        ENTRADA_DATA_DIR: folder,
      })
      assert.equal(exitCode, 2, keep)
    }
    const { printed: shown } = await run(['backup', backups, '--keep', '1', '--force'], {
      ENTRADA_DATA_DIR: folder,
    })
    assert.match(shown[0] ?? '', /^backed up to .+\.db, and checked$/)
    assert.equal(shown[1], 'removed entrada-2026-11-28T031500Z.db')
    assert.equal(shown.at(-1), 'keep the key ring (secret-keys) too, and apart from it')
    const intoFile = ['backup', join(folder, 'b.db'), '--keep', '2']
    assert.equal((await run(intoFile, { ENTRADA_DATA_DIR: folder })).exitCode, 2)
  })

  it('makes two backups in a folder within one second', async (t) => {
    const { folder } = await openFilled(t)
    const backups = await temporaryFolder(t)
    for (let n = 0; n < 3; n += 1) {
      const { exitCode, lines } = await run(['backup', backups], { ENTRADA_DATA_DIR: folder })
      assert.equal(exitCode, 0, lines.join('\n'))
    }
    assert.equal((await readdir(backups)).length, 3)
  })

  it('leaves a deployment on PostgreSQL to the tools of PostgreSQL', async () => {
    const { exitCode, printedErrors } = await run(['backup', 'file'], onPostgres)
    assert.equal(exitCode, 1)
    assert.match(printedErrors[0] ?? '', /pg_dump/)
  })
})

describe('entrada restore', () => {
  it('refuses while the database is in use, even when forced', async (t) => {
    const { folder } = await openFilled(t)
    const file = await backUp(folder)
    for (const force of [[], ['--force']]) {
      const refused = await run(['restore', file, ...force], { ENTRADA_DATA_DIR: folder })
      assert.equal(refused.exitCode, 1)
      assert.match(refused.printedErrors[0] ?? '', /database_in_use/)
    }
  })

  it('works as printed where a database is already, and keeps that one (O18)', async (t) => {
    const { rig, folder } = await openFilled(t)
    const file = await backUp(folder)
    await rig.signIn(people.alice)
    await rig.entrada.close()
    const restored = await run(['restore', file], environmentOf(rig, folder))
    assert.equal(restored.exitCode, 0, restored.lines.join('\n'))
    assert.match(restored.printed[1] ?? '', /is now .*before-restore/)
    const databases = (await readdir(folder)).filter((name) => name.includes('.db')).sort()
    assert.deepEqual(databases, ['backup.db', 'entrada.db', 'entrada.db.before-restore'])
    const users = async (name: string) => {
      const opened = await openRig(t, { database: join(folder, name) })
      return (await opened.services.storage.listUsers({ limit: 9 })).items.length
    }
    assert.deepEqual([await users('entrada.db'), await users('entrada.db.before-restore')], [1, 2])
  })

  it('never writes over what an earlier restore put aside', async (t) => {
    const { rig, folder } = await openFilled(t)
    const file = await backUp(folder)
    await rig.signIn(people.alice)
    await rig.entrada.close()
    for (let time = 0; time < 2; time += 1) {
      const { exitCode, lines } = await run(['restore', file], environmentOf(rig, folder))
      assert.equal(exitCode, 0, lines.join('\n'))
    }
    const kept = (await readdir(folder)).filter((name) => name.includes('before-restore'))
    assert.deepEqual(kept.sort(), ['entrada.db.before-restore', 'entrada.db.before-restore-2'])
  })

  it('gives the restored file to the owner of the folder, when root restores', async (t) => {
    const { rig, folder } = await openFilled(t)
    const file = await backUp(folder)
    await rig.entrada.close()
    const isRoot = process.getuid?.() === 0
    if (isRoot) await chown(folder, 65_534, 65_534)
    const { exitCode, lines } = await run(['restore', file, '--force'], environmentOf(rig, folder))
    assert.equal(exitCode, 0, lines.join('\n'))
    assert.equal((await stat(join(folder, 'entrada.db'))).uid, (await stat(folder)).uid)
  })

  it('ends the sessions of the backup, unless they are kept (A5)', async (t) => {
    const { rig, folder } = await openFilled(t)
    await rig.signIn(people.alice)
    const file = await backUp(folder)
    await rig.entrada.close()
    const elsewhere = await temporaryFolder(t)
    const sessionsAfter = async (...options: readonly string[]) => {
      const { lines, printed } = await run(['restore', file, '--json', ...options], {
        ...environmentOf(rig, folder),
        ENTRADA_DATA_DIR: elsewhere,
      })
      const { sessionsEnded } = JSON.parse(printed[0] ?? lines.join('\n'))
      const opened = await openRig(t, { database: join(elsewhere, 'entrada.db') })
      const { items } = await opened.services.storage.listSessions(
        {},
        { limit: 9 },
        rig.clock.now(),
      )
      await opened.entrada.close()
      return { sessionsEnded, live: items.length }
    }
    assert.deepEqual(await sessionsAfter(), { sessionsEnded: 2, live: 0 })
    assert.deepEqual(await sessionsAfter('--keep-sessions'), { sessionsEnded: 0, live: 2 })
  })

  it('disables and revokes again what was disabled and revoked since the backup (A5)', async (t) => {
    const { rig, folder, file, ids } = await openWithLosses(t)
    const { printed, exitCode, lines } = await run(['restore', file], environmentOf(rig, folder))
    assert.equal(exitCode, 0, lines.join('\n'))
    const text = printed.join('\n')
    assert.match(text, /disabled, revoked and turned off again:/)
    for (const id of [ids.disabled, ids.removed, ids.key]) assert.ok(text.includes(id), id)
    const { storage } = (await openRig(t, { database: join(folder, 'entrada.db') })).services
    const statusOf = async (id: UserId) => (await storage.findUser(id))?.user.status
    assert.deepEqual(
      [await statusOf(ids.disabled), await statusOf(ids.removed), await statusOf(ids.kept)],
      ['disabled', 'disabled', 'active'],
    )
    assert.ok((await storage.findApiKey(ids.key))?.revokedAt)
    const { items } = await storage.listAuditEvents({ type: 'database.restored' }, { limit: 2 })
    assert.deepEqual(items[0]?.detail, { sessionsEnded: 3, applied: true, users: 2, apiKeys: 1 })
  })

  it('only prints what was taken away since, when that is asked for (A5)', async (t) => {
    const { rig, folder, file, ids } = await openWithLosses(t)
    const { printed } = await run(['restore', file, '--keep-access'], environmentOf(rig, folder))
    assert.match(printed.join('\n'), /not applied[\s\S]*disabled since[\s\S]*revoked since/)
    const { storage } = (await openRig(t, { database: join(folder, 'entrada.db') })).services
    assert.equal((await storage.findUser(ids.disabled))?.user.status, 'active')
  })

  it('restores where the replaced database is broken, and says what is left to do by hand (A5)', async (t) => {
    const { rig, folder, file } = await openWithLosses(t)
    await writeFile(join(folder, 'entrada.db'), 'no database any more '.repeat(500))
    const { exitCode, printedErrors } = await run(['restore', file], environmentOf(rig, folder))
    assert.equal(exitCode, 0)
    assert.match(printedErrors[0] ?? '', /replaced_database_unusable/)
  })

  it('takes no database of another deployment for the replaced one (A5)', async (t) => {
    const { rig, folder, file, ids } = await openWithLosses(t)
    await run(['restore', file], environmentOf(rig, folder))
    const other = await temporaryFolder(t)
    await (await openRig(t, { database: join(other, 'entrada.db') })).entrada.close()
    for (const before of [join(other, 'entrada.db'), join(other, 'absent.db')]) {
      const command = ['restore', 'finish', '--before', before]
      const { exitCode, printedErrors } = await run(command, environmentOf(rig, folder))
      assert.equal(exitCode, 1)
      assert.match(printedErrors[0] ?? '', /replaced_database_unusable/)
    }
    assert.deepEqual(await readdir(other), ['entrada.db'])
    const { storage } = (await openRig(t, { database: join(folder, 'entrada.db') })).services
    assert.equal((await storage.findUser(ids.kept))?.user.status, 'active')
  })

  it('checks a backup without restoring it (O18)', async (t) => {
    const { rig, folder } = await openFilled(t)
    const file = await backUp(folder)
    const check = () => run(['restore', file, '--check'], environmentOf(rig, folder))
    assert.match((await check()).printed[0] ?? '', /is a whole backup/)
    await truncate(file, (await stat(file)).size / 2)
    assert.match((await check()).printedErrors[0] ?? '', /backup_invalid/)
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.includes('partial')),
      [],
    )
  })

  it('takes only a whole backup of ours, made for the same mode', async (t) => {
    const { folder } = await openFilled(t)
    const file = await backUp(folder)
    const elsewhere = join(folder, 'elsewhere')
    const restore = async (from: string, ...flags: string[]) => {
      const { printedErrors } = await run(['restore', from, ...flags], {
        ENTRADA_DATA_DIR: elsewhere,
      })
      return printedErrors[0] ?? ''
    }
    const text = join(folder, 'text')
    await writeFile(text, 'This is no database. '.repeat(1000))
    assert.match(await restore(text), /backup_invalid/)
    assert.match(await restore(join(folder, 'absent')), /backup_invalid/)
    assert.match(await restore(file, '--dev'), /database_mode_mismatch/)
    await truncate(file, (await stat(file)).size / 2)
    assert.match(await restore(file), /backup_invalid/)
    assert.deepEqual(await readdir(elsewhere), ['dev'])
  })
})

const onPostgres = {
  ENTRADA_DATABASE_URL: 'postgres://localhost/entrada',
  ENTRADA_SECRET_KEYS: 'kTQYqLJ6QXmT0ZQ0dZyC9mB1aTq0uYl3Wq9d8mV2r5E',
  ENTRADA_OPERATOR_TOKEN: 'operator-token-for-tests-0123456789-abcdefghijklmnop',
}

/** A server on a database file, in which one person is known. */
async function openFilled(t: TestContext): Promise<{ readonly rig: Rig; readonly folder: string }> {
  const folder = await temporaryFolder(t)
  const rig = await openRig(t, { database: join(folder, 'entrada.db') })
  await rig.signIn(people.bob)
  return { rig, folder }
}

/** After the backup one user is disabled, one is removed, one stays, and an API key is revoked. */
async function openWithLosses(t: TestContext) {
  const { rig, folder } = await openFilled(t)
  await rig.signIn(people.alice)
  await rig.signIn(people.dave)
  const key = await ask(rig, '/api-keys', {
    method: 'POST',
    body: { name: 'k', scopes: ['users:read'] },
  })
  assert.equal(key.status, 201)
  const keyId = key.body.id as ApiKeyId // as documented
  const users = (await rig.services.storage.listUsers({ limit: 9 })).items.map(
    ({ user }) => user.id,
  )
  const [disabled, removed, kept] = users
  assert.ok(disabled && removed && kept)
  const file = await backUp(folder)
  await ask(rig, `/users/${disabled}/disable`, { method: 'POST' })
  await ask(rig, `/users/${removed}`, { method: 'DELETE' })
  await ask(rig, `/api-keys/${keyId}`, { method: 'DELETE' })
  await rig.entrada.close()
  return { rig, folder, file, ids: { disabled, removed, kept, key: keyId } }
}

function environmentOf(rig: Rig, folder: string) {
  const keys = rig.options.secretKeys.map((key) => (typeof key === 'string' ? key : key.reveal()))
  return { ENTRADA_DATA_DIR: folder, ENTRADA_SECRET_KEYS: keys.join(',') }
}

async function backUp(folder: string): Promise<string> {
  const file = join(folder, 'backup.db')
  const { exitCode, lines } = await run(['backup', file], { ENTRADA_DATA_DIR: folder })
  assert.equal(exitCode, 0, lines.join('\n'))
  return file
}

/** Every event is linked, those of before the backup and those since, and none was changed on the way. */
async function checkTrail({ services }: Rig): Promise<void> {
  for (let step = await linkEvents(services, undefined); ; ) {
    if (step.kind === 'done' && step.count === 0) break
    assert.notEqual(step.kind, 'broken')
    step = await linkEvents(services, undefined)
  }
  const { problem, links } = await verifyAuditTrail(services, undefined, 10_000)
  assert.equal(problem, undefined)
  assert.ok(links > 3)
}
