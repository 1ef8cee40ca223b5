/** `npm run test:fast`: the tests for the working day, see test/support/fast-tests.ts. */
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { fastTests } from '../test/support/fast-tests.ts'

const flags = ['--test', '--test-concurrency=2', '--test-timeout=60000']
// Each test file is a process, and most load the same files: compiled once, they take half the time.
const compiled = resolve(import.meta.dirname, '../node_modules/.cache/compiled')
const { status } = spawnSync(process.execPath, [...flags, ...fastTests()], {
  stdio: 'inherit',
  env: { ...process.env, NODE_COMPILE_CACHE: compiled },
})
process.exitCode = status ?? 1
