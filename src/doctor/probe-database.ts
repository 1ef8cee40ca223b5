/** What the database says about itself, and about the sign-ins so far. */
import type { OperatorEntry } from '../admin/operators.ts'
import type { Secret } from '../secret.ts'
import { inspectDatabase } from '../storage/inspect-database.ts'
import type { StorageReader } from '../storage/storage.ts'
import type { DatabaseFacts, SeenInDatabase, SeenOperator } from './facts.ts'

export type DatabaseTarget = {
  readonly address: string | Secret
  readonly operators: readonly OperatorEntry[]
  /** In whose directories operators are looked for. */
  readonly cloud: string
  readonly timeLimitMs: number
}

const CONNECTION = 'default'
const ORGANIZATION = 'default'
const TRACES = 50
const PAGE = 200
const MAX_PAGES = 10

export async function probeDatabase(target: DatabaseTarget): Promise<DatabaseFacts> {
  const { address, timeLimitMs } = target
  const where = whereOf(address)
  const silent = { kind: 'unreachable', reason: 'no answer came in time' } as const
  const inspection = await Promise.race([
    inspectDatabase(address, (reader) => look(reader, target)),
    later(timeLimitMs, silent),
  ])
  return { where, inspection }
}

async function look(reader: StorageReader, target: DatabaseTarget): Promise<SeenInDatabase> {
  const verification = await reader.findAuditVerification()
  const { items: traces } = await reader.listSignInTraces({}, { limit: TRACES })
  return {
    traces,
    linkedTenants: await reader.listLinkedTenants(CONNECTION),
    sealingKeyIds: await reader.listSealingKeyIds(),
    ...(await lookAtUsers(reader)),
    operators: await lookForOperators(reader, target),
    auditLinks: (await reader.findAuditChainHead())?.sequence ?? 0,
    ...(verification ? { auditVerification: verification } : {}),
  }
}

async function lookAtUsers(reader: StorageReader) {
  const sources = new Set<string>()
  let usersSignedIn = 0
  let after: string | undefined
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const request = { limit: PAGE, ...(after === undefined ? {} : { after }) }
    const { items, next } = await reader.listUsers(request)
    for (const { memberships, roles } of items) {
      if (memberships.some(({ lastSignInAt }) => lastSignInAt !== undefined)) usersSignedIn += 1
      for (const { source } of roles) sources.add(source)
    }
    if (next === undefined) break
    after = next
  }
  return { usersSignedIn, roleSources: [...sources] }
}

async function lookForOperators(
  reader: StorageReader,
  { operators, cloud }: DatabaseTarget,
): Promise<readonly SeenOperator[]> {
  const seen: SeenOperator[] = []
  for (const operator of operators) {
    if (operator.kind !== 'user') continue
    const { tid, oid } = operator
    const known = await reader.findPerson({ cloud, tid, oid }, ORGANIZATION)
    const isDisabled = known?.user.status === 'disabled' || known?.membership?.status === 'disabled'
    const status = known === undefined ? 'never_seen' : isDisabled ? 'disabled' : 'active'
    seen.push({ tid, oid, status })
  }
  return seen
}

/** A file, or server and database without user and password. */
function whereOf(address: string | Secret): string {
  if (typeof address === 'string') return address
  const { host, pathname } = new URL(address.reveal())
  return `${host}${pathname}`
}

function later<T>(milliseconds: number, value: T): Promise<T> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds, value).unref())
}
