/**
 * `node bench/many-customers.ts`: whether a sign-in, the login page and the lists of operators stay as fast with ten thousand customers as
 * with ten. Figures only; nothing fails here. Everything runs in one process without a socket (emulator included), on SQLite and on a
 * PostgreSQL of its own. `ENTRADA_BENCH_CUSTOMERS` and `ENTRADA_BENCH_PEOPLE` say how many at last (default 10,000 and 100,000).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../src/log/log.ts'
import type { AuditEventRecord, SignInTrace } from '../src/storage/records.ts'
import type { StorageTransaction } from '../src/storage/storage.ts'
import { createCustomer } from '../test/support/customers.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { createRig, OPERATOR_TOKEN, people, type Rig, SERVER_URL } from '../test/support/rig.ts'

const CUSTOMERS = Number(process.env.ENTRADA_BENCH_CUSTOMERS ?? 10_000)
const PEOPLE = Number(process.env.ENTRADA_BENCH_PEOPLE ?? 100_000)
const BATCH = 250
const REPEATS = 20
const start = Date.UTC(2026, 0, 1)

const padded = (n: number) => String(n).padStart(8, '0')
const organizationOf = (n: number) => `org_${padded(n)}` as const

const folder = mkdtempSync(join(tmpdir(), 'entrada-bench-'))
const postgres = await startPostgres({ durable: true })
await measure('SQLite', join(folder, 'bench.db'))
await measure('PostgreSQL', await postgres.createDatabase())
await postgres.close()
rmSync(folder, { recursive: true })

type Figures = ReadonlyMap<string, number>

async function measure(name: string, database: string): Promise<void> {
  const rig = await createRig({ database, log: silentLog, signInsPerMinute: 1_000_000 })
  const customer = await createCustomer(rig, { name: 'Measured' })
  await fill(rig, { customers: [0, 10], people: [0, 100] })
  const few = await figures(rig, customer.connection.slug, 10)
  const startedAt = performance.now()
  await fill(rig, { customers: [10, CUSTOMERS], people: [100, PEOPLE] })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
  if (database.startsWith('postgres'))
    await postgres.run(new URL(database).pathname.slice(1), 'analyze')
  const many = await figures(rig, customer.connection.slug, CUSTOMERS)
  console.log(
    `\n${name}: ${CUSTOMERS} connections, ${PEOPLE} people (filled in ${seconds} s); ms each, the middle of ${REPEATS}`,
  )
  console.log(`${'with'.padEnd(44)} ${'10'.padStart(8)} ${String(CUSTOMERS).padStart(8)}`)
  for (const [what, ms] of many) {
    console.log(
      `${what.padEnd(44)} ${(few.get(what) ?? 0).toFixed(1).padStart(8)} ${ms.toFixed(1).padStart(8)}`,
    )
  }
  await rig.close()
}

type Range = readonly [from: number, to: number]

async function fill(
  rig: Rig,
  { customers, people }: { customers: Range; people: Range },
): Promise<void> {
  const { storage } = rig.services
  const inBatches = async (
    [from, to]: Range,
    put: (transaction: StorageTransaction, n: number) => Promise<void>,
  ) => {
    for (let first = from; first < to; first += BATCH) {
      await storage.atomically(async (transaction) => {
        for (let n = first; n < Math.min(first + BATCH, to); n += 1) await put(transaction, n)
      })
    }
  }
  const model = await storage.findConnectionBySlug('measured')
  if (model === undefined) throw new Error('the measured customer is there')
  await inBatches(customers, async (transaction, n) => {
    const createdAt = new Date(start + n * 1000)
    const organizationId = organizationOf(n)
    const own = { id: organizationId, name: `Customer ${n}`, slug: `customer-${n}` }
    await transaction.putOrganization({ ...own, settings: {}, createdAt, updatedAt: createdAt })
    const id = `con_${padded(n)}`
    await transaction.putConnection({
      ...model,
      id,
      organizationId,
      name: own.name,
      slug: own.slug,
      createdAt,
      updatedAt: createdAt,
    })
  })
  await inBatches(people, (transaction, n) => putPerson(transaction, n, customers[1]))
}

async function putPerson(
  transaction: StorageTransaction,
  n: number,
  customers: number,
): Promise<void> {
  const at = new Date(start + n * 100)
  const [userId, organizationId] = [`usr_${padded(n)}`, organizationOf(n % customers)] as const
  await transaction.createUser({ id: userId, status: 'active', createdAt: at, updatedAt: at })
  const key = {
    space: 'entra:global',
    directory: `tenant-${n % customers}`,
    subject: `oid-${padded(n)}`,
  } as const
  await transaction.linkIdentity({
    id: `idn_${padded(n)}`,
    userId,
    key,
    lastClaims: {},
    createdAt: at,
  })
  const email = {
    address: `person${n}@customer.example`,
    source: 'email_claim',
    proven: true,
  } as const
  const id = `mem_${padded(n)}` as const
  await transaction.createMembership({
    id,
    userId,
    organizationId,
    username: `person-${n}`,
    profile: { displayName: `Person ${n}`, email },
    status: 'active',
    createdAt: at,
  })
  await transaction.writeAll([
    { write: 'replace_rule_roles', id, roles: [{ role: 'member', source: 'default' }] },
  ])
  await transaction.appendAuditEvent(eventOf(n, at), { toOutbox: false })
  await transaction.writeAll([{ write: 'append_sign_in_trace', trace: traceOf(n, at) }])
}

function eventOf(n: number, at: Date): AuditEventRecord {
  const userId = `usr_${padded(n)}` as const
  return {
    id: `evt_${padded(n)}`,
    at,
    type: 'sign_in.succeeded',
    actor: { kind: 'user', id: userId },
    userId,
    detail: {},
  }
}

function traceOf(n: number, at: Date): SignInTrace {
  const own = { attemptId: `a-${n}`, correlationId: `c-${n}`, userId: `usr_${padded(n)}` } as const
  return { id: `trc_${padded(n)}`, at, ...own, outcome: 'signed_in', steps: [] }
}

async function figures(rig: Rig, slug: string, customers: number): Promise<Figures> {
  const get = (path: string) => async () => {
    const headers = { authorization: `Bearer ${OPERATOR_TOKEN}` }
    const response = await rig.browser().request(`${SERVER_URL}${path}`, { headers })
    await response.text()
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}`)
  }
  /** In the middle of what was filled in. */
  const deep = (prefix: string, n: number, stepMs: number) =>
    Buffer.from(`${start + n * stepMs},${prefix}_${padded(n)}`).toString('base64url')
  const persons = customers === 10 ? 100 : PEOPLE
  const half = Math.floor(customers / 2)
  const middle = Math.floor(persons / 2)
  const organization = organizationOf(half)
  const steps: readonly (readonly [string, () => Promise<void>])[] = [
    ["a sign-in at a customer's address", () => signIn(rig, slug)],
    ['the login page', get('/login')],
    ['connections, first page', get('/api/v1/connections')],
    ['connections, in the middle', get(`/api/v1/connections?cursor=${deep('con', half, 1000)}`)],
    ['connections, search', get(`/api/v1/connections?search=customer-${half}`)],
    ['organizations, search', get(`/api/v1/organizations?search=customer-${half}`)],
    ['users, first page', get('/api/v1/users')],
    ['users, in the middle', get(`/api/v1/users?cursor=${deep('usr', middle, 100)}`)],
    ['users, search by name', get(`/api/v1/users?search=person%20${middle}`)],
    ['users, search by object id', get(`/api/v1/users?search=oid-${padded(middle)}`)],
    ['users of one organization', get(`/api/v1/users?organization=${organization}`)],
    ['memberships of one organization', get(`/api/v1/memberships?organization=${organization}`)],
    ['sessions, first page', get('/api/v1/sessions')],
    ['audit events, first page', get('/api/v1/audit-events')],
    ['audit events of a user', get(`/api/v1/audit-events?user=usr_${padded(middle)}`)],
    ['sign-ins, in the middle', get(`/api/v1/sign-in-traces?cursor=${deep('trc', middle, 100)}`)],
    ["operators' first page", get('/admin')],
  ]
  const measured = new Map<string, number>()
  for (const [what, step] of steps) measured.set(what, await middleOf(step))
  return measured
}

async function signIn(rig: Rig, slug: string): Promise<void> {
  rig.emulator.signInAutomaticallyAs(people.alice)
  const { response } = await rig.browser().visit(`${SERVER_URL}/enterprise-login/${slug}`)
  if (response.status !== 200) throw new Error(`the sign-in answered ${response.status}`)
  rig.clock.advanceSeconds(10)
}

async function middleOf(step: () => Promise<void>): Promise<number> {
  await step()
  const times: number[] = []
  for (let n = 0; n < REPEATS; n += 1) {
    const startedAt = performance.now()
    await step()
    times.push(performance.now() - startedAt)
  }
  return times.sort((a, b) => a - b)[Math.floor(REPEATS / 2)] ?? 0
}
