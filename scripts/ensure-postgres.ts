/** Before the tests: PostgreSQL's own tools are on this machine, or Debian's package is installed, or this ends with what to do. */
import { spawnSync } from 'node:child_process'
import { findPostgresTools } from '../test/support/postgres-tools.ts'

if (findPostgresTools() === undefined && process.getuid?.() === 0) {
  console.error("No pg_dump with its server here; installing Debian's package.")
  aptGet('update')
  aptGet('install', '-y', '--no-install-recommends', 'postgresql')
}
if (findPostgresTools() === undefined) {
  console.error(
    'PostgreSQL was not found, and could not be installed. test/postgres-guide.test.ts backs up and restores as docs/operate.md says, test/postgres-versions.test.ts runs Entrada on it.\n' +
      'Install as this system does it (Debian, as root: apt-get install postgresql) and run the tests again.',
  )
  process.exitCode = 1
}

function aptGet(...args: readonly string[]): void {
  // What it prints goes to standard error, where it disturbs no test report. The run level keeps the package's server stopped.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  spawnSync('apt-get', args, { stdio: ['ignore', 2, 2], env })
}
