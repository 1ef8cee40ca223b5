import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Subject } from './conformance.ts'
import {
  at,
  createPerson,
  newIdentity,
  newKey,
  newMembership,
  newUser,
} from './conformance-samples.ts'
import type { PersonKey } from './records.ts'
import type { Storage, StorageTransaction, TransactionScope } from './storage.ts'

const sameKey = newKey(0, { subject: 'oid-same' })
const twenty = Array.from({ length: 20 }, (_, n) => n)

/** Tests claims, transactions and the state of the database. */
export function describeAtomicity(subject: Subject): void {
  describe('claimAttempt', () => describeClaims(subject))
  describe('atomically', () => describeTransactions(subject))
  describe('scopes', () => describeScopes(subject))
  describe('the database', () => describeDatabase(subject))
}

function describeClaims(subject: Subject): void {
  it('succeeds for one of twenty callers at once', async () => {
    const claims = twenty.map(() => subject.storage.claimAttempt('att_1', at(900)))
    await checkOneSucceeded(claims, 'attempt_already_used')
    await subject.storage.claimAttempt('att_2', at(900))
  })

  it('succeeds for one of twenty callers at once on two replicas', async () => {
    const replicas = [subject.storage, await subject.openAnother()] as const
    const claims = twenty.map((n) => replicas[n % 2 === 0 ? 0 : 1].claimAttempt('att_1', at(900)))
    await checkOneSucceeded(claims, 'attempt_already_used')
  })
}

function describeTransactions(subject: Subject): void {
  it('makes one user of twenty first sign-ins at once (B13)', async () => {
    const users = await Promise.all(twenty.map((n) => signInFirst(subject.storage, sameKey, n)))
    assert.equal(new Set(users).size, 1)
    assert.equal((await subject.storage.listUsers({ limit: 50 })).items.length, 1)
  })

  it('makes one user of twenty first sign-ins at once on two replicas (B13)', async () => {
    const replicas = [subject.storage, await subject.openAnother()] as const
    const users = await Promise.all(
      twenty.map((n) => signInFirst(replicas[n % 2 === 0 ? 0 : 1], sameKey, n)),
    )
    assert.equal(new Set(users).size, 1)
  })

  it('numbers the usernames of twenty people of one name who sign in at once', async () => {
    const keys = twenty.map((n) => newKey(n))
    await Promise.all(keys.map((key, n) => signInFirst(subject.storage, key, n)))
    const { items } = await subject.storage.listUsers({ limit: 50 })
    const usernames = items.flatMap((item) => item.memberships.map(({ username }) => username))
    const expected = twenty.map((n) => (n === 0 ? 'anna' : `anna-${n + 1}`))
    assert.deepEqual(usernames.sort(), expected.sort())
  })

  it('leaves nothing of work that throws, and rethrows its error', async () => {
    const failure = new Error('of the work')
    const work = subject.storage.atomically(async (transaction) => {
      await createPerson(transaction, 1)
      assert.notEqual(await transaction.findUser('usr_0001'), undefined)
      throw failure
    })
    await assert.rejects(work, (error) => error === failure)
    assert.equal(await subject.storage.findUser('usr_0001'), undefined)
    await subject.storage.atomically((transaction) => createPerson(transaction, 1))
  })

  it('answers what the work answered, and the rows are there for every replica', async () => {
    const another = await subject.openAnother()
    const answer = await subject.storage.atomically(async (transaction) => {
      await createPerson(transaction, 1)
      return 'done'
    })
    assert.equal(answer, 'done')
    assert.notEqual(await another.findUser('usr_0001'), undefined)
  })

  it('hides its rows from reads until it is committed', async () => {
    const another = await subject.openAnother()
    const reads: Promise<unknown>[] = []
    const work = subject.storage.atomically(async (transaction) => {
      await createPerson(transaction, 1)
      reads.push(subject.storage.findUser('usr_0001'), another.findUser('usr_0001'))
      await sleep(20)
      throw new Error('rolled back')
    })
    await assert.rejects(work, { message: 'rolled back' })
    assert.deepEqual(await Promise.all(reads), [undefined, undefined])
  })

  it('refuses a write inside it that goes around its transaction, instead of waiting for ever', async () => {
    const { storage } = subject
    await assert.rejects(storage.atomically(() => storage.claimAttempt('att_1', at(9))))
    await assert.rejects(storage.atomically(() => storage.atomically(async () => {})))
    await storage.claimAttempt('att_1', at(9))
  })

  it('refuses to refer to what is not there', async () => {
    const orphan = subject.storage.atomically((transaction) =>
      transaction.linkIdentity(newIdentity(1)),
    )
    await assert.rejects(orphan)
  })
}

function describeScopes(subject: Subject): void {
  const scopes: readonly TransactionScope[] = [
    'deployment',
    { organizationId: 'org_1' },
    { userId: 'usr_0001', organizationId: 'org_1' },
    { record: 'a record' },
  ]
  for (const scope of scopes) {
    it(`are those of one transaction after another: ${JSON.stringify(scope)}`, async () => {
      const replicas = [subject.storage, await subject.openAnother()] as const
      const createIfNone = async (transaction: StorageTransaction, n: number) => {
        const { items } = await transaction.listUsers({ limit: 9 })
        if (items.length === 0) await transaction.createUser(newUser(n))
      }
      const created = twenty.map((n) => {
        const storage = replicas[n % 2 === 0 ? 0 : 1]
        const extended = async (transaction: StorageTransaction) => {
          await transaction.lockScope(scope)
          await createIfNone(transaction, n)
        }
        return n % 4 < 2
          ? storage.atomically((transaction) => createIfNone(transaction, n), { scope })
          : storage.atomically(extended, { scope: 'nothing' })
      })
      await Promise.all(created)
      assert.equal((await subject.storage.listUsers({ limit: 9 })).items.length, 1)
    })
  }
}

function describeDatabase(subject: Subject): void {
  it('returns its mode and schema, and that it is ready', async () => {
    const mark = await subject.storage.readMark()
    assert.equal(mark.mode, 'development')
    assert.ok(mark.schemaVersion >= mark.oldestProgram)
    await subject.storage.checkReady()
  })

  it('is unavailable after it was closed, and never answers "nothing"', async () => {
    const another = await subject.openAnother()
    await another.close()
    const unavailable = { name: 'EntradaError', code: 'storage_unavailable' }
    await assert.rejects(another.findSession('hash', at(0)), unavailable)
    await assert.rejects(another.claimAttempt('att', at(0)), unavailable)
    await assert.rejects(
      another.atomically(async () => {}),
      unavailable,
    )
    await assert.rejects(another.checkReady(), unavailable)
    await another.close()
    await subject.storage.checkReady()
  })
}

/** Does what a sign-in does: finds the person, or creates user, identity and membership. Returns the user's id. */
async function signInFirst(storage: Storage, key: PersonKey, n: number): Promise<string> {
  return storage.atomically(async (transaction) => {
    const known = await transaction.findPerson(key, 'default')
    if (known !== undefined) return known.user.id
    await transaction.createUser(newUser(n))
    await transaction.linkIdentity(newIdentity(n, { key }))
    const usernames = ['anna', ...twenty.map((number) => `anna-${number + 2}`)]
    const taken = await transaction.findTakenUsernames('default', usernames)
    const username = usernames.find((name) => !taken.has(name)) ?? 'none'
    assert.equal(await transaction.createMembership(newMembership(n, { username })), true)
    return newUser(n).id
  })
}

async function checkOneSucceeded(calls: readonly Promise<void>[], code: string): Promise<void> {
  const results = await Promise.allSettled(calls)
  const rejected = results.filter((result) => result.status === 'rejected')
  assert.equal(rejected.length, results.length - 1)
  for (const { reason } of rejected) assert.equal(reason.code, code)
}
