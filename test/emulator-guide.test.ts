/** Every program and command of docs/emulator.md, run unchanged. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { after, describe, it } from 'node:test'
import { startEmulator } from '../src/emulator/start-emulator.ts'
import { run } from './support/transcript.ts'

const guide = readFileSync('docs/emulator.md', 'utf8')
// Inside the package, so that `entrada/emulator` means what it means to those who install it.
const folder = `test-output/emulator-guide-${process.pid}`

function snippets(language: string): readonly string[] {
  const blocks = guide.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))
  return [...blocks].map(([, block = '']) => block)
}

async function execute(command: string, args: readonly string[]) {
  // Else the runner of this test would take the inner one for its child.
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  const environment = { ...inherited, ENTRADA_DATA_DIR: `${folder}/data` }
  const child = spawn(command, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  const [exitCode] = await once(child, 'close')
  return { exitCode, output: (await output).join('') }
}

describe('docs/emulator.md', () => {
  after(() => rmSync(folder, { recursive: true, force: true }))

  const programs = snippets('ts')
  it('has programs', () => assert.ok(programs.length >= 5))
  for (const [index, program] of programs.entries()) {
    it(`has a program ${index + 1} that runs`, async () => {
      mkdirSync(folder, { recursive: true })
      const path = `${folder}/${index + 1}.ts`
      writeFileSync(path, program)
      const { exitCode, output } = await execute(process.execPath, [path])
      assert.equal(exitCode, 0, output)
    })
  }

  it('has commands that run', async (t) => {
    if (spawnSync('curl', ['--version']).status !== 0) return t.skip('no curl here')
    const emulator = await startEmulator()
    t.after(() => emulator.close())
    for (const commands of snippets('sh')) {
      const here = commands.replaceAll('localhost:3001', `localhost:${emulator.port}`)
      const { exitCode, output } = await execute('sh', ['-eu', '-c', here])
      assert.equal(exitCode, 0, output)
    }
  })

  it('shows what the command prints', async () => {
    const [shown = ''] = snippets('console')
    const { printed } = await run(['emulator', '--port', '0'], {})
    const stable = printed.map((line) => line.replace(/localhost:\d+/, 'localhost:3001'))
    assert.deepEqual(shown.trimEnd().split('\n').slice(1), stable)
  })

  it('names every option of the command', async () => {
    const { lines } = await run(['emulator', '--help'], {})
    const options = lines.join('\n').match(/--[a-z-]+/g) ?? []
    const unnamed = options.filter((option) => option !== '--help' && !guide.includes(option))
    assert.deepEqual(unnamed, [])
  })
})
