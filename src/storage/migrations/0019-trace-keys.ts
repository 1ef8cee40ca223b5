import type { Kysely } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/**
 * Adds the other two parts of the key of a traced person. Their subject alone may be that of another person at another identity provider.
 * Traces of the release before have neither: all of their people are Entra's, whose subjects are unique.
 */
export async function addTraceKeys(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  for (const column of ['person_space', 'person_directory']) {
    await database.schema.alterTable('sign_in_traces').addColumn(column, text).execute()
  }
}
