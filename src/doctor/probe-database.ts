/** Reads the state of the database, and the sign-ins so far. */
import { keyOfListed, nameOfListed, type OperatorEntry } from '../access/operators.ts'
import type { Secret } from '../keys/secret.ts'
import { isLoopbackHost } from '../settings/config.ts'
import { allOf } from '../storage/all-of.ts'
import { inspectDatabase } from '../storage/inspect-database.ts'
import type { Page, PageRequest, StorageReader } from '../storage/storage.ts'
import type { DatabaseFacts, SeenConnection, SeenInDatabase, SeenOperator } from './facts.ts'

export type DatabaseTarget = {
  readonly address: string | Secret
  readonly operators: readonly OperatorEntry[]
  /** The cloud in whose directories operators are looked up. */
  readonly cloud: string
  readonly timeLimitMs: number
  readonly connectionsWanted: number
  readonly now: () => Date
}

const CONNECTION = 'default'
const ORGANIZATION = 'default'
const TRACES = 50
const MAX_PAGES = 10

/** Inspects the database and reads what the rules need from it. */
export async function probeDatabase(target: DatabaseTarget): Promise<DatabaseFacts> {
  const { address, timeLimitMs } = target
  const where = whereOf(address)
  const silent = { kind: 'unreachable', reason: 'no answer came in time' } as const
  const inspection = await Promise.race([
    inspectDatabase(address, (reader) => look(reader, target), target.now),
    later(timeLimitMs, silent),
  ])
  return { where, inspection, ...serverOf(target) }
}

async function look(reader: StorageReader, target: DatabaseTarget): Promise<SeenInDatabase> {
  const verification = await reader.findAuditVerification()
  const { items: traces } = await reader.listSignInTraces({}, { limit: TRACES })
  return {
    traces,
    linkedTenants: await reader.listLinkedTenants(CONNECTION),
    sealingKeyIds: await reader.listSealingKeyIds(),
    ...(await lookAtUsers(reader)),
    connections: await lookAtConnections(reader),
    organizations: await listOrganizationNames(reader),
    operators: await lookForOperators(reader, target),
    auditLinks: (await reader.findAuditChainHead())?.sequence ?? 0,
    ...(verification ? { auditVerification: verification } : {}),
  }
}

async function lookAtUsers(reader: StorageReader) {
  const sources = new Set<string>()
  const roleNames = new Set<string>()
  let usersSignedIn = 0
  for await (const { memberships, roles } of allOf((page) => reader.listUsers(page), MAX_PAGES)) {
    if (memberships.some(({ lastSignInAt }) => lastSignInAt !== undefined)) usersSignedIn += 1
    for (const { source, role } of roles) {
      sources.add(source)
      roleNames.add(role)
    }
  }
  return { usersSignedIn, roleSources: [...sources], rolesHeld: [...roleNames] }
}

/** Returns the connections, also that of the environment as the last start of the server wrote it. */
async function lookAtConnections(reader: StorageReader): Promise<readonly SeenConnection[]> {
  const connections = await all((request) => reader.listConnections({}, request))
  return connections
    .filter(({ status }) => status === 'on')
    .map(({ id, organizationId, name, clientId, tenants, application, roleRules, policies }) => ({
      id,
      organizationId,
      name,
      clientId,
      tenants: tenants.kind === 'pinned' ? [tenants.tenantId ?? tenants.tenant] : tenants.tenantIds,
      usesSharedApplication: application === 'shared',
      roles: [
        ...roleRules.map(({ role }) => role),
        ...(policies.unmatched.kind === 'default_role' ? [policies.unmatched.role] : []),
      ],
    }))
}

async function listOrganizationNames(reader: StorageReader): Promise<readonly string[]> {
  const organizations = await all((request) => reader.listOrganizations(request))
  return organizations.flatMap(({ id, slug }) => [id, slug])
}

/** Reads at most as many pages as an examination uses. */
async function all<Item>(
  list: (request: PageRequest) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const items: Item[] = []
  for await (const item of allOf(list, MAX_PAGES)) items.push(item)
  return items
}

async function lookForOperators(
  reader: StorageReader,
  { operators, cloud }: DatabaseTarget,
): Promise<readonly SeenOperator[]> {
  const seen: SeenOperator[] = []
  for (const entry of operators) {
    if (entry.kind !== 'user') continue
    const key = keyOfListed(cloud, entry)
    const known = await reader.findPerson(key, ORGANIZATION)
    const isDisabled = known?.user.status === 'disabled' || known?.membership?.status === 'disabled'
    const status = known === undefined ? 'never_seen' : isDisabled ? 'disabled' : 'active'
    seen.push({ name: nameOfListed(entry), directory: key.directory, status })
  }
  return seen
}

/** A file, or server and database without user and password. */
function whereOf(address: string | Secret): string {
  if (typeof address === 'string') return address
  const { host, pathname } = new URL(address.reveal())
  return `${host}${pathname}`
}

/** `host` in the query wins; one that begins with a slash is a socket of this machine. */
function serverOf({ address, connectionsWanted }: DatabaseTarget): Pick<DatabaseFacts, 'server'> {
  if (typeof address === 'string') return {}
  const { hostname, searchParams } = new URL(address.reveal())
  const host = searchParams.get('host') ?? decodeURIComponent(hostname)
  const isRemote = host !== '' && !host.startsWith('/') && !isLoopbackHost(host)
  const sslMode = searchParams.get('sslmode')
  return { server: { isRemote, connectionsWanted, ...(sslMode ? { sslMode } : {}) } }
}

function later<T>(milliseconds: number, value: T): Promise<T> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds, value).unref())
}
