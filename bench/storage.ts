/**
 * `node bench/storage.ts`: what the hot verbs cost on each database, the disk waited for. Figures only; nothing fails here.
 * `ENTRADA_BENCH_PEOPLE` people are known beforehand (default 2,000).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  at,
  createPerson,
  newAuditEvent,
  newSession,
  newTrace,
  putDefaults,
} from '../src/storage/conformance-samples.ts'
import { openStorage } from '../src/storage/open-storage.ts'
import type { Storage } from '../src/storage/storage.ts'
import { startPostgres } from '../test/support/postgres.ts'

const PEOPLE = Number(process.env.ENTRADA_BENCH_PEOPLE ?? 2_000)
const folder = mkdtempSync(join(tmpdir(), 'entrada-bench-'))
const postgres = await startPostgres({ durable: true })
const options = { mode: 'development', now: () => at(0) } as const

await measure(await openStorage(join(folder, 'bench.db'), options))
await measure(await openStorage(await postgres.createDatabase(), options))
await postgres.close()
rmSync(folder, { recursive: true })

async function measure(storage: Storage): Promise<void> {
  await putDefaults(storage)
  for (let n = 0; n < PEOPLE; n += 100) await fill(storage, n)
  console.log(`\n${storage.kind}, ${PEOPLE} people`)
  let n = 0
  const tokenHash = () => newSession(n++ % PEOPLE).tokenHash
  await report('findSession, one after another', 2_000, 1, async () => {
    if (!(await storage.findSession(tokenHash(), at(1)))) throw new Error('not found')
  })
  await report('findSession, 20 at once', 4_000, 20, () => storage.findSession(tokenHash(), at(1)))
  await report('claimAttempt, one after another', 1_000, 1, () =>
    storage.claimAttempt(`a-${n++}`, at(9)),
  )
  await report('sign-in transaction, one after another', 300, 1, () => signIn(storage, n++))
  await report('sign-in transaction, 20 people at once', 600, 20, () => signIn(storage, n++))
  n = PEOPLE
  await report('first sign-in, 20 people at once', 300, 20, () => signInFirst(storage, n++))
  await storage.close()
}

async function fill(storage: Storage, first: number): Promise<void> {
  await storage.atomically(async (transaction) => {
    for (let n = first; n < first + 100; n += 1) {
      await createPerson(transaction, n)
      await transaction.writeAll([
        {
          write: 'replace_rule_roles',
          id: membershipOf(n),
          roles: [{ role: 'member', source: 'default' }],
        },
      ])
      await transaction.putGroupSnapshot(membershipOf(n), snapshotOf(n))
      await transaction.createSession(newSession(n))
    }
  })
}

/** Writes what completeSignIn writes for a known user. */
async function signIn(storage: Storage, count: number): Promise<void> {
  const person = count % PEOPLE
  const key = {
    space: 'entra:global',
    directory: 'tenant-1',
    subject: `oid-${String(person).padStart(4, '0')}`,
  } as const
  await storage.atomically(async (transaction) => {
    const known = await transaction.findPerson(key, 'default')
    if (known?.membership === undefined) throw new Error('not found')
    const seen = { sub: 's', lastClaims: {}, lastSignInAt: at(count), connectionId: 'default' }
    await transaction.writeAll([{ write: 'refresh_identity', id: known.identity.id, seen }])
    const profile = { ...known.membership.profile, displayName: `Name ${count}` }
    await transaction.writeAll([
      {
        write: 'refresh_membership',
        membership: known.membership,
        profile,
        lastSignInAt: at(count),
      },
    ])
    await transaction.writeAll([
      {
        write: 'replace_rule_roles',
        id: known.membership.id,
        roles: [{ role: 'member', source: 'default' }],
      },
    ])
    await transaction.putGroupSnapshot(known.membership.id, snapshotOf(count))
    const session = newSession(person, { id: `ses_${count}-b`, tokenHash: `hash-${count}-b` })
    await transaction.createSession(session)
    const event = newAuditEvent(person, { id: `evt_${count}-b` })
    await transaction.appendAuditEvent(event, { toOutbox: true })
    await transaction.writeAll([
      { write: 'append_sign_in_trace', trace: { ...newTrace(person), id: `trc_${count}-b` } },
    ])
  })
}

async function signInFirst(storage: Storage, n: number): Promise<void> {
  await storage.atomically(async (transaction) => {
    await createPerson(transaction, n)
    await transaction.writeAll([
      {
        write: 'replace_rule_roles',
        id: membershipOf(n),
        roles: [{ role: 'member', source: 'default' }],
      },
    ])
    await transaction.putGroupSnapshot(membershipOf(n), snapshotOf(n))
    await transaction.createSession(newSession(n))
  })
}

function snapshotOf(count: number) {
  return {
    groups: ['g'],
    appRoles: [],
    complete: true,
    takenAt: at(count),
    source: 'claim' as const,
  }
}

function membershipOf(n: number): `mem_${string}` {
  return `mem_${String(n).padStart(4, '0')}`
}

async function report(
  what: string,
  count: number,
  atOnce: number,
  call: () => Promise<unknown>,
): Promise<void> {
  const times: number[] = []
  const startedAt = performance.now()
  const line = async () => {
    for (let done = 0; done < count / atOnce; done += 1) {
      const before = performance.now()
      await call()
      times.push(performance.now() - before)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, line))
  const seconds = (performance.now() - startedAt) / 1000
  times.sort((a, b) => a - b)
  const at = (part: number) => (times[Math.floor(times.length * part)] ?? 0).toFixed(2)
  console.log(
    `${what.padEnd(40)} ${Math.round(count / seconds)}/s  median ${at(0.5)} ms  p99 ${at(0.99)} ms`,
  )
}
