import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { runCli } from '../src/cli/run-cli.ts'
import { OPERATOR_TOKEN } from './support/rig.ts'

describe('the command line, when something else listens where the server should', () => {
  it('does not give it the operator token, however much it looks alive', async (t) => {
    const heard: string[] = []
    const stranger = createServer((request, response) => {
      heard.push(`${request.url} ${request.headers.authorization ?? 'no token'}`)
      response.setHeader('entrada-proof', 'a'.repeat(64)).end('alive\n')
    }).listen(0, '127.0.0.1')
    await once(stranger, 'listening')
    const folder = await mkdtemp(join(tmpdir(), 'entrada-test-'))
    t.after(async () => {
      stranger.closeAllConnections()
      stranger.close()
      await rm(folder, { recursive: true })
    })
    const { port } = stranger.address() as AddressInfo // of a listening server
    const errors: string[] = []
    const exitCode = await runCli(
      {
        environment: {
          ENTRADA_SERVER_URL: `http://127.0.0.1:${port}`,
          ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
          ENTRADA_DATA_DIR: folder,
        },
        now: () => new Date(),
        print: () => {},
        printError: (line) => void errors.push(line),
        readTextFile: () => '',
        stopRequested: async () => ({ signal: 'SIGTERM', repeated: new Promise(() => {}) }),
        onRereadRequested: () => {},
      },
      ['user', 'list'],
    )
    assert.equal(exitCode, 1)
    assert.match(errors.join('\n'), /operator_token_invalid/)
    assert.deepEqual(heard, ['/auth/server no token'])
  })
})
