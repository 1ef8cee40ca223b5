import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { EntradaEvent } from '../hooks.ts'
import { silentLog } from '../log/log.ts'
import type { Services } from '../services.ts'
import { newAuditEvent } from '../storage/conformance-samples.ts'
import { openStorage } from '../storage/open-storage.ts'
import type { Storage } from '../storage/storage.ts'
import { startOutbox } from './outbox.ts'

const quick = { intervalMs: 2, timeLimitMs: 300, longestPauseMs: 20 }

async function open(t: TestContext): Promise<Storage> {
  const storage = await openStorage(':memory:', { mode: 'production', now: () => new Date() })
  t.after(() => storage.close())
  return storage
}

async function put(storage: Storage, ...numbers: readonly number[]): Promise<void> {
  for (const n of numbers) {
    await storage.atomically((transaction) =>
      transaction.appendAuditEvent(newAuditEvent(n), { toOutbox: true }),
    )
  }
}

/** A replica as far as the outbox sees one. */
function listen(
  t: TestContext,
  storage: Storage,
  onEvent: (event: EntradaEvent) => Promise<void> | void,
  now = () => new Date(),
) {
  const services = { storage, now, log: silentLog, hooks: { onEvent } } as unknown as Services // its parts that are used
  const stop = startOutbox(services, quick)
  t.after(stop)
  return stop
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries += 1) {
    assert.ok(tries < 2_000, 'it does not come about')
    await pause(5)
  }
}

const isEmpty = (storage: Storage) => async () => (await storage.listOutbox(1)).length === 0

describe('startOutbox', () => {
  it('delivers in order, each once when all goes well, more than fit into one batch', async (t) => {
    const storage = await open(t)
    const numbers = Array.from({ length: 120 }, (_, n) => n)
    await put(storage, ...numbers)
    const got: string[] = []
    listen(t, storage, ({ id }) => void got.push(id))
    await until(isEmpty(storage))
    assert.deepEqual(
      got,
      numbers.map((n) => newAuditEvent(n).id),
    )
  })

  it('brings an event that was not taken again, and lets none overtake it', async (t) => {
    const storage = await open(t)
    await put(storage, 1, 2, 3)
    const got: string[] = []
    listen(t, storage, async ({ id }) => {
      got.push(id)
      if (id === 'evt_0002' && got.filter((eventId) => eventId === id).length < 4)
        throw new Error('busy')
    })
    await until(isEmpty(storage))
    assert.deepEqual(got, ['evt_0001', ...Array(4).fill('evt_0002'), 'evt_0003'])
  })

  it('takes one that hangs for a failure', async (t) => {
    const storage = await open(t)
    await put(storage, 1, 2)
    const got: string[] = []
    listen(t, storage, ({ id }) => {
      got.push(id)
      return got.length === 1 ? new Promise(() => {}) : undefined
    })
    await until(isEmpty(storage))
    assert.deepEqual(got, ['evt_0001', 'evt_0001', 'evt_0002'])
  })

  it('delivers again when the process dies between delivery and removal', async (t) => {
    const storage = await open(t)
    await put(storage, 1, 2)
    const got: string[] = []
    // As if the machine stopped there: the removal never comes about, and the next process begins with what is stored.
    const dying: Storage = { ...storage, atomically: () => new Promise(() => {}) }
    const services = {
      storage: dying,
      now: () => new Date(),
      log: silentLog,
      hooks: { onEvent: ({ id }: EntradaEvent) => void got.push(id) },
    } as unknown as Services // as above
    startOutbox(services, quick)
    await until(() => got.length === 1)
    // Its turn is over when the time it had taken is.
    listen(
      t,
      storage,
      ({ id }) => void got.push(id),
      () => new Date(Date.now() + 60_000),
    )
    await until(isEmpty(storage))
    assert.deepEqual(got, ['evt_0001', 'evt_0001', 'evt_0002'])
  })

  it('lets one of two replicas deliver at a time, and the other go on when it is gone', async (t) => {
    const storage = await open(t)
    let time = Date.now()
    const now = () => new Date(time)
    const got: string[] = []
    const byReplica = { first: 0, second: 0 }
    const as =
      (name: keyof typeof byReplica) =>
      async ({ id }: EntradaEvent) => {
        await pause(1)
        got.push(id)
        byReplica[name] += 1
      }
    const stopFirst = listen(t, storage, as('first'), now)
    await put(storage, 1)
    await until(isEmpty(storage))
    listen(t, storage, as('second'), now)
    await put(storage, 2, 3, 4, 5)
    await until(isEmpty(storage))
    assert.deepEqual(byReplica, { first: 5, second: 0 })
    await stopFirst()
    await put(storage, 6)
    await pause(30)
    assert.equal(byReplica.second, 0, 'the turn of the first is not over')
    time += 15_000
    await until(isEmpty(storage))
    assert.deepEqual(byReplica, { first: 5, second: 1 })
    assert.deepEqual(
      got,
      [1, 2, 3, 4, 5, 6].map((n) => newAuditEvent(n).id),
    )
  })

  it('keeps events in order while two replicas both want to deliver for long', async (t) => {
    const storage = await open(t)
    const got: string[] = []
    let time = Date.now()
    const now = () => new Date(time)
    for (let n = 0; n < 2; n += 1) listen(t, storage, ({ id }) => void got.push(id), now)
    const numbers = Array.from({ length: 60 }, (_, n) => n)
    for (const n of numbers) {
      await put(storage, n)
      time += 700 // turns change hands on the way
      await pause(3)
    }
    await until(async () => {
      time += 1_000
      return isEmpty(storage)()
    })
    assert.deepEqual(
      got,
      numbers.map((n) => newAuditEvent(n).id),
    )
  })

  it('ends after the event under way', async (t) => {
    const storage = await open(t)
    await put(storage, 1, 2)
    const got: string[] = []
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
    const stop = listen(t, storage, async ({ id }) => {
      begin()
      await pause(20)
      got.push(id)
    })
    await begun
    await stop()
    assert.deepEqual(got, ['evt_0001'])
    assert.equal((await storage.listOutbox(9)).length, 1)
  })
})
