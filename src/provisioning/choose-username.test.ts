/** How many statements a member costs whose name many others have. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { Kysely } from 'kysely'
import { createKeyRing, newSecretKey } from '../keys/key-ring.ts'
import { Secret } from '../keys/secret.ts'
import type { Services } from '../services.ts'
import { newMembership, newUser, putDefaults } from '../storage/conformance-samples.ts'
import { openStorage } from '../storage/open-storage.ts'
import { membershipWrites } from '../storage/people-writes.ts'
import { removalWrites } from '../storage/removal-verbs.ts'
import type { Tables } from '../storage/schema.ts'
import { openSqliteConnection } from '../storage/sqlite.ts'
import { createSqliteDialect } from '../storage/sqlite-driver.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import { RETIRED_USERNAMES_KEY } from '../storage/username-storage.ts'
import { usernameReads, usernameWrites } from '../storage/username-verbs.ts'
import { chooseUsername } from './choose-username.ts'
import { getUsernameHash } from './retired-usernames.ts'

const services = {
  keyRing: createKeyRing([new Secret(newSecretKey())]),
  randomBytes: (count: number) => new Uint8Array(count),
  sha256: (text: string) => Buffer.from(text).toString('hex').slice(-64),
} as unknown as Services // what usernames need of it

/** A database with so many members `kim`, `kim-2`, `kim-3` …, whose statements are counted. */
async function openCrowd(t: TestContext, people: number) {
  const folder = mkdtempSync(join(tmpdir(), 'entrada-crowd-'))
  const path = join(folder, 'crowd.db')
  const storage = await openStorage(path, { mode: 'development', now: () => new Date(0) })
  await putDefaults(storage)
  await storage.atomically(async (transaction) => {
    for (let n = 0; n <= people; n += 1) {
      await transaction.createUser(newUser(n))
      if (n === 0) continue
      const username = n === 1 ? 'Kim' : `kim-${n}`
      await transaction.createMembership(newMembership(n, { username }))
    }
  })
  await storage.close()
  const { handle } = openSqliteConnection(path)
  const statements: string[] = []
  const database = new Kysely<Tables>({
    dialect: createSqliteDialect(handle),
    log: ({ query }) => void statements.push(query.sql),
  })
  t.after(() => {
    handle.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const verbs = {
    ...removalWrites(database),
    ...usernameReads(database),
    ...usernameWrites(database),
    ...membershipWrites(database),
  } as StorageTransaction // all verbs that are called
  const choose = async (wanted: string, round: number) => {
    const retiredUsernamesKey = await verbs.findSealedKey(RETIRED_USERNAMES_KEY)
    statements.length = 0
    const member = { wanted, organizationId: 'default', membershipId: 'mem_0000' } as const
    const chosen = await chooseUsername(services, verbs, { ...member, retiredUsernamesKey, round })
    return { ...chosen, statements: statements.length }
  }
  return { verbs, choose }
}

describe('chooseUsername', () => {
  it('takes the preferred name in the first round, without a look-up', async (t) => {
    const { choose } = await openCrowd(t, 3)
    assert.deepEqual(await choose('kim', 1), { username: 'kim', conditions: [], statements: 0 })
  })

  it('takes as many statements for 2,000 people of one name as for 100 (S14)', async (t) => {
    const counts: number[] = []
    for (const people of [100, 2_000]) {
      const { choose } = await openCrowd(t, people)
      const { username, statements } = await choose('kim', 2)
      assert.equal(username, `kim-${people + 1}`)
      counts.push(statements)
    }
    assert.ok(Math.max(...counts) <= 10, counts.join(' and '))
  })

  it('passes over names of removed members, whatever their letter case (S3)', async (t) => {
    const { verbs, choose } = await openCrowd(t, 3)
    const vouchForErasure = () => 'vouched'
    for (const userId of ['usr_0001', 'usr_0002'] as const) {
      const hashUsername = await getUsernameHash(services, verbs)
      await verbs.removeUser(userId, { hashUsername, vouchForErasure })
    }
    assert.equal((await choose('kim', 2)).username, 'kim-4')
  })

  it('asks in the first round that the name was no removed member’s (S3)', async (t) => {
    const { verbs, choose } = await openCrowd(t, 1)
    const hashUsername = await getUsernameHash(services, verbs)
    const { conditions } = await choose('KIM', 1)
    const usernameHash = hashUsername('default', 'kim')
    assert.deepEqual(conditions, [
      { still: 'not_retired', organizationId: 'default', usernameHash },
    ])
  })

  it('ends a name with a part of the id when every number that it looks at is taken', async (t) => {
    const { verbs, choose } = await openCrowd(t, 1)
    verbs.findTakenUsernames = async (_, usernames) => new Set(usernames)
    assert.match((await choose('kim', 2)).username, /^kim-mem_0000$/)
  })

  it('ends a name with a part of the id when too many people of one name came at once', async (t) => {
    const { choose } = await openCrowd(t, 1)
    const { username, statements } = await choose('kim', 5)
    assert.deepEqual({ username, statements }, { username: 'kim-mem_0000', statements: 0 })
  })
})
