/** The commands of docs/operate.md about PostgreSQL, run as they stand there, with PostgreSQL's own tools. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { createEntrada } from '../src/entrada.ts'
import { Secret } from '../src/keys/secret.ts'
import type { UserListItem } from '../src/storage/storage.ts'
import { ask } from './support/api-calls.ts'
import { PASSWORD, startPostgres } from './support/postgres.ts'
import { findPostgresTools } from './support/postgres-tools.ts'
import { sameBrowserAcross } from './support/replicas.ts'
import { people, type Rig, SERVER_URL } from './support/rig.ts'
import { freePort, temporaryFolder } from './support/server-process.ts'
import { auditEvents, openRig } from './support/steps.ts'

const guide = readFileSync('docs/operate.md', 'utf8')
const installing = blockWith('createdb --owner entrada entrada\n')
const backingUp = blockWith('pg_dump ')
const finishing = blockWith('restore finish --before entrada\n')
const nightly = blockWith('sh deploy/kubernetes-backup/backup.sh\n')

function blockWith(command: string): string {
  const blocks = [...guide.matchAll(/^```\n([\s\S]*?)^```/gm)].map(([, block = '']) => block)
  const found = blocks.find((block) => block.includes(command))
  assert.ok(found, command)
  return found
}

/** A shell on a machine whose PostgreSQL listens at another address than in the guide, and whose Entrada is this clone. */
async function openShell(t: TestContext) {
  const binaries = findPostgresTools()
  assert.ok(binaries, 'no PostgreSQL here; run scripts/ensure-postgres.ts')
  const postgres = await startPostgres({ binaries })
  t.after(() => postgres.close())
  const cwd = await temporaryFolder(t)
  const environment = {
    PATH: `${binaries}:${process.env.PATH}`,
    PGHOST: '127.0.0.1',
    PGPORT: String(postgres.port),
    PGUSER: 'postgres',
    PGPASSWORD: PASSWORD,
    ENTRADA_SERVER_URL: `http://localhost:${await freePort()}`,
  }
  async function sh(commands: string, more: Readonly<Record<string, string>> = {}) {
    const here = commands
      .replaceAll('127.0.0.1:5432', `127.0.0.1:${postgres.port}`)
      .replaceAll('npm run -s entrada --', `${process.execPath} ${resolve('src/bin.ts')}`)
    const child = spawn('sh', ['-eu', '-c', here], { cwd, env: { ...environment, ...more } })
    const output = Promise.all([text(child.stdout), text(child.stderr)])
    const [exitCode] = await once(child, 'close')
    const [stdout, stderr] = await output
    assert.equal(exitCode, 0, stdout + stderr)
    return stdout
  }
  return { sh, port: postgres.port, cwd }
}

describe('docs/operate.md on PostgreSQL', () => {
  it('installs, backs up while people sign in, and restores: keys and the audit trail hold, sessions end, who was disabled stays out (I07, A5, O18)', async (t) => {
    const { sh, port } = await openShell(t)
    const [preparing = '', serving] = installing.split(/^.*-- serve\n/m)
    assert.equal(serving, '')
    const kept =
      'printf "%s\\n" "$ENTRADA_DATABASE_URL" "$ENTRADA_SECRET_KEYS" "$ENTRADA_OPERATOR_TOKEN"'
    const lines = (await sh(`${preparing}${kept}`)).trimEnd().split('\n')
    assert.ok(lines.includes('ran 0001-initial'), lines[0])
    const [url = '', keys = '', operatorToken = ''] = lines.slice(-3)
    const settings = {
      ENTRADA_DATABASE_URL: url,
      ENTRADA_SECRET_KEYS: keys,
      ENTRADA_OPERATOR_TOKEN: operatorToken,
    }

    const secretKeys = [new Secret(keys)]
    const rig = await openRig(t, {
      database: url,
      secretKeys,
      operatorTokens: [new Secret(operatorToken)],
    })
    const { browser } = await rig.signIn(people.alice)
    await rig.signIn(people.bob)
    let goOn = true
    const signingIn = (async () => {
      while (goOn) assert.equal((await rig.signIn(people.bob)).response.status, 200)
    })()
    await sh(backingUp, settings)
    goOn = false
    await signingIn
    await rig.signIn(people.dave)
    const { user: bob } = await userOf(rig, 'bob')
    const as = { authorization: `Bearer ${operatorToken}` }
    const disabled = await ask(rig, `/users/${bob.id}/disable`, { method: 'POST', as })
    assert.equal(disabled.status, 200)

    const restored = `postgres://entrada:a-password@127.0.0.1:${port}/entrada_restored`
    const onRestored = { ...settings, ENTRADA_DATABASE_URL: restored }
    const migrated = JSON.parse(await sh('npm run -s entrada -- migrate --json', onRestored))
    assert.deepEqual(migrated.migrated, [])
    const entrada = createEntrada({ ...rig.options, database: restored })
    t.after(() => entrada.close())
    const elsewhere = sameBrowserAcross(rig, [entrada], browser)
    assert.equal((await elsewhere.request(`${SERVER_URL}/api/v1/session`)).status, 200)
    const finished = await sh(finishing, settings)
    assert.match(finished, new RegExp(`user ${bob.id} .*: disabled since the backup`))
    assert.equal((await elsewhere.request(`${SERVER_URL}/api/v1/session`)).status, 401)
    const users = JSON.parse(await sh('npm run -s entrada -- user list --json', onRestored))
    assert.deepEqual(users.items.length, 2, 'Dave came after the backup')
    assert.ok((await auditEvents(rig, { type: 'sign_in.succeeded' })).length >= 3)
    await untilVerified(() => sh('npm run -s entrada -- audit verify --json', onRestored))
    // What is linked from here on is of the restored database alone.
    const other = sameBrowserAcross(rig, [entrada], rig.browser())
    rig.emulator.signInAutomaticallyAs(people.dave)
    assert.equal((await rig.services.storage.listUsers({ limit: 9 })).items.length, 3)
    assert.equal((await other.visit(`${SERVER_URL}/auth/entra/login`)).response.status, 200)
    await untilVerified(() => sh('npm run -s entrada -- audit verify --json', onRestored))
  })

  it('dumps every night into one folder, reads each dump back and keeps as many as are wanted (O18)', async (t) => {
    const { sh, cwd } = await openShell(t)
    const [preparing = ''] = installing.split(/^.*-- serve\n/m)
    await sh(`${preparing}mkdir backups; touch backups/precious.dump`)
    const days = Array.from({ length: 14 }, (_, day) => `2026-11-${String(day + 10)}`)
    for (const day of days) await writeFile(join(cwd, 'backups', `entrada-${day}T031500Z.dump`), '')
    const ENTRADA_DATABASE_URL = 'postgres://entrada:a-password@127.0.0.1:5432/entrada'
    const script = nightly.replace('deploy/', `${resolve('deploy')}/`)
    const url = await sh(`printf %s '${ENTRADA_DATABASE_URL}'`)
    assert.match(
      await sh(script, { ENTRADA_DATABASE_URL: url }),
      /read back\nremoved entrada-2026-11-10/,
    )
    const left = await readdir(join(cwd, 'backups'))
    assert.deepEqual([left.length, left.includes('precious.dump')], [15, true])
    await assert.rejects(sh(script, { ENTRADA_DATABASE_URL: `${url}_absent` }))
    assert.deepEqual(await readdir(join(cwd, 'backups')), left)
  })
})

async function userOf({ services }: Rig, search: string): Promise<UserListItem> {
  const { items } = await services.storage.listUsers({ search, limit: 1 })
  assert.ok(items[0], search)
  return items[0]
}

async function untilVerified(verify: () => Promise<string>): Promise<void> {
  for (;;) {
    const { intact, waiting, links } = JSON.parse(await verify())
    assert.equal(intact, true)
    assert.ok(links > 3 || waiting > 0)
    if (waiting === 0) return
  }
}
