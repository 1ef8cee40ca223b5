/** What is wrong with what is kept: the data folder, the database, the keys; and what the sign-ins so far tell. */
import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { openSqliteConnection } from '../src/storage/sqlite.ts'
import { openClinic } from './support/clinic.ts'
import { examineWith, makeDatabase } from './support/examined.ts'
import {
  CLIENT_ID,
  CONTOSO,
  ENGINEERING,
  FABRIKAM,
  people,
  type Rig,
  SALES,
} from './support/rig.ts'
import { temporaryFolder } from './support/server-process.ts'
import { openRig } from './support/steps.ts'

/** Runs one statement on the file, made if need be. */
function changeDatabase(path: string, statement: string): void {
  const { handle } = openSqliteConnection(path)
  handle.exec(statement)
  handle.close()
}

async function sealWith({ services: { storage } }: Rig, keyId: string): Promise<void> {
  const connection = await storage.findConnection('default')
  assert.ok(connection)
  const createdAt = new Date()
  const sealed = { id: 'one', kind: 'client_secret', state: 'active', createdAt } as const
  const credentials = [{ ...sealed, sealed: `v1.${keyId}.nonce.ciphertext` }]
  await storage.atomically((work) => work.putConnection({ ...connection, credentials }))
}

describe('what the doctor finds in the data folder', () => {
  it('that every user of the machine can read its files', async (t) => {
    const folder = await temporaryFolder(t)
    await makeDatabase(folder)
    const file = join(folder, 'secret-keys')
    await writeFile(file, newSecretKey(), { mode: 0o644 })
    await chmod(folder, 0o755)
    const { exitCode, find } = await examineWith({ ENTRADA_DATA_DIR: folder }, '--only', 'machine')
    assert.equal(exitCode, 1)
    assert.deepEqual(find('data_files_open_to_others').items, [`${file} (mode 0644)`])
  })

  it('that everybody may look into it, though the files are private', async (t) => {
    const folder = await temporaryFolder(t)
    await makeDatabase(folder)
    await chmod(folder, 0o755)
    const { exitCode, find } = await examineWith({ ENTRADA_DATA_DIR: folder }, '--only', 'machine')
    assert.equal(exitCode, 0)
    assert.match(find('data_folder_open_to_others').what, /mode 0755/)
  })

  // Root may write everywhere else.
  it('that nothing can be written there', { skip: process.platform !== 'linux' }, async () => {
    const changes = { ENTRADA_DATA_DIR: '/proc/self' }
    const { exitCode, find } = await examineWith(changes, '--only', 'machine')
    assert.equal(exitCode, 1)
    assert.match(find('data_folder_not_writable').what, /\/proc\/self \(E[A-Z]+\)/)
  })

  it('a key ring that is damaged, and a weak operator token', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'secret-keys'), 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')
    await writeFile(join(folder, 'operator-token'), 'password')
    const { exitCode, find } = await examineWith({ ENTRADA_DATA_DIR: folder })
    assert.equal(exitCode, 1)
    assert.match(find('key_ring_damaged').what, /it must be random/)
    assert.match(find('operator_token_weak').what, /must be at least 43 characters/)
  })

  it('two key rings, of which one is not used', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'secret-keys'), newSecretKey())
    const environment = { ENTRADA_DATA_DIR: folder, ENTRADA_SECRET_KEYS: newSecretKey() }
    const { find } = await examineWith(environment, '--only', 'keys')
    assert.equal(find('key_ring_in_two_places').severity, 'warning')
  })
})

describe('what the doctor finds in the database', () => {
  it('that it fits', async (t) => {
    const folder = await temporaryFolder(t)
    await makeDatabase(folder)
    const { exitCode, troubles, find } = await examineWith(
      { ENTRADA_DATA_DIR: folder },
      '--only',
      'database',
    )
    assert.deepEqual([exitCode, troubles], [0, []])
    assert.match(find('database_fits').what, /schema \d+, SQLite 3/)
    assert.equal(find('database_writable').severity, 'ok')
  })

  it('that it was made by `entrada dev`, or by `entrada serve` when --dev asks', async (t) => {
    const folder = await temporaryFolder(t)
    const environment = { ENTRADA_DATA_DIR: folder }
    await makeDatabase(folder, 'development')
    const served = await examineWith(environment, '--only', 'database')
    assert.deepEqual([served.exitCode, served.troubles], [1, ['database_of_development']])
    await makeDatabase(join(folder, 'dev'), 'production')
    const developed = await examineWith(environment, '--dev', '--only', 'database')
    assert.deepEqual([developed.exitCode, developed.troubles], [1, ['database_of_production']])
  })

  it('that it belongs to a newer release', async (t) => {
    const folder = await temporaryFolder(t)
    changeDatabase(await makeDatabase(folder), 'update database_mark set oldest_program = 99')
    const { exitCode, find } = await examineWith({ ENTRADA_DATA_DIR: folder }, '--only', 'database')
    assert.equal(exitCode, 1)
    assert.match(find('database_too_new').what, /support for schema 99/)
  })

  it('that it is of something else, or no database at all', async (t) => {
    const folder = await temporaryFolder(t)
    changeDatabase(join(folder, 'entrada.db'), 'create table recipes (id integer)')
    const environment = { ENTRADA_DATA_DIR: folder }
    const other = await examineWith(environment, '--only', 'database')
    assert.deepEqual([other.exitCode, other.troubles], [1, ['database_not_ours']])
    await writeFile(join(folder, 'entrada.db'), 'This is a letter, and no database.'.repeat(99))
    const letter = await examineWith(environment, '--only', 'database')
    assert.match(letter.find('database_unreachable').what, /file is not a database/)
  })

  it('that another program keeps it locked', async (t) => {
    const folder = await temporaryFolder(t)
    const { handle } = openSqliteConnection(await makeDatabase(folder))
    t.after(() => handle.close())
    handle.exec('begin immediate')
    const { exitCode, find } = await examineWith({ ENTRADA_DATA_DIR: folder }, '--only', 'database')
    assert.equal(exitCode, 0)
    assert.equal(find('database_busy').severity, 'warning')
  })

  it('that PostgreSQL cannot be reached, without naming user and password', async (t) => {
    const environment = {
      ENTRADA_DATA_DIR: await temporaryFolder(t),
      ENTRADA_DATABASE_URL: 'postgres://someone:password@localhost:1/entrada',
    }
    const { exitCode, find, text } = await examineWith(environment, '--only', 'database')
    assert.equal(exitCode, 1)
    assert.match(find('database_unreachable').what, /localhost:1\/entrada .*ECONNREFUSED/)
    assert.doesNotMatch(text, /someone|password@/)
  })

  it('that something is sealed with a key which is not held', async (t) => {
    const folder = await temporaryFolder(t)
    const database = join(folder, 'entrada.db')
    const rig = await openRig(t, { database })
    await sealWith(rig, 'feedf00d')
    await writeFile(join(folder, 'secret-keys'), newSecretKey())
    const { exitCode, find } = await examineWith({ ENTRADA_DATA_DIR: folder }, '--only', 'keys')
    assert.equal(exitCode, 1)
    assert.deepEqual(find('key_ring_of_another_database').items, ['key feedf00d'])
  })
})

describe('what the doctor finds in the sign-ins so far', () => {
  it('nothing, where everything comes', async (t) => {
    const { signIn, examine } = await openClinic(t)
    await signIn(people.alice)
    const { exitCode, troubles, find } = await examine('claims')
    assert.deepEqual([exitCode, troubles], [0, []])
    assert.match(find('claims_complete').what, /last 1 sign-ins/)
  })

  it('each optional claim that never comes', async (t) => {
    const { rig, signIn, examine } = await openClinic(t)
    rig.emulator.setApplication(CLIENT_ID, { optionalClaims: [] })
    const removeClaims = ['sid', 'login_hint', 'acct', 'email', 'xms_edov']
    rig.emulator.setFault({ kind: 'id_token', removeClaims })
    await signIn(people.alice)
    const { report } = await examine('claims')
    const ids = report.findings.map(({ id }) => id)
    for (const claim of removeClaims) assert.ok(ids.some((id) => id === `claim_missing_${claim}`))
  })

  it('that people are to be linked by an address which Entra never vouches for', async (t) => {
    const { rig, signIn, examine } = await openClinic(t)
    rig.emulator.setFault({ kind: 'id_token', removeClaims: ['xms_edov'] })
    await signIn(people.alice)
    const { find } = await examine('claims', { ENTRADA_ENTRA_LINKING: 'verified' })
    assert.equal(find('linking_without_proof').severity, 'warning')
  })

  it('a role rule on a group, and no groups claim', async (t) => {
    const { rig, signIn, examine, writeRules } = await openClinic(t)
    rig.emulator.setApplication(CLIENT_ID, { groupMembershipClaims: 'None' })
    await signIn(people.alice)
    const rules = await writeRules([{ group: ENGINEERING, role: 'admin' }])
    const { exitCode, find } = await examine('claims', rules)
    assert.equal(exitCode, 1)
    assert.match(find('groups_claim_missing').what, /^role rules depend on groups/)
  })

  it('no missing groups claim where only some people are in no group', async (t) => {
    const { rig, signIn, examine, writeRules } = await openClinic(t)
    await signIn(people.alice)
    rig.emulator.setUserGroups(people.bob, [])
    await signIn(people.bob)
    const rules = await writeRules([{ group: ENGINEERING, role: 'admin' }])
    const { exitCode, troubles } = await examine('claims', rules)
    assert.deepEqual([exitCode, troubles], [0, []])
  })

  it('people in too many groups, who are refused when a rule needs groups', async (t) => {
    const { signIn, examine, writeRules } = await openClinic(t)
    await signIn(people.dave)
    assert.equal((await examine('claims')).find('groups_overage_seen').severity, 'info')
    const rules = await writeRules([{ group: ENGINEERING, role: 'admin' }])
    const { find } = await examine('claims', rules)
    assert.equal(find('groups_overage_refuses').severity, 'warning')
  })

  it('groups that Microsoft Graph did not tell, with the permission that is missing', async (t) => {
    const policies = { groupsOverage: 'graph' } as const
    const { rig, signIn, examine } = await openClinic(t, { policies })
    rig.emulator.setFault({ on: 'graph', kind: 'status', status: 403, body: '{"error":{}}' })
    await signIn(people.dave)
    const found = (await examine('claims')).find('groups_unreadable')
    assert.equal(found.severity, 'warning')
    assert.match(JSON.stringify(found), /graph_forbidden.*User\.Read/)
  })

  it('why people were refused', async (t) => {
    const { signIn, examine } = await openClinic(t)
    await signIn(people.alice)
    await signIn(people.grace)
    await signIn(people.grace)
    const { find } = await examine('claims')
    assert.match(find('sign_ins_refused').what, /^2 of the last 3/)
    assert.match(find('sign_ins_refused').items[0] ?? '', /^2 × \w+$/)
  })

  it('a redirect URI registered for a single-page application, until a sign-in works', async (t) => {
    const { rig, signIn, examine } = await openClinic(t)
    rig.emulator.setFault({
      kind: 'oauth_error',
      on: 'token',
      error: 'invalid_request',
      code: 9002327,
    })
    await signIn(people.alice)
    const { find } = await examine('registration')
    assert.match(find('registered_as_spa').what, /returned by Entra in a recent sign-in/)
    await signIn(people.alice)
    const after = await examine('registration')
    assert.ok(!after.troubles.includes('registered_as_spa'))
  })

  it('role rules that match nobody, and those that are not valid', async (t) => {
    const { signIn, examine, writeRules } = await openClinic(t)
    await signIn(people.alice)
    const unused = await examine('roles', await writeRules([{ group: SALES, role: 'seller' }]))
    assert.deepEqual(unused.find('role_rules_never_matched').items, [`group ${SALES} → seller`])
    const invalid = await examine(
      'roles',
      await writeRules([{ group: 'Engineering', role: 'admin' }]),
    )
    assert.equal(invalid.exitCode, 1)
    assert.match(invalid.find('role_rules_invalid').items[0] ?? '', /object id \(GUID\)/)
    const absent = await examine('roles', { ENTRADA_ROLE_RULES_FILE: '/not/there' })
    assert.match(absent.find('role_rules_invalid').items[0] ?? '', /cannot be read/)
  })

  it('operators who never came, and those who did', async (t) => {
    const { signIn, examine } = await openClinic(t)
    await signIn(people.alice)
    const alice = `user:${CONTOSO}/aaaaaaaa-0000-4000-8000-000000000001`
    const bob = `user:${CONTOSO}/aaaaaaaa-0000-4000-8000-000000000002`
    const known = await examine('operators', { ENTRADA_OPERATORS: alice })
    assert.match(known.find('operators_listed').what, /All 1 /)
    const both = await examine('operators', { ENTRADA_OPERATORS: `${alice},${bob}` })
    assert.deepEqual(both.find('operator_never_seen').items, [bob])
  })

  it('people of another directory than the configured one, and its operators', async (t) => {
    const { signIn, examine } = await openClinic(t)
    await signIn(people.alice)
    const changes = {
      ENTRADA_ENTRA_TENANT_ID: FABRIKAM,
      ENTRADA_OPERATORS: `user:${CONTOSO}/aaaaaaaa-0000-4000-8000-000000000001`,
    }
    const operators = await examine('operators', changes)
    assert.equal(operators.find('operator_of_another_directory').severity, 'error')
    const entra = await examine('entra', changes)
    assert.match(
      entra.find('tenant_changed').what,
      new RegExp(`directory ${CONTOSO}, .*${FABRIKAM}`),
    )
  })
})
