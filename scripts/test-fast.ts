/** `npm run test:fast`: the tests for the working day, see test/support/fast-tests.ts. */
import { spawnSync } from 'node:child_process'
import { fastTests } from '../test/support/fast-tests.ts'

const flags = ['--test', '--test-concurrency=2', '--test-timeout=60000']
const { status } = spawnSync(process.execPath, [...flags, ...fastTests()], { stdio: 'inherit' })
process.exitCode = status ?? 1
