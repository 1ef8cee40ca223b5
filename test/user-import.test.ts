/** `entrada user import`: users of another system, taken over by (`tid`, `oid`), who then sign in as the users they were. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { startHttpServer } from '../src/cli/http-server.ts'
import { CONTOSO, OPERATOR_TOKEN, people, type Rig } from './support/rig.ts'
import { freePort, temporaryFolder } from './support/server-process.ts'
import { auditEvents, openRig } from './support/steps.ts'
import { run } from './support/transcript.ts'

const ALICE = 'aaaaaaaa-0000-4000-8000-000000000001'
const BOB = 'aaaaaaaa-0000-4000-8000-000000000002'
const SUB = 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ'

const exported = [
  { userId: 'old-1', oid: ALICE, tid: CONTOSO, name: 'Alice E.', email: people.alice },
  { userId: 'old-2', oid: BOB.toUpperCase(), tid: CONTOSO, email: 'alice@elsewhere.example' },
  { userId: 'old-3', provider: 'microsoft-entra-id', providerAccountId: SUB, email: people.heidi },
]

type Importing = {
  readonly rig: Rig
  readonly file: string
  readonly runImport: (...options: readonly string[]) => ReturnType<typeof run>
}

async function openImporting(t: TestContext, { served = false } = {}): Promise<Importing> {
  const folder = await temporaryFolder(t)
  const port = await freePort()
  const serverUrl = new URL(`http://localhost:${port}`)
  const rig = await openRig(t, { serverUrl, database: join(folder, 'entrada.db') })
  if (served) {
    const server = await startHttpServer(rig.entrada, { host: '127.0.0.1', port })
    t.after(() => server.stop())
  }
  const file = join(folder, 'users.jsonl')
  writeFileSync(file, exported.map((row) => JSON.stringify(row)).join('\n'))
  const environment = {
    ENTRADA_SERVER_URL: serverUrl.origin,
    ENTRADA_DATA_DIR: folder,
    ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
  }
  return {
    rig,
    file,
    runImport: (...options) => run(['user', 'import', file, ...options], environment),
  }
}

const usersOf = async ({ services }: Rig) => (await services.storage.listUsers({ limit: 50 })).items

describe('entrada user import', () => {
  for (const served of [false, true]) {
    it(`says what it would do, then does it, then has nothing left to do: ${served ? 'through a server' : 'on the database'}`, async (t) => {
      const { rig, runImport } = await openImporting(t, { served })
      const dry = await runImport()
      assert.equal(dry.exitCode, 0)
      const printed = dry.printed.join('\n')
      assert.match(printed, /^3 +old-3 +only_sub/m)
      assert.match(printed, /only_sub: It has only the `sub`/)
      assert.match(printed, /would create 2, here already 0, not taken 1/)
      assert.match(printed, /Nothing was written/)
      assert.deepEqual(await usersOf(rig), [])

      const applied = await runImport('--apply')
      assert.equal(applied.exitCode, 0, applied.printedErrors.join())
      assert.match(applied.printed.join('\n'), /created 2, would create 0, here already 0/)
      assert.equal((await usersOf(rig)).length, 2)
      const again = await runImport('--apply')
      assert.match(again.printed.join('\n'), /created 0, would create 0, here already 2/)
      assert.equal((await usersOf(rig)).length, 2)
    })
  }

  it('lets the person sign in as the user that was imported, and links nobody by email', async (t) => {
    const { rig, runImport } = await openImporting(t)
    const { printed } = await runImport('--apply', '--json')
    const outcomes = printed.map((line) => JSON.parse(line))
    const idOf = (oldId: string) => outcomes.find((outcome) => outcome.oldId === oldId)?.userId
    assert.match(idOf('old-1'), /^usr_/)
    assert.equal(idOf('old-3'), null)

    const alice = await rig.signIn(people.alice)
    const session = await alice.browser.request(`${rig.options.serverUrl.origin}/api/v1/session`)
    const { user, membership } = await session.json()
    assert.equal(user.id, idOf('old-1'))
    assert.equal(membership.username, 'alice')
    // Bob's row has an address that looks like Alice's; Heidi's row had her address, and no object id.
    assert.notEqual(idOf('old-2'), idOf('old-1'))
    await rig.signIn(people.heidi)
    assert.equal((await usersOf(rig)).length, 3)
    const created = await auditEvents(rig, { type: 'user.created' })
    assert.deepEqual(created.map(({ detail }) => detail.how).sort(), [
      'beforehand',
      'beforehand',
      'first_sign_in',
    ])
  })

  it('does not take the person with the same ids in another cloud for a user who is here', async (t) => {
    const { file, runImport, rig } = await openImporting(t)
    const rows = [`${CONTOSO}/${ALICE}`, `entra:china/${CONTOSO}/${ALICE}`]
    for (const person of rows) {
      writeFileSync(file, JSON.stringify({ person }))
      const { printed } = await runImport('--apply')
      assert.match(printed.join('\n'), /created 1, would create 0, here already 0/)
    }
    assert.equal((await usersOf(rig)).length, 2)
    for (const person of rows) {
      writeFileSync(file, JSON.stringify({ person }))
      const { printed } = await runImport('--apply')
      assert.match(printed.join('\n'), /created 0, would create 0, here already 1/)
    }
  })

  it('takes over more people at once than the limits for strangers allow (O6)', async (t) => {
    const { file, runImport, rig } = await openImporting(t)
    const rows = Array.from({ length: 1_300 }, (_, n) => ({
      oid: `aaaaaaaa-0000-4000-8000-${String(n).padStart(12, '0')}`,
      tid: CONTOSO,
      username: `person-${n}`,
    }))
    writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'))
    const { exitCode, printed } = await runImport('--apply')
    assert.equal(exitCode, 0)
    assert.match(printed.join('\n'), /created 1300, /)
    const { items } = await rig.services.storage.listUsers({ search: 'person-1299', limit: 2 })
    assert.equal(items.length, 1)
  })

  it('exits with 1 when nobody in the file could be taken (O6)', async (t) => {
    const { file, runImport } = await openImporting(t)
    writeFileSync(file, JSON.stringify(exported[2]))
    for (const options of [[], ['--apply'], ['--json']]) {
      assert.equal((await runImport(...options)).exitCode, 1)
    }
  })

  it('refuses a file without users, whatever its form', async (t) => {
    const { file, runImport } = await openImporting(t)
    for (const empty of ['', '\n', '[]', 'oid,tid\n']) {
      writeFileSync(file, empty)
      const { exitCode, printedErrors } = await runImport('--apply')
      assert.equal(exitCode, 1)
      assert.match(printedErrors[0] ?? '', /^entrada: file_empty: /)
    }
  })

  it('reads a file with semicolons, as spreadsheets write it', async (t) => {
    const { file, runImport, rig } = await openImporting(t)
    writeFileSync(
      file,
      `\ufeffObjectId;TenantId;DisplayName\r\n${ALICE};${CONTOSO};"E., Alice"\r\n`,
    )
    const { exitCode, printed } = await runImport('--apply')
    assert.equal(exitCode, 0)
    assert.match(printed.join('\n'), /created 1, /)
    const { items } = await rig.services.storage.listUsers({ search: 'E., Alice', limit: 2 })
    assert.equal(items.length, 1)
  })

  it('names the columns that it does not read, each once (O6)', async (t) => {
    const { file, runImport } = await openImporting(t)
    writeFileSync(
      file,
      `ObjectId,tenant_id,Displayname,e-mial,team\n${ALICE},${CONTOSO},A,a@x.example,Y\n`,
    )
    const { printedErrors, exitCode } = await runImport()
    assert.deepEqual(printedErrors, ['entrada: columns that are not read: e-mial, team'])
    assert.equal(exitCode, 0)
  })

  it('numbers usernames that are taken, in the file and here', async (t) => {
    const { file, runImport, rig } = await openImporting(t)
    const row = (n: number) => ({
      oid: ALICE.replace(/1$/, String(n)),
      tid: CONTOSO,
      username: 'Ann Smith',
    })
    writeFileSync(file, [1, 2].map((n) => JSON.stringify(row(n))).join('\n'))
    await runImport('--apply')
    writeFileSync(file, [1, 2, 3].map((n) => JSON.stringify(row(n))).join('\n'))
    await runImport('--apply')
    const names = (await usersOf(rig)).map(({ memberships }) => memberships[0]?.username)
    assert.deepEqual(names.sort(), ['Ann-Smith', 'Ann-Smith-2', 'Ann-Smith-3'])
  })

  it('says what a row was refused for, and goes on with the others', async (t) => {
    const { file, runImport, rig } = await openImporting(t)
    const wrong = { oid: BOB, tid: CONTOSO, email: 'not an address' }
    writeFileSync(file, [wrong, exported[0]].map((row) => JSON.stringify(row)).join('\n'))
    const { exitCode, printed } = await runImport('--apply')
    assert.equal(exitCode, 1)
    assert.match(printed.join('\n'), /1 +- +request_invalid: email/)
    assert.match(printed.join('\n'), /created 1, .* failed 1/)
    assert.equal((await usersOf(rig)).length, 1)
  })

  it('refuses a file that is not there or cannot be read, and a tenant that is none', async (t) => {
    const { file, runImport } = await openImporting(t)
    writeFileSync(file, '{"oid":\n')
    const unreadable = await runImport()
    assert.equal(unreadable.exitCode, 2)
    assert.match(unreadable.printedErrors.join('\n'), /line 1 is not valid JSON/)
    const tenant = await runImport('--tenant', 'contoso.com')
    assert.equal(tenant.exitCode, 2)
    const absent = await run(['user', 'import', `${file}.absent`], {})
    assert.equal(absent.exitCode, 2)
    assert.match(absent.printedErrors.join('\n'), /this file cannot be read/)
  })
})
