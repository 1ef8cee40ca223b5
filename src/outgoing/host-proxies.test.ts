import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { describe, it } from 'node:test'

const program = `
import { proxiesOfNode } from '${resolve('src/outgoing/host-proxies.ts')}'
const { https, http, noProxy } = proxiesOfNode()
console.log(JSON.stringify([https?.reveal(), http?.reveal(), noProxy]))`

function proxiesWith(environment: Readonly<Record<string, string>>): unknown {
  const args = ['--input-type=module-typescript', '--eval', program]
  return JSON.parse(String(execFileSync(process.execPath, args, { env: environment })))
}

describe('proxiesOfNode', () => {
  const environment = {
    https_proxy: 'http://first.example:3128',
    HTTPS_PROXY: 'http://second.example:3128',
    NO_PROXY: 'a.example b.example',
  }

  it('are those that Node was started with, in lower case first (E4)', () => {
    assert.deepEqual(proxiesWith({ ...environment, NODE_USE_ENV_PROXY: '1' }), [
      'http://first.example:3128/',
      null,
      ['a.example', 'b.example'],
    ])
  })

  it('are none where Node was not told to use them: a library reads no environment (E4)', () => {
    assert.deepEqual(proxiesWith(environment), [null, null, null])
  })
})
