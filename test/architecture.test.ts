/** The rules of the house (ARCHITECTURE.md), each a sentence that fails. */
import assert from 'node:assert/strict'
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, it } from 'node:test'

type SourceFile = {
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
}
type Import = { readonly from: string; readonly typeOnly: boolean }

const source = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readSource(join('src', path)))
const program = source.filter(({ path }) => !path.endsWith('.test.ts') && !isTestSupport(path))

function readSource(path: string): SourceFile {
  const text = readFileSync(path, 'utf8')
  const statements = text.matchAll(
    /^(?:import|export)(\s+type)?\s[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm,
  )
  const dynamic = text.matchAll(/import\('([^']+)'\)/g)
  return {
    path,
    text,
    imports: [
      ...[...statements].map(([, type, from, bare]) => ({
        from: resolve(path, from ?? bare ?? ''),
        typeOnly: type !== undefined,
      })),
      ...[...dynamic].map(([, from]) => ({ from: resolve(path, from ?? ''), typeOnly: false })),
    ],
  }
}

function resolve(path: string, from: string): string {
  return from.startsWith('.') ? normalize(join(dirname(path), from)) : from
}

/** Suites that other folders' tests and other databases run. */
function isTestSupport(path: string): boolean {
  return path.startsWith('src/storage/conformance')
}

function importersOf(name: RegExp): string[] {
  return program
    .filter(({ imports }) => imports.some(({ from }) => name.test(from)))
    .map(({ path }) => path)
}

function pathsWith(pattern: RegExp, among = program): string[] {
  return among.filter(({ text }) => pattern.test(withoutComments(text))).map(({ path }) => path)
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}

/**
 * The floors of the house, from the ground up. A file imports at run time from its own folder and from lower floors only; folders of one
 * floor do not import each other. The longest name that a path begins with counts: a folder that is not listed belongs to its parent.
 */
const floors: readonly (readonly string[])[] = [
  ['src/protocol/find-own.ts'],
  ['src/errors'],
  ['src/keys', 'src/log', 'src/protocol', 'src/client'],
  ['src/identity-provider/entra/protocol', 'src/outgoing'],
  ['src/identity-provider/person-key.ts'],
  ['src/http'],
  ['src/storage', 'src/emulator'],
  ['src/audit'],
  ['src/identity-provider', 'src/webhooks'],
  ['src/identity-provider/entra'],
  ['src/connections'],
  ['src/provisioning'],
  ['src/organizations'],
  ['src/session'],
  ['src/access'],
  ['src/metrics', 'src/sign-in'],
  ['src/forward-auth', 'src/recheck'],
  ['src/settings', 'src/setup'],
  ['src/admin'],
  ['src/api'],
  ['src/apply', 'src/doctor', 'src/error-page.ts'],
  ['src/embedding'],
  ['src'],
  ['src/cli', 'src/testing'],
  ['src/bin.ts'],
]

/** Imports that still run upward. The list may only become shorter; an entry that no longer applies is removed with the import. */
const upwardImports: readonly string[] = [
  'src/connections/change-connection.ts imports src/organizations/enforcement.ts',
  'src/connections/connection-json.ts imports src/sign-in/choose-connection.ts',
  'src/connections/connection-fields.ts imports src/settings/setting-parsers.ts',
  'src/sign-in/sign-in.ts imports src/setup/consent.ts',
  'src/sign-in/sign-in.ts imports src/setup/test-sign-in.ts',
]

function unitOf(path: string): string {
  const units = floors.flat().filter((unit) => path === unit || path.startsWith(`${unit}/`))
  return units.reduce((longest, unit) => (unit.length > longest.length ? unit : longest), '')
}

function floorOf(unit: string): number {
  return floors.findIndex((units) => units.includes(unit))
}

/** Whether a run-time import leads to a higher floor, or to another folder of the same one. */
function leadsUpward(importer: string, imported: string): boolean {
  const from = unitOf(importer)
  const to = unitOf(imported)
  return from !== to && floorOf(to) >= floorOf(from)
}

/**
 * What other folders may import of a folder. `protocol` and `http` are shelves of small pure or plain parts; every other folder has
 * one door, and the further ones named here with it.
 */
const doors: Readonly<Record<string, readonly string[]>> = {
  'src/sign-in': [
    'sign-in.ts',

    'decide-sign-in.ts',
    // Pages and their addresses, for the list of routes.
    'login-page.ts',
    'find-sign-in.ts',
    'sign-out.ts',
    'operator-sign-in.ts',
    // What ends an attempt that was refused, and what the pages of a refusal and of an operator show of it.
    'after-refusal.ts',
    // What `entrada/testing` needs to sign somebody in as Entra's answer would.
    'attempt.ts',
    'sign-in-record.ts',

    // What forward-auth leads back to is checked as in a sign-in.
    'return-to.ts',
    'choose-connection.ts',
    // The way that "start again" leads, where no attempt says it.
    'last-connection.ts',
    'account-pages.ts',
    'begin-attempt.ts',
    'claims-challenge.ts',
    'redeem-answer.ts',
  ],
  'src/provisioning': [
    'provision-user.ts',
    // For a session that is checked again.
    'apply-roles.ts',
    // Pure parts of the decision, which sign-in/decide-sign-in.ts puts in order.
    'group-overage.ts',
    'group-snapshot.ts',
    'link-policy.ts',
    'map-roles.ts',
    'username.ts',
    // Names that belonged to members who were removed, and members whom an operator creates.
    'retired-usernames.ts',
    'create-membership.ts',
    // Read at the start.
    'role-rules-file.ts',
  ],
  'src/forward-auth': [
    'verify-access.ts',
    // The way past Web requests, for the server.
    'raw-verify.ts',
    // Read with the settings; what is used without a file.
    'access-rules-file.ts',
    'decide-access.ts',
    // Put into services.
    'identity-token.ts',
    'token-keys.ts',
  ],
  'src/session': [
    // The short way of the server.
    'raw-session.ts',
    'session.ts',
    // What a sign-in keeps to check the session again, and what key rotation seals anew; the checks are started with the parts.
    'session-grant.ts',

    'session-json.ts',

    'end-sessions.ts',
  ],
  'src/identity-provider': [
    // The key of a person: whose it is, and how it is shown.
    'person-key.ts',
    // The credentials of a connection, which live beside the provider and are put together with it.
    'client-credentials.ts',
    'watch-credentials.ts',
    // What the pages and the log say of their ends.
    'credential-expiry.ts',
    // Read with the settings, so that a wrong file is told with every other problem; thumbprints for the command line.
    'certificate.ts',
    // Key pairs of our own, for the command line and for customers who set up a connection.
    'new-key-pair.ts',
    'provider-http.ts',
  ],
  'src/organizations': [
    'forget-key.ts',

    // What operators and customers change; and what a connection signs in with.
    'organizations.ts',

    'removal.ts',
    'usernames.ts',

    // Whose a domain is: asked by a sign-in, checked in the background.
    'domains.ts',
    'check-domains.ts',
    'dns-txt.ts',

    // The one connection that an organization demands, and who may demand it.
    'sso-requirement.ts',
    'enforcement.ts',

    'sealing-since.ts',
  ],
  'src/setup': [
    'setup-link.ts',
    // Pages and their forms, for the list of routes.
    'setup-link-page.ts',
    'setup-page.ts',
    'setup-actions.ts',
    'setup-files.ts',
    'operator-test.ts',
    'consent.ts',
    'test-sign-in.ts',
  ],
  'src/admin': [
    'administration.ts',

    'memberships.ts',
    'end-sessions-in.ts',
    // The end of a restore, which the command line does on the database itself.
    'finish-restore.ts',
    'taken-away.ts',
    'rotate-keys.ts',
  ],
  // The list of routes takes them all.
  'src/admin/pages': ['admin-pages.ts'],
  'src/apply': ['apply.ts', 'configuration-file.ts', 'describe-plan.ts', 'export.ts', 'plan.ts'],
  'src/api': [
    'api-routes.ts',

    'read-input.ts',
  ],
  'src/webhooks': [
    'webhooks.ts',
    // Background work.
    'deliver.ts',
    'send-webhook.ts',
    'credential-warnings.ts',
  ],
  'src/outgoing': [
    'outgoing.ts',
    // Settings and options are read before anything is opened; what is said of a proxy.
    'proxies.ts',
    'host-proxies.ts',
    'proxy-error.ts',
    // Names that customers choose, and how a look-up is handed to a socket.
    'customer-names.ts',
    'system-lookup.ts',
    // Whatever else occupies a thread for long.
    'turns.ts',
  ],
  'src/audit': [
    'audit.ts',
    'audit-event-json.ts',
    'audit-events.ts',
    'record-sign-in.ts',
    'record-refusal.ts',
    // Told of every sign-in, and of what failed.
    'sign-in-notes.ts',
    'failure-of-connection.ts',
    'traced-person.ts',
    'sample-refusals.ts',
    'bounded-events.ts',
    'outbox.ts',
    // The chain: how a place in it is written, what is done to it, whether it holds, and the background work that keeps it.
    'audit-chain.ts',
    'extend-audit-chain.ts',
    'verify-audit-chain.ts',
    'keep-audit-chain.ts',
    // A rotation of the key ring vouches for erasures again.
    'erase-people.ts',
    // The same, verified in the background; and what that found, for metrics, pages and the doctor.
    'watch-audit-chain.ts',
    'audit-verification.ts',
  ],
  // What is counted; each part is put into services, or asked by the server.
  'src/metrics': [
    'metrics.ts',
    'measured-storage.ts',
    'process-samples.ts',
    'metrics-page.ts',
    'report-outcome.ts',
    'tracing.ts',
  ],
  'src/connections': [
    'refuse-account.ts',
    'change-connection.ts',
    'connection-addresses.ts',
    'connection-json.ts',
    'connection-providers.ts',
    'connection-schema.ts',
    'credentials.ts',
    'directory-fingerprint.ts',
    'environment-connection-id.ts',
    'environment-connection.ts',
    'names.ts',
    'page-json.ts',
    'schema-parts.ts',
    'sealed-credentials.ts',
    'test-fingerprint.ts',
  ],
  'src/access': [
    'operator-token.ts',
    'api-keys.ts',
    'authorize-call.ts',
    'authorize-operator.ts',
    'decide-right.ts',
    'operators.ts',
    'scope-table.ts',
  ],
  'src/recheck': ['start-rechecking.ts'],
  'src/identity-provider/entra': [
    'explain-refusal.ts',
    'clouds.ts',
    'entra-authority.ts',
    'entra-oidc.ts',
    'entra-permissions.ts',
  ],
  'src/storage': [
    'organization-roles.ts',
    'open-storage.ts',
    'sqlite-backup.ts',
    'sweeping.ts',
    // Pure: also used on what is not told yet.
    'merge-health.ts',
    // Looks at a database without opening it for use.
    'inspect-database.ts',
    // Derived alike by the column that is searched, the warnings and the pages.
    'credentials-end.ts',
    // Which directories a connection accepts: decided on, searched by, shown.
    'accepted-tenants.ts',
  ],
  'src/doctor': ['doctor.ts'],
  // output.ts: bin.ts alone may touch the standard streams, and hands them in.
  'src/cli': ['run-cli.ts', 'output.ts', 'refuse-old-node.ts'],
  'src/emulator': ['start-emulator.ts', 'emulator.ts'],
}

describe('the house', () => {
  it('lets identity-provider/entra/entra-oidc.ts alone import MSAL', () => {
    assert.deepEqual(importersOf(/^@azure\/msal/), ['src/identity-provider/entra/entra-oidc.ts'])
  })

  it('lets one file import each database driver', () => {
    assert.deepEqual(importersOf(/^node:sqlite$/), ['src/storage/sqlite.ts'])
    assert.deepEqual(importersOf(/^pg(\/|$)/), ['src/storage/postgres.ts'])
  })

  it('imports no package but those of package.json, outside of test/packages and bench/compare', () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
    const listed = new Set(['entrada', ...Object.keys({ ...dependencies, ...devDependencies })])
    const others = globSync('{test,scripts,bench}/**/*.ts', {
      exclude: (path) => /node_modules$|^(test\/packages|bench\/compare)$/.test(path),
    })
    const strangers = [...source, ...others.map(readSource)].flatMap(({ path, imports }) =>
      imports
        .map(({ from }) => /^(?:@[^/]+\/)?[^/]+/.exec(from)?.[0] ?? '')
        .filter((name) => /^[a-z@][^:$]*$/.test(name) && !listed.has(name))
        .filter((name) => !/^(src|test|scripts|bench)$/.test(name))
        .map((name) => `${path} imports ${name}`),
    )
    assert.deepEqual(strangers, [])
  })

  it('loads PostgreSQL only for those who use it', () => {
    assert.deepEqual(pathsWith(/from '[^']*\/postgres\.ts'/), [])
  })

  it('lets bin.ts alone read the environment, the arguments and the signals', () => {
    const reads = /\bprocess\.(env|argv|once|on|exit|exitCode)\b|process\[|from 'node:process'/
    // An old Node has to be told before `bin.ts` itself begins.
    assert.deepEqual(pathsWith(reads), ['src/bin.ts', 'src/cli/refuse-old-node.ts'])
  })

  it('has an emulator that imports nothing of ours but http/', () => {
    const strangers = program
      .filter(({ path }) => path.startsWith('src/emulator/'))
      .flatMap(({ path, imports }) => imports.map(({ from }) => `${path} imports ${from}`))
      .filter(
        (line) => / imports src\//.test(line) && !/ imports src\/(emulator|http)\//.test(line),
      )
    assert.deepEqual(strangers, [])
  })

  it('lets nothing but the command line import the emulator', () => {
    const importers = importersOf(/^src\/emulator\//).filter(
      (path) => !path.startsWith('src/emulator/'),
    )
    assert.deepEqual(importers.sort(), [
      'src/cli/development-emulator.ts',
      'src/cli/emulator-environment.ts',
      'src/cli/emulator.ts',
      'src/cli/kept-directory.ts',
    ])
  })

  it('keeps protocol/ and the protocol folder of each identity provider pure: no clock, network, randomness, environment or Node', () => {
    const protocol = program.filter(({ path }) =>
      /^src\/(identity-provider\/\w+\/)?protocol\//.test(path),
    )
    const impure =
      /\bfetch\(|Date\.now|new Date\(\)|Math\.random|crypto\.|\bprocess\.|from 'node:|performance\./
    assert.deepEqual(pathsWith(impure, protocol), [])
  })

  it('has a doctor whose rules are pure: they judge facts, and gather none', () => {
    const rules = program.filter(({ path }) =>
      /^src\/doctor\/(diagnose|finding|describe)/.test(path),
    )
    const impure = /\bfetch\b|new Date\(\)|process\.|from 'node:|probe-|AskContext/
    assert.ok(rules.length > 10)
    assert.deepEqual(pathsWith(impure, rules), [])
  })

  it('takes the time from the injected clock', () => {
    const outsiders = pathsWith(/Date\.now\(\)|new Date\(\)/).filter(
      (path) => !path.startsWith('src/emulator/'),
    )
    // The two places that hand the clock in, to the services and to the command line, and a log, whose lines are stamped.
    assert.deepEqual(outsiders, ['src/bin.ts', 'src/open-services.ts', 'src/log/error-log.ts'])
  })

  for (const door of ['src/index.ts', 'src/embedding/hono.ts', 'src/embedding/next.ts']) {
    it(`opens ${door} without a Node import at its top level`, () => {
      const seen = new Set<string>()
      const visit = (path: string): void => {
        if (seen.has(path)) return
        seen.add(path)
        const file = program.find((one) => one.path === path)
        const statically = file?.imports.filter(
          ({ from, typeOnly }) =>
            !typeOnly && !file.text.includes(`import('${relativeTo(path, from)}')`),
        )
        for (const { from } of statically ?? []) visit(from)
      }
      visit(door)
      if (door === 'src/index.ts')
        assert.ok(seen.has('src/sign-in/sign-in.ts'), 'as far as the sign-in')
      assert.deepEqual(
        [...seen].filter((name) => name.startsWith('node:') || name.startsWith('@azure/')),
        [],
      )
    })
  }

  it('imports at run time from lower floors only', () => {
    const upward = program.flatMap(({ path, imports }) =>
      imports
        .filter(({ from, typeOnly }) => !typeOnly && from.startsWith('src/'))
        .filter(({ from }) => leadsUpward(path, from))
        .map(({ from }) => `${path} imports ${from}`),
    )
    assert.deepEqual(
      upward.filter((line) => !upwardImports.includes(line)),
      [],
    )
  })

  it('enters a folder through its door', () => {
    const trespasses = program.flatMap(({ path, imports }) =>
      imports
        .filter(({ from, typeOnly }) => !typeOnly && isBehindDoor(path, from))
        .map(({ from }) => `${path} imports ${from}, which is not a door of its folder`),
    )
    assert.deepEqual(trespasses, [])
  })

  it('has doors that are used', () => {
    const used = new Set(program.flatMap(({ imports }) => imports.map(({ from }) => from)))
    const unused = Object.entries(doors).flatMap(([folder, files]) =>
      files
        .map((file) => `${folder}/${file}`)
        .filter((path) => !used.has(path) && !path.startsWith('src/emulator/')),
    )
    assert.deepEqual(unused, [])
  })

  it('has no index.ts inside folders, no utils.ts and no types.ts', () => {
    const named = source.filter(({ path }) =>
      /\/(utils?|types|helpers?)\.ts$|^src\/.+\/index\.ts$/.test(path),
    )
    assert.deepEqual(
      named.map(({ path }) => path),
      [],
    )
  })

  it('has no file over 400 lines', () => {
    const long = source.filter(({ text }) => text.split('\n').length > 401)
    assert.deepEqual(
      long.map(({ path }) => path),
      [],
    )
  })

  it('has no default export, enum, namespace or decorator', () => {
    assert.deepEqual(
      pathsWith(/^export default|^(export )?(const )?enum |^(export )?namespace |^\s*@\w+\(/m),
      [],
    )
  })
})

function relativeTo(path: string, from: string): string {
  return from.startsWith('src/') && dirname(path) === dirname(from)
    ? `./${from.split('/').at(-1)}`
    : from
}

function isBehindDoor(importer: string, imported: string): boolean {
  const folder = dirname(imported)
  const open = doors[folder]
  if (
    open === undefined ||
    dirname(importer) === folder ||
    dirname(importer).startsWith(`${folder}/`)
  )
    return false
  return !open.some((file) => join(folder, file) === imported)
}
