/** That no column which a sign-in reads is left out of its mark by oversight. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { connectionPart, organizationPart } from './organization-rows.ts'
import { identityPart, membershipPart, userPart } from './people-rows.ts'
import type { Tables } from './schema.ts'
import { sameState } from './sign-in-verbs.ts'

const read = {
  connections: connectionPart.columns,
  organizations: organizationPart.columns,
  identities: identityPart.columns,
  users: userPart.columns,
  memberships: membershipPart.columns,
} as const

/** Columns on which no decision relies: keys by which rows are joined, names, times, what never changes, and what each sign-in replaces. */
const leftOut: { readonly [Table in keyof typeof read]: readonly string[] } = {
  connections: [
    ...['id', 'organization_id', 'name', 'slug', 'protocol', 'managed_by'],
    ...['created_at', 'updated_at'],
    'credentials', // a sign-in that was verified with a credential which is replaced meanwhile still holds
  ],
  organizations: ['id', 'name', 'slug', 'created_at', 'updated_at'],
  identities: [
    ...['user_id', 'space', 'directory', 'subject', 'connection_id', 'sub', 'last_claims'],
    'created_at',
    'last_sign_in_at', // the mark has whether there is one
  ],
  users: ['created_at', 'updated_at'],
  memberships: [
    ...['user_id', 'organization_id', 'username', 'profile', 'created_at', 'last_sign_in_at'],
  ],
}

const database = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

describe('the mark of a sign-in', () => {
  const person = { space: 'entra:global', directory: 't', subject: 'o' } as const
  const question = { connectionId: 'con_1', person, presentedTokenHashes: [] }
  const [marked = ''] = sameState(database, question, '').statement.sql.split(' from "connections"')

  for (const table of Object.keys(read) as (keyof typeof read)[]) {
    it(`has each column of ${table}, but for those that are named here`, () => {
      const missing = read[table].filter((column) => !marked.includes(`"${table}"."${column}"`))
      assert.deepEqual(missing.toSorted(), leftOut[table].toSorted())
    })
  }
})
