/** The queries of docs/move-over.md, against tables as those systems make them, and what `user import` finds in the answer. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { notTakenReasons, readImportedPeople } from '../src/cli/imported-people.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'

const TID = '11111111-1111-4111-8111-111111111111'
const OID = 'aaaaaaaa-0000-4000-8000-000000000001'
const SUB = 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ'
const idToken = `e30.${Buffer.from(JSON.stringify({ oid: OID, tid: TID })).toString('base64url')}.c2ln`

const guide = readFileSync('docs/move-over.md', 'utf8')
const queryOf = (name: string) =>
  new RegExp(`^\`\`\`sql ${name}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(guide)?.[1] ?? ''

/** The columns that matter, spelled as in the schemas of their documentation. */
const schemas = {
  'better-auth': [
    'create table "user" (id text primary key, name text not null, email text not null unique, "emailVerified" boolean not null, image text)',
    'create table account (id text primary key, "accountId" text not null, "providerId" text not null, "userId" text not null references "user", "idToken" text, "accessToken" text, password text)',
    `insert into "user" values ('u1', 'Alice', 'alice@contoso.example', false), ('u2', 'Bob', 'bob@contoso.example', false)`,
    `insert into account values ('a1', '${SUB}', 'microsoft', 'u1', '${idToken}'), ('a2', 'u2', 'credential', 'u2', null), ('a3', 'sub-of-bob', 'microsoft', 'u2', null)`,
  ],
  // 1.7.0 to 1.7.2, and the strategy "issuer" of later versions: the object id, and the tenant in another column.
  'better-auth-issuer': [
    'create table "user" (id text primary key, name text not null, email text not null unique, "emailVerified" boolean not null, image text)',
    'create table account (id text primary key, "accountId" text not null, "providerId" text not null, issuer text not null, "userId" text not null references "user", "idToken" text)',
    `insert into "user" values ('u1', 'Alice', 'alice@contoso.example', false), ('u2', 'Bob', 'bob@contoso.example', false)`,
    `insert into account values ('a1', '${OID}', 'microsoft', 'https://login.microsoftonline.com/${TID}/v2.0', 'u1', null), ('a2', 'u2', 'credential', 'local:credential', 'u2', null), ('a3', 'sub-of-bob', 'microsoft-entra-id', 'local:oauth:microsoft-entra-id', 'u2', null)`,
  ],
  'auth-js': [
    'create table users (id text primary key, name text, email text unique, "emailVerified" timestamptz, image text)',
    'create table accounts ("userId" text not null references users, type text not null, provider text not null, "providerAccountId" text not null, id_token text)',
    `insert into users values ('u1', 'Alice', 'alice@contoso.example'), ('u2', 'Bob', null)`,
    `insert into accounts values ('u1', 'oidc', 'microsoft-entra-id', '${SUB}', '${idToken}'), ('u2', 'oauth', 'github', '7', null), ('u2', 'oidc', 'azure-ad', 'sub-of-bob', null)`,
  ],
} as const

let postgres: TestPostgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.close())

describe('docs/move-over.md', () => {
  for (const [name, statements] of Object.entries(schemas)) {
    it(`has a query that exports the people of ${name} (O16)`, async () => {
      const database = await postgres.createDatabase()
      for (const statement of statements) await postgres.run(database, statement)
      const rows = await postgres.run(database, queryOf(name))
      const found = readImportedPeople(JSON.stringify(rows)).rows
      assert.deepEqual(
        found.map((row) => [row.oldId, row.kind === 'person' ? row.person.oid : row.reason]).sort(),
        [
          ['u1', OID],
          ['u2', 'only_sub'],
        ],
      )
    })
  }

  it('shows a row of passport-azure-ad that is taken', () => {
    const [, row = ''] = /^(\{"id": 7, .*\})$/m.exec(guide) ?? []
    const [taken] = readImportedPeople(row).rows
    assert.ok(taken?.kind === 'person' && taken.person.tid === TID)
  })

  it('names every reason for which a row is left out', () => {
    const missing = Object.keys(notTakenReasons).filter(
      (reason) => !guide.includes(`\`${reason}\``),
    )
    assert.deepEqual(missing, [])
  })
})
