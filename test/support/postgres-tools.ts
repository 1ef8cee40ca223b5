/** PostgreSQL as a system installs it: the server with the tools of its own version, `pg_dump` among them. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const tools = ['postgres', 'initdb', 'psql', 'createdb', 'pg_dump', 'pg_restore']

/** The folder of the newest that is whole; what is in the `PATH` may be a wrapper, or of another version than its server. */
export function findPostgresTools(): string | undefined {
  const installed = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'].flatMap(
    (parent) =>
      existsSync(parent) ? readdirSync(parent).map((name) => join(parent, name, 'bin')) : [],
  )
  const folders = [...installed, ...(process.env.PATH ?? '').split(':')]
  const whole = folders.filter((folder) => tools.every((tool) => existsSync(join(folder, tool))))
  return whole.sort((a, b) => versionOf(b) - versionOf(a))[0]
}

function versionOf(folder: string): number {
  const { stdout } = spawnSync(join(folder, 'pg_dump'), ['--version'], { encoding: 'utf8' })
  return Number(/ (\d+)/.exec(stdout ?? '')?.[1] ?? 0)
}
