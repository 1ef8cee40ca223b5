import assert from 'node:assert/strict'
import { chown, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { linkEvents } from '../src/audit/extend-audit-chain.ts'
import { verifyAuditTrail } from '../src/audit/verify-audit-chain.ts'
import { knownSchemaVersion } from '../src/storage/migrations/migrations.ts'
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
    const restored = await run(['restore', file], { ENTRADA_DATA_DIR: elsewhere })
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

  it('refuses in the place of another database, unless told to; then that one stays beside it', async (t) => {
    const { rig, folder } = await openFilled(t)
    const file = await backUp(folder)
    await rig.signIn(people.alice)
    await rig.entrada.close()
    const refused = await run(['restore', file], { ENTRADA_DATA_DIR: folder })
    assert.match(refused.printedErrors[0] ?? '', /file_exists/)
    const forced = await run(['restore', file, '--force'], { ENTRADA_DATA_DIR: folder })
    assert.equal(forced.exitCode, 0, forced.lines.join('\n'))
    assert.deepEqual((await readdir(folder)).sort(), [
      'backup.db',
      'entrada.db',
      'entrada.db.before-restore',
    ])
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
      const { exitCode, lines } = await run(['restore', file, '--force'], {
        ENTRADA_DATA_DIR: folder,
      })
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
    const { exitCode } = await run(['restore', file, '--force'], { ENTRADA_DATA_DIR: folder })
    assert.equal(exitCode, 0)
    assert.equal((await stat(join(folder, 'entrada.db'))).uid, (await stat(folder)).uid)
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
