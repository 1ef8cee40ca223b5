/** What holds for every command alike: names, versions, wrong calls, and errors as JSON. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Operation } from '../src/api/operation.ts'
import { operations } from '../src/api/operations.ts'
import type { Command } from '../src/cli/command.ts'
import { loadCommands } from '../src/cli/command-files.ts'
import type { OperationId } from '../src/client/operation-types.ts'
import { version } from '../src/http/version.ts'
import { createCustomer } from './support/customers.ts'
import { SERVER_URL } from './support/rig.ts'
import { temporaryFolder } from './support/server-process.ts'
import { openRig } from './support/steps.ts'
import { run } from './support/transcript.ts'

const commands = await loadCommands()
const withJson = commands.filter(({ options = {} }) => 'json' in options)

/** As many arguments as the command takes, none of which names anything. */
const argumentsOf = ({ name, positionals = 0 }: Command) => [
  ...name.split(' '),
  ...Array.from({ length: positionals }, (_, n) => `unknown-${n}`),
]

describe('entrada', () => {
  it('prints its version, whichever way it is asked (O12)', async () => {
    for (const word of ['--version', '-v', '-V', 'version']) {
      assert.deepEqual((await run([word], {})).printed, [`entrada ${version}`], word)
    }
    assert.deepEqual((await run(['--version', '--json'], {})).printed, [
      JSON.stringify({ version }),
    ])
  })

  it('names the nearest command, verb and option that exist (O12)', async () => {
    const errorOf = async (...argv: readonly string[]) =>
      (await run(argv, {})).printedErrors[0] ?? ''
    assert.match(await errorOf('conection', 'list'), /Did you mean connection list\?$/)
    assert.match(await errorOf('bakup', 'x'), /Did you mean backup\?$/)
    assert.match(await errorOf('user', 'lst'), /Did you mean list\?$/)
    assert.match(await errorOf('user', 'list', '--serch', 'x'), /Did you mean --search\?$/)
    assert.doesNotMatch(await errorOf('zzzzzzzz'), /Did you mean/)
  })

  for (const command of commands) {
    it(`answers a wrong call of "${command.name}" with exit code 2 and its usage (O12)`, async () => {
      const [, ...rest] = argumentsOf(command)
      const [first = ''] = command.name.split(' ')
      const { exitCode, printedErrors } = await run([first, ...rest, '--no-such-option'], {})
      assert.equal(exitCode, 2)
      assert.match(printedErrors[0] ?? '', /^entrada: there is no option --no-such-option\./)
      assert.match(printedErrors.at(-1) ?? '', new RegExp(`usage: entrada ${command.name}`))
    })
  }

  for (const command of withJson) {
    it(`prints what is wrong with a call of "${command.name}" as JSON when asked for JSON (O12)`, async (t) => {
      const environment = { ENTRADA_DATA_DIR: join(await temporaryFolder(t), 'absent') }
      const wrong = await run([...argumentsOf(command), '--json', '--no-such-option'], environment)
      assert.equal(wrong.exitCode, 2)
      assert.equal(errorIn(wrong.printedErrors).code, 'wrong_call')
      const many = await run([...argumentsOf(command), 'one', 'too', 'many', '--json'], environment)
      assert.match(
        String(errorIn(many.printedErrors).usage),
        new RegExp(`^entrada ${command.name}`),
      )
      // It reads no settings, and would make its files.
      if (command.name === 'certificate create') return
      const broken = { ...environment, ENTRADA_SERVER_URL: 'not an address' }
      const { exitCode, printedErrors, printed } = await run(
        [...argumentsOf(command), '--json'],
        broken,
      )
      if (exitCode === 0) return
      if (printedErrors.length > 0) errorIn(printedErrors)
      for (const line of printed) JSON.parse(line)
    })
  }

  for (const { name, operation, members = [] } of commands) {
    if (operation === undefined) continue
    it(`sends with "${name}" only what its operation ${operation} takes`, () => {
      for (const member of members) assert.ok(takes(operation, member), member)
    })
  }

  it('refuses a value of a closed list with the list (O12)', async (t) => {
    const { environment } = await openCustomer(t)
    for (const [argv, list] of [
      [['connection', 'list', '--status', 'x'], /one of draft, on, off/],
      [['connection', 'change', 'contoso', '--guests', 'x'], /one of refuse, allow/],
      [['audit', 'list', '--type', 'x'], /one of sign_in\.succeeded, sign_in\.refused, /],
      [['api-key', 'create', '--name', 'x', '--scope', 'x'], /one of organizations:read, /],
      [['user', 'list', '--limit', 'x'], /must be .*1 to 200/],
    ] as const) {
      const { exitCode, printedErrors } = await run(argv, environment)
      assert.equal(exitCode, 2, argv.join(' '))
      assert.match(printedErrors.join('\n'), list)
    }
  })

  it('takes the slug of an organization or connection wherever it takes an id (O12)', async (t) => {
    const { environment } = await openCustomer(t)
    for (const argv of [
      ['organization', 'show', 'contoso'],
      ['organization', 'change', 'Contoso', '--name', 'Contoso Ltd'],
      ['organization', 'export', 'contoso'],
      ['connection', 'show', 'contoso'],
      ['connection', 'show', 'CONTOSO'],
      ['connection', 'list', '--organization', 'contoso'],
      ['connection', 'change', 'contoso', '--name', 'Main'],
      ['credential', 'list', 'contoso'],
      ['connection', 'turn-off', 'contoso'],
      ['connection', 'turn-on', 'contoso'],
      ['connection', 'invite', 'contoso'],
      ['membership', 'list', '--organization', 'contoso'],
      ['session', 'list', '--organization', 'contoso'],
      ['session', 'end-all', '--connection', 'contoso', '--yes'],
      ['session', 'end-all', '--organization', 'contoso', '--yes'],
      ['domain', 'add', 'contoso.example', '--organization', 'contoso', '--connection', 'contoso'],
      ['domain', 'list', '--organization', 'contoso'],
      ['organization', 'require-sso', 'contoso', 'contoso'],
      ['audit', 'list', '--organization', 'contoso'],
      ['sign-in', 'list', '--organization', 'contoso'],
    ]) {
      const { exitCode, lines } = await run(argv, environment)
      assert.ok(exitCode === 0, `${argv.join(' ')}\n${lines.join('\n')}`)
    }
    const twice = ['domain', 'add', 'contoso.example', '--organization', 'contoso']
    const { printedErrors, exitCode } = await run(twice, environment)
    assert.equal(exitCode, 1)
    assert.match(printedErrors[0] ?? '', /domain_named_already: .* has named this domain already/)
  })
})

/** Whether an operation has this member in its path, query or body; `a.b` is the member `b` of the object `a`. */
function takes(id: OperationId, member: string): boolean {
  const { path, query = {}, body }: Operation = operations[id]
  return (
    path.split('/').includes(`:${member}`) ||
    member in query ||
    hasMember(body as AnySchema | undefined, member.split('.')) // as Valibot makes schemas of objects
  )
}

type AnySchema = {
  readonly entries?: Readonly<Record<string, AnySchema>>
  readonly options?: readonly AnySchema[]
  readonly wrapped?: AnySchema
}

function hasMember(schema: AnySchema | undefined, [first, ...rest]: readonly string[]): boolean {
  if (schema === undefined) return false
  if (first === undefined) return true
  const { entries = {}, options = [], wrapped } = schema
  return (
    hasMember(entries[first], rest) ||
    options.some((option) => hasMember(option, [first, ...rest])) ||
    hasMember(wrapped, [first, ...rest])
  )
}

async function openCustomer(t: TestContext) {
  const folder = await temporaryFolder(t)
  const rig = await openRig(t, { database: join(folder, 'entrada.db') })
  const customer = await createCustomer(rig, { name: 'Contoso' })
  const keys = rig.options.secretKeys.map((key) => (typeof key === 'string' ? key : key.reveal()))
  const environment = {
    ENTRADA_DATA_DIR: folder,
    ENTRADA_SERVER_URL: SERVER_URL,
    ENTRADA_SECRET_KEYS: keys.join(','),
  }
  return { rig, customer, environment }
}

function errorIn(printedErrors: readonly string[]): Readonly<Record<string, unknown>> {
  assert.equal(printedErrors.length, 1, printedErrors.join('\n'))
  const { error } = JSON.parse(printedErrors[0] ?? '')
  assert.equal(typeof error.code, 'string')
  assert.equal(typeof error.message, 'string')
  return error
}

describe('entrada doctor --only', () => {
  it('also reports the settings that keep the area from being examined', async () => {
    const environment = { ENTRADA_DATABASE_URL: 'mysql://db.example/entrada' }
    const { exitCode, printed } = await run(['doctor', '--only', 'database'], environment)
    assert.equal(exitCode, 1)
    assert.match(printed.join('\n'), /ENTRADA_DATABASE_URL must start with postgres/)
  })
})
