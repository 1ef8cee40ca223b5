/** The list behind `npm run test:fast`. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { fastTests, namedFastTests } from './support/fast-tests.ts'

/** What `npm test` installs first; `npm ci` alone has none of it. */
const FETCHED = /^(test\/packages\/|test\/support\/(postgres|chromium|proxy-process)\.ts$)/

/** The file and everything of ours that it imports, however far. */
function filesBehind(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen
  seen.add(path)
  const imports = readFileSync(path, 'utf8').matchAll(/^(?:import|export)[^']*'(\.[^']+\.ts)'/gm)
  for (const [, target = ''] of imports) filesBehind(join(dirname(path), target), seen)
  return seen
}

describe('the fast tests', () => {
  it('are files that exist', () => {
    const missing = namedFastTests.filter((path) => !existsSync(path))
    assert.deepEqual(missing, [])
  })

  it('are no more than once in the list', () => {
    assert.equal(new Set(fastTests()).size, fastTests().length)
  })

  it('need nothing but what `npm ci` installs', () => {
    const seen = new Set<string>()
    for (const path of fastTests()) filesBehind(path, seen)
    assert.ok(seen.has('test/support/rig.ts'))
    assert.deepEqual(
      [...seen].filter((path) => FETCHED.test(path)),
      [],
    )
  })
})
