/** Verbs about organizations and connections. */
import {
  parseConnection,
  parseOrganization,
  sealedCredentials,
  toConnectionRow,
  toOrganizationRow,
} from './organization-rows.ts'
import type { Database } from './schema.ts'
import type { StorageReader, StorageTransaction } from './storage.ts'

/** Columns that hold sealed values, each with the way to find them. A new one belongs here, or a key is dropped too early. */
const sealedColumns = [
  { table: 'connections', column: 'credentials', sealedValuesIn: sealedCredentials },
] as const

export function organizationReads(
  database: Database,
): Pick<
  StorageReader,
  | 'findOrganization'
  | 'findConnection'
  | 'listConnections'
  | 'listLinkedTenants'
  | 'listSealingKeyIds'
  | 'countSealedValues'
> {
  return {
    async findOrganization(id) {
      const query = database.selectFrom('organizations').selectAll().where('id', '=', id)
      const row = await query.executeTakeFirst()
      return row && parseOrganization(row)
    },
    async findConnection(id) {
      const query = database.selectFrom('connections').selectAll().where('id', '=', id)
      const row = await query.executeTakeFirst()
      return row && parseConnection(row)
    },
    async listConnections() {
      const query = database.selectFrom('connections').selectAll().orderBy('id')
      return (await query.execute()).map(parseConnection)
    },
    async listLinkedTenants(connectionId) {
      const query = database.selectFrom('identities').select('tid').distinct()
      const rows = await query.where('connection_id', '=', connectionId).orderBy('tid').execute()
      return rows.map((row) => row.tid)
    },
    listSealingKeyIds: async () => Object.keys(await countSealedValues(database)).sort(),
    countSealedValues: () => countSealedValues(database),
  }
}

export function organizationWrites(
  database: Database,
): Pick<StorageTransaction, 'putOrganization' | 'putConnection'> {
  return {
    async putOrganization(organization) {
      const { id, ...rest } = toOrganizationRow(organization)
      const insert = database.insertInto('organizations').values({ id, ...rest })
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(rest)).execute()
    },
    async putConnection(connection) {
      const { id, ...rest } = toConnectionRow(connection)
      const insert = database.insertInto('connections').values({ id, ...rest })
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(rest)).execute()
    },
  }
}

async function countSealedValues(database: Database): Promise<Readonly<Record<string, number>>> {
  const counts = new Map<string, number>()
  for (const { table, column, sealedValuesIn } of sealedColumns) {
    const rows = await database.selectFrom(table).select(column).execute()
    for (const sealed of rows.flatMap((row) => sealedValuesIn(row[column]))) {
      const keyId = keyIdOf(sealed)
      counts.set(keyId, (counts.get(keyId) ?? 0) + 1)
    }
  }
  return Object.fromEntries(counts)
}

/** Sealed values are `v1.<key id>.<nonce>.<ciphertext>`. */
function keyIdOf(sealed: string): string {
  return sealed.split('.')[1] ?? sealed
}
