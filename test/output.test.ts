/** What happens to a command when what it prints has no reader any more, or no room. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { startHttpServer } from '../src/cli/http-server.ts'
import { OPERATOR_TOKEN } from './support/rig.ts'
import { freePort } from './support/server-process.ts'
import { openRig } from './support/steps.ts'

const program = resolve('src/bin.ts')

type Bench = {
  readonly id: string
  /** Runs a shell line in which `entrada` is the program. The exit code is that of the first command that failed. */
  shell(
    line: string,
  ): Promise<{ readonly code: unknown; readonly errors: string; readonly seen: string }>
}

/** A server with so many people that their export comes in several pages, each a request of its own. */
async function openBench(t: TestContext): Promise<Bench> {
  const port = await freePort()
  const serverUrl = new URL(`http://localhost:${port}`)
  const rig = await openRig(t, { serverUrl })
  const server = await startHttpServer(rig.entrada, { host: '127.0.0.1', port })
  t.after(() => server.stop())
  const caller = { actor: { kind: 'operator', id: 'token' } } as const
  let id = ''
  for (let number = 1; number <= 230; number += 1) {
    const { user } = await rig.entrada.api.createUser(caller, { username: `person-${number}` })
    id = user.id
  }
  const env = {
    PATH: process.env.PATH,
    ENTRADA_SERVER_URL: serverUrl.origin,
    ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
  }
  return { id, shell: (line) => runShell(line, env) }
}

async function runShell(line: string, env: NodeJS.ProcessEnv) {
  const script = `entrada() { "${process.execPath}" "${program}" "$@"; }\nset -o pipefail\n${line}`
  const child = spawn('bash', ['--norc', '-c', script], { env })
  let [errors, seen] = ['', '']
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  child.stdout.on('data', (chunk) => {
    seen += chunk
  })
  const [code] = await once(child, 'close')
  return { code, errors, seen }
}

describe('a command whose reader has gone', () => {
  it('ends in order and without a word, whichever command it is (O21)', async (t) => {
    const { shell, id } = await openBench(t)
    const lines = [
      // Several pages: what is printed after the first failed write is what used to end the program.
      'organization export default',
      'help',
      `user export ${id}`,
      'user list --json',
      'export',
      'key create',
      'emulator --print-directory',
    ]
    for (const line of lines) {
      // `true` has ended before the program prints its first line.
      const { code, errors } = await shell(`entrada ${line} | true`)
      assert.deepEqual([line, code, errors], [line, 0, ''])
    }
  })

  it('hands the lines that were wanted to the reader (O21)', async (t) => {
    const { shell, id } = await openBench(t)
    const { code, errors, seen } = await shell(`entrada user export ${id} | head -1`)
    assert.deepEqual([code, errors], [0, ''])
    assert.match(seen, /^\{.*\}\n$/)
  })

  it('keeps the exit code of a refusal when nobody reads the errors (O21)', async (t) => {
    const { shell } = await openBench(t)
    assert.equal((await shell('entrada nonsense 2>&1 | true')).code, 2)
    assert.equal((await shell('entrada user show usr_1 2>&1 | true')).code, 1)
  })

  it('fails in a sentence when there is no room for what it prints (O21)', async (t) => {
    if (!existsSync('/dev/full')) return t.skip('no /dev/full here')
    const { shell, id } = await openBench(t)
    for (const line of ['help', `user export ${id}`, 'key create']) {
      const { code, errors } = await shell(`entrada ${line} > /dev/full`)
      assert.equal(code, 1, line)
      assert.match(errors, /^entrada: output_not_written/)
      assert.match(errors, /ENOSPC/)
      assert.doesNotMatch(errors, /\n {4}at /)
    }
  })
})
