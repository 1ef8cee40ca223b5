/**
 * `node bench/strangers.ts`: whether people who sign in for the first time at once make each other fail, on two replicas of one PostgreSQL.
 * Figures only; nothing fails here. Everything runs in one process without a socket, the emulator too, so cores are scarce. The
 * first argument is how many people (default 10,000), the second how many at once (32).
 */
import { createEntrada } from '../src/entrada.ts'
import { noLimits } from '../src/http/rate-limit.ts'
import { silentLog } from '../src/log/log.ts'
import { openServices } from '../src/open-services.ts'
import { createCustomer, loginAddress } from '../test/support/customers.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { locationOf } from '../test/support/refusals.ts'
import { sameBrowserAcross } from '../test/support/replicas.ts'
import { CONTOSO, createRig } from '../test/support/rig.ts'

const PEOPLE = Number(process.argv[2] ?? 10_000)
const AT_ONCE = Number(process.argv[3] ?? 32)

const postgres = await startPostgres({ durable: true })
const database = await postgres.createDatabase()
const rig = await createRig({ database, log: silentLog, withoutLimits: true })
const second = createEntrada(rig.options, {
  ...(await openServices(rig.options, { background: true })),
  limits: noLimits,
})
const { connection } = await createCustomer(rig)
for (let n = 0; n < PEOPLE; n += 1) rig.emulator.addUser(CONTOSO, { userPrincipalName: nameOf(n) })

const before = await countTransactions()
const outcomes = new Map<number, number>()
const times: number[] = []
let busyMs = 0
for (let first = 0; first < PEOPLE; first += AT_ONCE) {
  const begun = []
  for (let n = first; n < Math.min(first + AT_ONCE, PEOPLE); n += 1) begun.push(await comeBack(n))
  const startedAt = performance.now()
  await Promise.all(
    begun.map(async ({ browser, callback }, n) => {
      const replica = n % 2 === 0 ? rig.entrada : second
      const { status } = await sameBrowserAcross(rig, [replica], browser).request(callback)
      outcomes.set(status, (outcomes.get(status) ?? 0) + 1)
      times.push(performance.now() - startedAt)
    }),
  )
  busyMs += performance.now() - startedAt
}
const after = await countTransactions()
times.sort((a, b) => a - b)
console.log('answers of the callback:', Object.fromEntries(outcomes))
console.log(
  'transactions:',
  after.committed - before.committed,
  'rolled back:',
  after.rolledBack - before.rolledBack,
)
console.log(
  `callbacks a second: ${((PEOPLE / busyMs) * 1000).toFixed(0)}, p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms`,
)
await second.close()
await rig.close()
await postgres.close()

function nameOf(n: number): string {
  return `person-${n}@contoso.example`
}

function quantile(share: number): string {
  return (times[Math.floor(times.length * share)] ?? 0).toFixed(0)
}

async function comeBack(n: number) {
  rig.emulator.signInAutomaticallyAs(nameOf(n))
  const browser = rig.browser()
  const started = await browser.request(loginAddress(connection))
  const answered = await browser.request(locationOf(started))
  return { browser, callback: locationOf(answered) }
}

async function countTransactions() {
  await postgres.cutConnections(database)
  const [row] = await postgres.run(
    'postgres',
    `select xact_commit, xact_rollback from pg_stat_database where datname = '${new URL(database).pathname.slice(1)}'`,
  )
  return { committed: Number(row?.xact_commit), rolledBack: Number(row?.xact_rollback) }
}
