/**
 * What `npm run test:fast` runs: all unit tests, the storage conformance on SQLite, and one end-to-end test of each flow. They
 * need nothing but what `npm ci` installs, and together less than 90 seconds on two cores. The rest belongs to `npm test`.
 */
import { globSync } from 'node:fs'

/** The tests of a folder of the source that start a PostgreSQL. */
const withPostgres = [
  'src/storage/postgres.test.ts',
  'src/storage/postgres-turns.test.ts',
  'src/storage/query-plans.test.ts',
  'src/storage/search.test.ts',
]

const flows = [
  // A person signs in, stays, and leaves.
  'test/sign-in.test.ts',
  'test/callback.test.ts',
  'test/provisioning.test.ts',
  'test/groups.test.ts',
  'test/sessions.test.ts',
  'test/decided-again.test.ts',
  'test/sign-out.test.ts',
  'test/data-removal.test.ts',
  // A customer's administrator connects a directory.
  'test/setup.test.ts',
  'test/setup-consent.test.ts',
  'test/setup-tests.test.ts',
  'test/customers.test.ts',
  'test/two-organizations.test.ts',
  'test/which-connection.test.ts',
  'test/enforcement.test.ts',
  // An operator administers and operates.
  'test/setup-operators.test.ts',
  'test/admin-pages.test.ts',
  'test/api-organizations.test.ts',
  'test/apply.test.ts',
  'test/cli.test.ts',
  'test/doctor.test.ts',
  'test/webhooks.test.ts',
  'test/credentials.test.ts',
  'test/key-rotation.test.ts',
  // A reverse proxy, an application and a developer use it.
  'test/forward-auth-customers.test.ts',
  'test/library-start.test.ts',
  'test/emulator-command.test.ts',
]

/** Paths from the root of the repository. */
export function fastTests(): readonly string[] {
  const units = globSync('src/**/*.test.ts').filter((path) => !withPostgres.includes(path))
  return [...units.sort(), ...flows]
}

/** Every path that this list names: a file that was renamed must not drop out unnoticed. */
export const namedFastTests: readonly string[] = [...withPostgres, ...flows]
