/** Before the tests: nginx, Caddy, HAProxy, PgBouncer and Python are on this machine, or Debian's packages are installed, or this ends with what to do. */
import { spawnSync } from 'node:child_process'
import { findProxy, proxyNames } from '../test/support/proxy-process.ts'

/** Python is the other language that an example behind nginx is written in. */
const needed = [...proxyNames, 'pgbouncer', 'python3'] as const
const missing = () => needed.filter((name) => findProxy(name) === undefined)

if (missing().length > 0 && process.getuid?.() === 0) {
  console.error(`Not here: ${missing().join(', ')}; installing Debian's packages.`)
  aptGet('update')
  aptGet('install', '-y', '--no-install-recommends', ...missing())
}
if (missing().length > 0) {
  console.error(
    `${missing().join(', ')} not found, and could not be installed. test/proxies.test.ts runs the configurations of\n` +
      'deploy/proxies, test/pgbouncer.test.ts PgBouncer, test/examples.test.ts those of examples/. Install as this system does it (Debian, as root: apt-get install nginx caddy haproxy pgbouncer python3) and run the tests again.',
  )
  process.exitCode = 1
}

function aptGet(...args: readonly string[]): void {
  // What it prints goes to standard error, where it disturbs no test report. The run level keeps the packages' services stopped.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  spawnSync('apt-get', args, { stdio: ['ignore', 2, 2], env })
}
