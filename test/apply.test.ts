/** `entrada apply` and `entrada export` against a running server. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { startHttpServer } from '../src/cli/http-server.ts'
import { turnOnUntested } from './support/customers.ts'
import { CONTOSO, createRig, OPERATOR_TOKEN, type Rig } from './support/rig.ts'
import { freePort, temporaryFolder } from './support/server-process.ts'
import { auditEvents } from './support/steps.ts'
import { type Answered, run } from './support/transcript.ts'

const SECRET = 'a-client-secret~of.some-length'
const secrets = { CONTOSO_SECRET: SECRET, CONTOSO_NEXT: `${SECRET}-next` }

const FILE = `organizations:
  - id: contoso
    slug: contoso
    name: Contoso
    connections:
      - id: contoso-staff
        tenant: contoso.com
        clientId: 77777777-7777-4777-8777-777777777777
        policies:
          defaultRole: member
        roleRules:
          - match: app_role
            value: Admin
            role: admin
        settings:
          recheckMinutes: 60
        credentials:
          - kind: client_secret
            from: env:CONTOSO_SECRET
            expiresAt: 2099-11-22T00:00:00.000Z
  - id: fabrikam
    name: Fabrikam
`

type Bench = {
  readonly rig: Rig
  apply(file: string, ...flags: readonly string[]): Promise<Answered>
  entrada(...argv: readonly string[]): Promise<Answered>
}

async function openBench(
  t: TestContext,
  more: Readonly<Record<string, string>> = {},
): Promise<Bench> {
  const port = await freePort()
  const serverUrl = new URL(`http://localhost:${port}`)
  const rig = await createRig({ serverUrl })
  const server = await startHttpServer(rig.entrada, { host: '127.0.0.1', port })
  t.after(async () => {
    await server.stop()
    await rig.close()
  })
  const folder = await temporaryFolder(t)
  const environment = {
    ...secrets,
    ...more,
    ENTRADA_SERVER_URL: serverUrl.origin,
    ENTRADA_DATA_DIR: folder,
    ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
  }
  const entrada = (...argv: readonly string[]) => run(argv, environment)
  return {
    rig,
    entrada,
    async apply(file, ...flags) {
      rig.clock.advanceSeconds(1)
      const path = join(folder, 'connections.yaml')
      await writeFile(path, file)
      return entrada('apply', '-f', path, ...flags)
    },
  }
}

const connectionOf = async ({ services }: Rig, id = 'contoso-staff') => {
  const connection = await services.storage.findConnection(id)
  assert.ok(connection)
  return connection
}

describe('entrada apply', () => {
  it('shows what it would do, and does nothing until it is told to', async (t) => {
    const { apply, rig } = await openBench(t)
    const { exitCode, printed } = await apply(FILE)
    assert.equal(exitCode, 0)
    assert.deepEqual(printed, [
      '+ organization contoso',
      '+ connection contoso-staff',
      '+ credential of contoso-staff: client_secret from env:CONTOSO_SECRET',
      '+ organization fabrikam',
      '4 steps. Nothing was changed; --yes does it.',
    ])
    assert.equal(await rig.services.storage.findConnection('contoso-staff'), undefined)
  })

  it('does it, and has nothing more to do', async (t) => {
    const { apply, rig } = await openBench(t)
    const { exitCode, printed } = await apply(FILE, '--yes')
    assert.deepEqual([exitCode, printed.at(-1)], [0, 'Done, 4 steps.'])
    const connection = await connectionOf(rig)
    assert.deepEqual(
      [
        connection.managedBy,
        connection.status,
        connection.slug,
        connection.settings.recheckMinutes,
      ],
      ['file', 'draft', 'contoso', 60],
    )
    assert.deepEqual(connection.policies.unmatched, { kind: 'default_role', role: 'member' })
    assert.equal(connection.credentials.length, 1)
    const before = (await auditEvents(rig)).length
    const again = await apply(FILE, '--yes')
    assert.deepEqual(again.printed, ['Everything matches the file.'])
    assert.equal((await auditEvents(rig)).length, before)
    assert.ok(!JSON.stringify([printed, again]).includes(SECRET))
  })

  it('changes what differs, and goes back to the default for what is not said any more', async (t) => {
    const { apply, rig } = await openBench(t)
    await apply(FILE, '--yes')
    const changed = FILE.replace('name: Contoso\n', 'name: Contoso Ltd.\n')
      .replace('recheckMinutes: 60', 'contact: { email: it@contoso.com }')
      .replace('defaultRole: member', 'guests: allow')
    const { printed } = await apply(changed, '--yes')
    assert.deepEqual(printed, [
      '~ organization contoso: name',
      '~ connection contoso-staff: policies, settings',
      'Done, 2 steps.',
    ])
    const { policies, settings } = await connectionOf(rig)
    assert.deepEqual([policies.guests, policies.unmatched.kind], ['allow', 'refuse'])
    assert.deepEqual(settings, { contact: { email: 'it@contoso.com' } })
    assert.deepEqual((await apply(changed)).printed, ['Everything matches the file.'])
  })

  it('exchanges a secret: both side by side, then the old one retired, then gone', async (t) => {
    const { apply, rig } = await openBench(t)
    await apply(FILE, '--yes')
    const both = FILE.replace(
      '        credentials:\n',
      '        credentials:\n          - kind: client_secret\n            from: env:CONTOSO_NEXT\n',
    )
    assert.deepEqual((await apply(both, '--yes')).printed, [
      '+ credential of contoso-staff: client_secret from env:CONTOSO_NEXT',
      'Done, 1 steps.',
    ])
    const states = async () => (await connectionOf(rig)).credentials.map(({ state }) => state)
    assert.deepEqual(await states(), ['active', 'active'])
    const retired = both.replace(
      'from: env:CONTOSO_SECRET\n',
      'from: env:CONTOSO_SECRET\n            state: retired\n',
    )
    await apply(retired, '--yes')
    assert.deepEqual(await states(), ['retired', 'active'])
    const next = FILE.replace('env:CONTOSO_SECRET', 'env:CONTOSO_NEXT')
    const { printed } = await apply(next)
    assert.match(
      printed[0] ?? '',
      /^ {2}credential crd_\S+ of contoso-staff \(retired\) is not in the file and stays; --prune/,
    )
    await apply(next, '--yes', '--prune')
    assert.deepEqual(await states(), ['active'])
  })

  it('removes nothing without --prune, and with it only what a file made', async (t) => {
    const { apply, rig, entrada } = await openBench(t)
    await apply(FILE, '--yes')
    await turnOnAsFile(rig)
    await entrada('connection', 'create', 'contoso', '--id', 'by-hand')
    const empty = 'organizations: []\n'
    assert.deepEqual((await apply(empty, '--yes')).printed, [
      '  connection contoso-staff is not in the file and stays; --prune removes it',
      'Everything matches the file.',
    ])
    assert.deepEqual((await apply(empty, '--yes', '--prune')).printed, [
      '~ connection contoso-staff: off',
      '- connection contoso-staff',
      'Done, 2 steps.',
    ])
    const { items } = await rig.services.storage.listConnections({}, { limit: 9 })
    assert.deepEqual(items.map(({ id }) => id).sort(), ['by-hand', 'default'])
  })

  it('turns on what was tested, and says what waits for a test', async (t) => {
    const { apply, rig } = await openBench(t)
    const on = FILE.replace(
      '      - id: contoso-staff\n',
      '      - id: contoso-staff\n        status: on\n',
    )
    const early = await apply(on, '--yes')
    assert.equal(early.exitCode, 1)
    assert.match(early.printed.at(-1) ?? '', /a test sign-in has to succeed .*: contoso-staff\./)
    await turnOnAsFile(rig)
    assert.deepEqual((await apply(on, '--yes')).printed, ['Everything matches the file.'])
    const off = await apply(on.replace('status: on', 'status: off'), '--yes')
    assert.deepEqual(off.printed, ['~ connection contoso-staff: off', 'Done, 1 steps.'])
  })

  it('tells everything that is wrong with a file at once, with its line', async (t) => {
    const { apply, rig } = await openBench(t)
    const wrong = `organizations:
  - id: contoso
    connections:
      - id: a b
        tenant: common
        policies: { guests: maybe }
        credentials:
          - kind: client_secret
            from: ${SECRET}
            value: ${SECRET}
      - id: two
      - id: two
        colour: red
`
    const { exitCode, printedErrors } = await apply(wrong, '--yes')
    assert.equal(exitCode, 1)
    assert.deepEqual(
      printedErrors.slice(1, -1).map((line) => line.trim()),
      [
        'line 2: organizations.0.name is missing',
        'line 4: organizations.0.connections.0.id must be 1 to 64 letters, digits, `-` and `_`',
        'line 5: organizations.0.connections.0.tenant must be one directory; common, organizations, consumers and the personal tenant are not',
        'line 6: organizations.0.connections.0.policies.guests must be one of refuse, allow',
        'line 9: organizations.0.connections.0.credentials.0.from must be env:NAME or file:PATH, never the secret itself',
        'line 10: organizations.0.connections.0.credentials.0.value is not known here; a secret is named by `from`, never written',
        'line 13: organizations.0.connections.2.colour is not known here',
      ],
    )
    assert.ok(!printedErrors.join().includes(SECRET))
    assert.equal((await rig.services.storage.listOrganizations({ limit: 9 })).items.length, 1)
  })

  const broken: Readonly<Record<string, readonly [string, RegExp]>> = {
    'that is no YAML': ['organizations: [', /^line 1: /],
    'with a name twice in one place': [
      'organizations: []\norganizations: []\n',
      /^line 2: .*unique/,
    ],
    'that is empty': ['', /^line 1: \(body\) must be /],
    'of another kind': ['- 1\n- 2\n', /^line 1: organizations is missing/],
    'that unfolds without end': [
      `a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d]\norganizations: []\n`,
      /too many aliases/,
    ],
    'with an alias that contains itself': ['organizations: &a [*a]\n', /contains itself/],
    'with a name that every object has (S13)': [
      'organizations: []\n__proto__: { a: 1 }\n',
      /^line 2: __proto__ is not known here/,
    ],
    'with one connection twice': [
      'organizations:\n  - id: a\n    name: A\n    connections: [{ id: x }]\n  - id: b\n    name: B\n    connections: [{ id: X }]\n',
      /^line 7: organizations.1.connections.0.id is another one/,
    ],
    'whose secrets are not there': [
      'organizations:\n  - id: a\n    name: A\n    connections:\n      - id: x\n        credentials: [{ kind: client_secret, from: env:NOWHERE }]\n',
      /^connection x: env:NOWHERE: the reference names NOWHERE, which is not set/,
    ],
  }
  for (const [what, [file, problem]] of Object.entries(broken)) {
    it(`refuses a file ${what}`, async (t) => {
      const { apply } = await openBench(t)
      const { exitCode, printedErrors } = await apply(file, '--yes')
      assert.equal(exitCode, 1)
      assert.match(printedErrors[0] ?? '', /^entrada: configuration_invalid: /)
      assert.match(printedErrors[1]?.trim() ?? '', problem)
    })
  }

  it('leaves alone what somebody made by hand, until it is told to take it over', async (t) => {
    const { apply, rig, entrada } = await openBench(t)
    await entrada('organization', 'create', 'Contoso', '--id', 'contoso')
    await entrada('connection', 'create', 'contoso', '--id', 'contoso-staff')
    const refused = await apply(FILE, '--yes')
    assert.match(
      refused.printedErrors[1] ?? '',
      /line 6: .*connections.0.id is managed by hand; use --take-over/,
    )
    const { printed } = await apply(FILE, '--yes', '--take-over')
    assert.equal(printed[0], '~ connection contoso-staff: managed by the file from now on')
    assert.equal((await connectionOf(rig)).managedBy, 'file')
    const byHand = await entrada('connection', 'change', 'contoso-staff', '--name', 'Mine')
    assert.match(byHand.printedErrors[0] ?? '', /connection_read_only/)
  })

  it('moves nothing to another organization, renames no slug, touches nothing of the environment', async (t) => {
    const { apply } = await openBench(t)
    await apply(FILE, '--yes')
    const wrong = `organizations:
  - id: contoso
    slug: renamed
    name: Contoso
  - id: fabrikam
    name: Fabrikam
    connections:
      - id: contoso-staff
  - id: default
    name: Default organization
    connections:
      - id: default
`
    const { printedErrors } = await apply(wrong, '--yes')
    assert.deepEqual(
      printedErrors.slice(1, -1).map((line) => line.trim()),
      [
        'line 3: organizations.0.slug never changes; it is contoso',
        'line 8: organizations.1.connections.0.id is a connection of contoso and cannot be moved',
        'line 12: organizations.2.connections.0.id is managed by the settings of the server',
      ],
    )
  })

  it('says how far it came when a step fails, and goes on from there the next time', async (t) => {
    const { apply, rig } = await openBench(t)
    const taken = `organizations:
  - id: one
    name: One
  - id: two
    slug: one
    name: Two
`
    const { exitCode, printedErrors } = await apply(taken, '--yes')
    assert.equal(exitCode, 1)
    assert.equal(printedErrors[0], 'entrada: after 1 of 2 steps: + organization two')
    assert.match(printedErrors[1] ?? '', /^entrada: slug_in_use: /)
    const { printed } = await apply(taken.replace('slug: one', 'slug: two'), '--yes')
    assert.deepEqual(printed, ['+ organization two', 'Done, 1 steps.'])
    assert.equal((await rig.services.storage.listOrganizations({ limit: 9 })).items.length, 3)
  })

  it('tells programs the same', async (t) => {
    const { apply } = await openBench(t)
    const { printed } = await apply(FILE, '--json')
    const { steps, applied } = JSON.parse(printed.join(''))
    assert.equal(applied, false)
    assert.deepEqual(steps[0], {
      kind: 'create_organization',
      id: 'contoso',
      does: '+ organization contoso',
    })
  })
})

/** Marks the connection as tested and turned on. */
async function turnOnAsFile(rig: Rig): Promise<void> {
  await putWith(rig, 'api')
  await turnOnUntested(rig, 'contoso-staff')
  await putWith(rig, 'file')
}

async function putWith(rig: Rig, managedBy: 'api' | 'file'): Promise<void> {
  const connection = await connectionOf(rig)
  const tenants = { kind: 'pinned', tenant: 'contoso.com', tenantId: CONTOSO } as const
  await rig.services.storage.atomically((transaction) =>
    transaction.putConnection({ ...connection, tenants, managedBy }),
  )
}

describe('docs/apply.md', () => {
  it('has a file that can be applied, and shows what that prints', async (t) => {
    const guide = readFileSync('docs/apply.md', 'utf8')
    const [, file = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(guide) ?? []
    const [, shown = ''] = /^```console\n([\s\S]*?)^```/m.exec(guide) ?? []
    const { apply } = await openBench(t, { WIDE_WORLD_SECRET: SECRET })
    assert.deepEqual((await apply(file)).printed, shown.trimEnd().split('\n').slice(1))
    assert.match((await apply(file, '--yes')).printed.at(-1) ?? '', /a test sign-in has to succeed/)
  })
})

describe('entrada export', () => {
  it('gives a file that makes the same elsewhere, and has no secret in it', async (t) => {
    const first = await openBench(t)
    await first.apply(FILE, '--yes')
    const exported = (await first.entrada('export')).printed.join('\n')
    assert.ok(!exported.includes(SECRET))
    assert.match(exported, /from: env:SECRET_OF_CONTOSO_STAFF$/m)
    assert.doesNotMatch(exported, /linking|provisioning|default-connection/)

    const second = await openBench(t, { SECRET_OF_CONTOSO_STAFF: SECRET })
    const { exitCode, printed, printedErrors } = await second.apply(`${exported}\n`, '--yes')
    assert.equal(exitCode, 0, printedErrors.join('\n'))
    assert.equal(printed.at(-1), 'Done, 4 steps.')
    assert.equal((await second.entrada('export')).printed.join('\n'), exported)
    assert.deepEqual((await second.apply(`${exported}\n`)).printed, [
      'Everything matches the file.',
    ])
  })

  it('gives one organization when asked for it', async (t) => {
    const { apply, entrada } = await openBench(t)
    await apply(FILE, '--yes')
    const { printed } = await entrada('export', '--organization', 'fabrikam')
    assert.match(printed.join('\n'), /- id: fabrikam/)
    assert.doesNotMatch(printed.join('\n'), /contoso/)
    assert.match(
      (await entrada('export', '--organization', 'absent')).printedErrors[0] ?? '',
      /record_not_found/,
    )
  })
})
