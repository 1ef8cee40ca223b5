/** Every example of docs/api.md, run unchanged against a new server. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { scopes } from '../src/access/scope-table.ts'
import { startHttpServer } from '../src/cli/http-server.ts'
import { createRig, OPERATOR_TOKEN, type Rig } from './support/rig.ts'
import { freePort } from './support/server-process.ts'
import { run } from './support/transcript.ts'

const guide = readFileSync('docs/api.md', 'utf8')
// Inside the package, so that `entrada/client` means what it means to those who install it.
const folder = `test-output/api-guide-${process.pid}`

function snippets(language: string): readonly string[] {
  const blocks = guide.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))
  return [...blocks].map(([, block = '']) => block)
}

describe('docs/api.md', () => {
  let rig: Rig
  let server: { stop(): Promise<unknown> }
  let environment: Record<string, string>

  before(async () => {
    mkdirSync(folder, { recursive: true })
    const port = await freePort()
    const serverUrl = new URL(`http://localhost:${port}`)
    rig = await createRig({ serverUrl })
    server = await startHttpServer(rig.entrada, { host: '127.0.0.1', port })
    environment = {
      PATH: process.env.PATH ?? '',
      ENTRADA: serverUrl.origin,
      KEY: await keyOf(serverUrl.origin),
    }
  })
  after(async () => {
    rmSync(folder, { recursive: true, force: true })
    await server.stop()
    await rig.close()
  })

  /** Created as the guide describes. */
  async function keyOf(origin: string): Promise<string> {
    const [command = ''] = snippets('')
    const words = [...command.trim().matchAll(/"([^"]*)"|(\S+)/g)].map(([, a, b]) => a ?? b ?? '')
    const settings = { ENTRADA_SERVER_URL: origin, ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN }
    const { printed, exitCode } = await run(words.slice(1), settings)
    assert.equal(exitCode, 0)
    return printed[0] ?? ''
  }

  async function execute(command: string, args: readonly string[]): Promise<string> {
    const child = spawn(command, args, { env: environment, cwd: folder, stdio: 'pipe' })
    const output = Promise.all([text(child.stdout), text(child.stderr)])
    const [exitCode] = await once(child, 'close')
    const [printed, errors] = await output
    assert.equal(exitCode, 0, printed + errors)
    return printed
  }

  it('has commands that do what it says', async (t) => {
    if (spawnSync('curl', ['--version']).status !== 0) return t.skip('no curl here')
    const answers: string[] = []
    for (const command of snippets('sh')) answers.push(await execute('sh', ['-eu', '-c', command]))
    const [shown = ''] = snippets('json')
    const expected = JSON.parse(shown)
    const refused = JSON.parse(answers.at(-1) ?? '')
    assert.deepEqual({ ...refused, correlationId: '…' }, expected)
    const { items } = await rig.services.storage.listOrganizations({ limit: 50 })
    const names = items.filter(({ id }) => id !== 'default').map(({ name }) => name)
    assert.deepEqual(names.sort(), ['Litware Ltd.', 'Proseware'])
  })

  it('has a program that runs', async () => {
    const [program = ''] = snippets('ts')
    writeFileSync(`${folder}/program.ts`, program)
    const printed = await execute(process.execPath, ['program.ts'])
    assert.match(printed, /^Litware Ltd\.$/m)
  })

  it('names rights that exist', () => {
    const named = [...guide.matchAll(/--scope (\S+)/g)].map(([, scope]) => scope)
    assert.ok(named.length > 3)
    assert.deepEqual(
      named.filter((scope) => !(scopes as readonly string[]).includes(scope ?? '')),
      [],
    )
  })
})
