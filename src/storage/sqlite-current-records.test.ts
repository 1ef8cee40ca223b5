import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { newConnection, newOrganization } from './conformance-samples.ts'
import type { Connection } from './records.ts'
import { openSqlite, openSqliteConnection } from './sqlite.ts'
import { createCurrentRecords, type RecordReader } from './sqlite-current-records.ts'
import type { Storage } from './storage.ts'

describe('connections and organizations on SQLite', () => {
  let folder = ''
  let path = ''
  let storage: Storage
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'entrada-records-'))
    path = join(folder, 'records.db')
    storage = await openSqlite({ path, mode: 'development', now: () => new Date(0) })
    await storage.atomically(async (transaction) => {
      await transaction.putOrganization(newOrganization())
      await transaction.putConnection(newConnection())
    })
  })
  afterEach(async () => {
    await storage.close()
    await rm(folder, { recursive: true })
  })

  const rename = (name: string) =>
    storage.atomically((transaction) => transaction.putConnection(newConnection({ name })))

  it('come from memory until one changes', async () => {
    const first = await storage.findConnection('default')
    assert.equal(await storage.findConnection('default'), first)
    await storage.claimAttempt('att_1', new Date(9))
    await storage.atomically((transaction) =>
      transaction.createUser({
        id: 'usr_1',
        status: 'active',
        createdAt: new Date(0),
        updatedAt: new Date(0),
      }),
    )
    assert.equal(await storage.findConnection('default'), first)

    await rename('Fabrikam')
    assert.equal((await storage.findConnection('default'))?.name, 'Fabrikam')
    assert.equal((await storage.findConnectionBySlug('default'))?.name, 'Fabrikam')
  })

  it('are those of the last commit while a transaction changes them', async () => {
    const name = async () => (await storage.findConnection('default'))?.name
    await name()
    await storage.atomically(async (transaction) => {
      await transaction.putConnection(newConnection({ name: 'Fabrikam' }))
      assert.equal(await name(), 'Contoso')
      assert.equal((await transaction.findConnection('default'))?.name, 'Fabrikam')
    })
    assert.equal(await name(), 'Fabrikam')
  })

  it('change with a transaction of another process', async () => {
    const read = async () => [
      (await storage.findOrganization('default'))?.name,
      (await storage.findOrganizationBySlug('default'))?.name,
      (await storage.findConnection('default'))?.name,
    ]
    assert.deepEqual(await read(), ['Name of default', 'Name of default', 'Contoso'])
    const script = `
      import { DatabaseSync } from 'node:sqlite'
      const database = new DatabaseSync(process.argv[1])
      database.exec("update organizations set name = 'Other'")
      database.exec("update connections set name = 'Fabrikam'")`
    const { status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script, path])
    assert.equal(status, 0)
    assert.deepEqual(await read(), ['Other', 'Other', 'Fabrikam'])
  })

  it('are gone after their removal', async () => {
    assert.notEqual(await storage.findConnection('default'), undefined)
    await storage.atomically((transaction) => transaction.removeConnection('default'))
    assert.equal(await storage.findConnection('default'), undefined)
    assert.equal(await storage.findConnectionBySlug('default'), undefined)
  })

  it('cannot be changed by who reads them', async () => {
    const connection = await storage.findConnection('default')
    const rules = connection?.roleRules as Connection['roleRules'][number][] // what JavaScript permits
    assert.throws(() => rules.push({ id: 'r9', match: 'group', value: 'g-9', role: 'admin' }))
    assert.equal((await storage.findConnection('default'))?.roleRules.length, 1)
  })

  it('reject when the database is closed', async () => {
    await storage.findConnection('default')
    await storage.close()
    await assert.rejects(storage.findConnection('default'), { code: 'storage_unavailable' })
  })

  it('are changed by no foreign key or trigger of another table', () => {
    const { handle } = openSqliteConnection(path)
    const tables =
      "select m.name, k.* from sqlite_master m, pragma_foreign_key_list(m.name) k where m.type = 'table'"
    const keys = handle.prepare(
      `${tables} and m.name in ('organizations', 'connections', 'webhooks')`,
    )
    for (const key of keys.all()) {
      assert.deepEqual([key.on_delete, key.on_update], ['NO ACTION', 'NO ACTION'], String(key.name))
    }
    const triggers = handle.prepare("select sql from sqlite_master where type = 'trigger'").all()
    assert.ok(triggers.length > 0)
    const changing =
      /\b(?:update|insert\s+into|delete\s+from)\s+"?(organizations|connections|webhooks)\b/i
    // The statement that starts a trigger of the same table is counted itself.
    const ofOtherTables = triggers.filter(({ sql }) => {
      const changed = changing.exec(String(sql))?.[1]
      return changed !== undefined && !new RegExp(`on "${changed}"`, 'i').test(String(sql))
    })
    assert.deepEqual(ofOtherTables, [])
    handle.close()
  })
})

describe('createCurrentRecords', () => {
  it('does not keep what was read before the version changed', async () => {
    let version = 1
    let name = 'old'
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
    const records = createCurrentRecords(
      readerOf(async (id) => {
        const read = newConnection({ id, name })
        if (id === 'slow') await mayEnd
        return read
      }),
      () => version,
    )
    const slow = records.findConnection('slow')
    version = 2
    name = 'new'
    await records.findConnection('quick')
    end()
    assert.equal((await slow)?.name, 'old')
    assert.equal((await records.findConnection('slow'))?.name, 'new')
  })

  it('keeps a limited number of records, and none that is absent', async () => {
    let reads = 0
    const records = createCurrentRecords(
      readerOf(async (id) => {
        reads += 1
        return id === 'absent' ? undefined : newConnection({ id })
      }),
      () => 1,
    )
    for (let n = 0; n <= 1_000; n += 1) await records.findConnection(`con_${n}`)
    await records.findConnection('con_1000')
    assert.equal(reads, 1_001)
    await records.findConnection('con_0')
    assert.equal(reads, 1_002)
    await records.findConnection('absent')
    await records.findConnection('absent')
    assert.equal(reads, 1_004)
  })
})

function readerOf(findConnection: RecordReader['findConnection']): RecordReader {
  return {
    findStart: async () => undefined,
    findStartBySlug: async () => undefined,
    findConnection,
    findConnectionBySlug: async () => undefined,
    findOrganization: async () => undefined,
    findOrganizationBySlug: async () => undefined,
  }
}
