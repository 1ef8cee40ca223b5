/** `npm run check` checks the types of everything that `npm ci` alone can compile; these need packages of their own. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { describe, it } from 'node:test'

describe('tsc', () => {
  for (const project of ['test/packages', 'examples', 'examples/next']) {
    it(`finds nothing wrong in ${project}`, () => {
      const compiler = resolve('node_modules/typescript/bin/tsc')
      const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', project], {
        encoding: 'utf8',
      })
      assert.equal(status, 0, stdout)
    })
  }
})
