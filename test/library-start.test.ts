/** What a developer sees when the library cannot work: at once, in a sentence, on standard error. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { temporaryFolder } from './support/server-process.ts'

const SECRET = 'a client secret that no line may show'

/** Creates an instance in a process of its own, asks for its login page, and prints the status. */
async function run(t: TestContext, options: { readonly log?: string; readonly node?: string }) {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'file'), '')
  const serialized = JSON.stringify({
    serverUrl: 'http://localhost:3000',
    database: join(folder, 'file', 'entrada.db'),
    secretKeys: [newSecretKey()],
    entra: {
      tenantId: '11111111-1111-4111-8111-111111111111',
      clientId: '33333333-3333-4333-8333-333333333333',
      clientSecret: SECRET,
    },
  })
  const script = `
    import { createEntrada } from './src/index.ts'
    const options = ${serialized}
    const entrada = createEntrada({ ...options, ${options.log ?? ''} })
    const { status } = await entrada.fetch(new Request('http://localhost:3000/login'))
    console.log(status)
    await entrada.close()`
  const disguise = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${options.node}' } })`
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [
      ...(options.node === undefined ? [] : ['--import', disguise]),
      '--input-type=module-typescript',
      '-e',
      script,
    ],
    { encoding: 'utf8' },
  )
  return { stdout, stderr, status }
}

for (const node of ['20.19.0', '22.20.1', '23.11.0']) {
  it(`createEntrada throws on Node ${node} what the command line says there (O8)`, async (t) => {
    const { stderr, stdout, status } = await run(t, { node })
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, new RegExp(`this needs Node 24 or later, and runs on Node ${node}`))
    assert.match(stderr, /node_too_old/)
  })
}

it('createEntrada takes Node 24 and what comes after it (O8)', async (t) => {
  assert.equal((await run(t, { node: '26.0.0' })).stdout, '503\n')
})

it('an instance without a log writes errors to standard error, without secrets (O8)', async (t) => {
  const { stderr, stdout } = await run(t, {})
  assert.equal(stdout, '503\n')
  const line = stderr.split('\n').find((text) => text.startsWith('{'))
  const { level, event, code, time } = JSON.parse(line ?? '{}')
  assert.deepEqual([level, event, code], ['error', 'not_opened', 'database_not_opened'])
  assert.ok(Date.parse(time) > 0)
  assert.ok(!stderr.includes(SECRET))
})

it('an instance with a log of its own writes nothing else (O8)', async (t) => {
  const log = 'log: { debug() {}, info() {}, warn() {}, error() { console.log("logged") } }'
  const { stderr, stdout } = await run(t, { log })
  assert.equal(stdout, 'logged\n503\n')
  assert.doesNotMatch(stderr, /not_opened/)
})
