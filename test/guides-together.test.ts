/** The guides that create customers, followed one after another on one server: their names do not collide. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { startHttpServer } from '../src/cli/http-server.ts'
import { OPERATOR_TOKEN } from './support/rig.ts'
import { freePort, temporaryFolder } from './support/server-process.ts'
import { openRig } from './support/steps.ts'
import { run } from './support/transcript.ts'

/** The command lines of a guide, without what they print and without the comments behind them. */
function commandsOf(path: string): readonly string[] {
  const fences = readFileSync(path, 'utf8').matchAll(/^```.*\n([\s\S]*?)^```/gm)
  return [...fences]
    .flatMap(([, fence = '']) => fence.split('\n'))
    .map((line) => line.replace(/^\$ /, '').replace(/^npm run (-s )?entrada -- /, 'entrada '))
    .filter((line) => /^entrada (organization create|connection create|domain add) /.test(line))
    .map((line) => line.replace(/\s+#.*$/, ''))
}

function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, a, b]) => a ?? b ?? '').slice(1)
}

it('README, customers, domains, api and apply can be followed one after another (O21)', async (t) => {
  const port = await freePort()
  const folder = await temporaryFolder(t)
  const serverUrl = new URL(`http://localhost:${port}`)
  const rig = await openRig(t, { serverUrl })
  const server = await startHttpServer(rig.entrada, { host: '127.0.0.1', port })
  t.after(() => server.stop())
  const environment = {
    ENTRADA_SERVER_URL: serverUrl.origin,
    ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
    WIDE_WORLD_SECRET: 'a-secret-of-wide-world-importers',
  }
  const follow = async (words: readonly string[]) => {
    const { exitCode, printedErrors } = await run(words, environment)
    assert.deepEqual([words.join(' '), exitCode, printedErrors], [words.join(' '), 0, []])
  }

  const commands = ['README.md', 'docs/customers.md', 'docs/domains.md'].flatMap(commandsOf)
  assert.equal(commands.length, 5, commands.join('\n'))
  for (const command of commands) await follow(wordsOf(command))

  const calls = readFileSync('docs/api.md', 'utf8').matchAll(/^ {2}-d '(\{[\s\S]*?\})'/gm)
  for (const [, body = ''] of [...calls].slice(0, 2)) {
    const resource = body.includes('organizationId') ? 'connections' : 'organizations'
    const answer = await fetch(`${serverUrl.origin}/api/v1/${resource}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${OPERATOR_TOKEN}`, 'Content-Type': 'application/json' },
      body,
    })
    assert.equal(answer.status, 201, await answer.text())
  }

  const [, file = ''] =
    /^```yaml\n([\s\S]*?)^```/m.exec(readFileSync('docs/apply.md', 'utf8')) ?? []
  const path = join(folder, 'connections.yaml')
  writeFileSync(path, file.replace('status: on', 'status: draft'))
  await follow(['apply', '--file', path, '--yes'])

  const { items } = await rig.services.storage.listOrganizations({ limit: 50 })
  assert.deepEqual(items.map(({ slug }) => slug).sort(), [
    'adventure-works',
    'default',
    'litware',
    'tailspin-toys',
    'wide-world',
  ])
})
