/** The rules of the house (ARCHITECTURE.md), each a sentence that fails. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
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
 * floor do not import each other. The longest name that a path begins with counts: a folder that is not listed belongs to its parent, and
 * a file that is listed has a floor of its own, as a table of kinds does above the folders of the kinds.
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
  ['src/identity-provider/provider-kinds.ts'],
  [
    'src/connections/connection-field.ts',
    'src/connections/page-json.ts',
    'src/connections/schema-parts.ts',
  ],
  ['src/connections/entra'],
  ['src/connections'],
  ['src/provisioning'],
  ['src/organizations'],
  ['src/session'],
  ['src/access'],
  ['src/metrics', 'src/sign-in'],
  ['src/forward-auth', 'src/recheck'],
  ['src/settings', 'src/setup'],
  ['src/setup/entra'],
  ['src/setup/set-up-kinds.ts'],
  ['src/setup/renewal-page.ts'],
  ['src/setup/setup-page.ts'],
  ['src/setup/setup-actions.ts'],
  ['src/admin'],
  ['src/api'],
  ['src/apply', 'src/doctor', 'src/error-page.ts'],
  ['src/doctor/entra'],
  ['src/doctor/diagnose-kinds.ts', 'src/doctor/probe-kinds.ts'],
  ['src/doctor/diagnose.ts', 'src/doctor/gather-facts.ts'],
  ['src/doctor/doctor.ts'],
  ['src/embedding'],
  ['src'],
  ['src/cli', 'src/testing'],
  ['src/bin.ts'],
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
 * Folders of which other folders see a few files only: these. A folder that is not listed is a shelf, which may be entered anywhere. The
 * files of `src/` itself put the house together and may import any file, and a folder may import from the folders inside it.
 */
const doors: Readonly<Record<string, readonly string[]>> = {
  'src/admin/pages': [],
  'src/api': ['read-input.ts'],
  'src/api/resources': ['organizations.ts'],
  'src/cli': [],
  'src/doctor': ['doctor.ts'],
  'src/doctor/entra': [],
  'src/embedding': [],
  'src/emulator': ['start-emulator.ts'],
  'src/emulator/administration': [],
  'src/emulator/graph': [],
  'src/forward-auth': ['access-rules-file.ts', 'raw-verify.ts'],
  'src/recheck': [],
  'src/setup': ['setup-link.ts'],
  'src/setup/entra': [],
  'src/storage': [
    'accepted-tenants.ts',
    'all-of.ts',
    'credentials-end.ts',
    'inspect-database.ts',
    'merge-health.ts',
    'organization-roles.ts',
    'plan.ts',
    'sign-in-state.ts',
    'sqlite-backup.ts',
    'username-storage.ts',
  ],
  'src/storage/migrations': [],
  'src/webhooks': ['webhooks.ts'],
}

/** Files outside of Entra's folders that name `tid` and `oid`, each with its reason. None decides anything by them. */
const filesWithEntraIds: Readonly<Record<string, string>> = {
  'src/identity-provider/person-key.ts': 'parses the short form, and shows a key with both names',
  'src/access/operators.ts': 'reads the short form in a setting and in the options of the library',
  'src/admin/administration.ts': 'takes both as members of a new user',
  'src/api/resources/users.ts': 'has both in its JSON',
  'src/api/openapi-examples.ts': 'has an example of each member',
  'src/cli/user.ts': 'has an option for each',
  'src/cli/user-import.ts': 'sends and prints what a file names',
  'src/cli/imported-people.ts': 'reads the columns of other systems',
  'src/audit/audit-events.ts': 'describes the members of an event',
  'src/audit/personal-members.ts': 'names the members that are erased with a person',
  'src/doctor/entra/diagnose-claims.ts':
    'counts the people of sign-in traces, also those of the release before',
  'src/errors/error-table-sign-in.ts': 'names the claim in a remedy',
  'src/storage/people-rows.ts': 'fills the columns of the release before',
  'src/storage/postgres.ts': 'means the ids of types in PostgreSQL',
  'src/testing/sign-in-as.ts': 'takes both for the person of a test',
}

/** Files outside of the folders of Entra that import from them at run time, each with its reason. The emulator shares nothing with them. */
const filesWithEntra: Readonly<Record<string, string>> = {
  'src/identity-provider/provider-kinds.ts': 'is the table of kinds',
  'src/connections/connection-fields.ts': 'is the table of fields',
  'src/setup/set-up-kinds.ts': 'is the table of set-up pages',
  'src/doctor/probe-kinds.ts': 'is the table of probes',
  'src/doctor/diagnose-kinds.ts': 'is the table of rules',
  'src/identity-provider/person-key.ts':
    'reads and prints keys as text, which have a short form at Entra',
  'src/settings/settings-table.ts':
    'reads the settings of the environment, whose connection is one to Entra',
  'src/settings/check-options.ts': 'reads the same as options of the library',
  'src/storage/domain-rows.ts':
    'stores the issuers that a connection is found by, below the table of kinds',
  'src/callback.ts': 'leads the answer to an administrator’s consent to its flow',
}

describe('the house', () => {
  it('lets identity-provider/entra/entra-oidc.ts alone import MSAL', () => {
    assert.deepEqual(importersOf(/^@azure\/msal/), ['src/identity-provider/entra/entra-oidc.ts'])
  })

  it('keeps what a kind of identity provider has in tables, and asks for the kind nowhere else', () => {
    const tables = program.filter(({ text }) => /\bkindNameOf\b/.test(withoutComments(text)))
    assert.deepEqual(tables.map(({ path }) => path).sort(), [
      'src/connections/connection-json.ts',
      'src/connections/connection-providers.ts',
      'src/connections/fields-of-kind.ts',
      'src/identity-provider/provider-kinds.ts',
      'src/setup/set-up-kinds.ts',
    ])
  })

  it('imports from the folders of a kind of identity provider in the tables of kinds, and where a reason is listed', () => {
    const isOfEntra = (path: string) => /\/entra\//.test(path)
    const importers = program
      .filter(({ path }) => !isOfEntra(path))
      .filter(({ imports }) => imports.some(({ from, typeOnly }) => !typeOnly && isOfEntra(from)))
    assert.deepEqual(importers.map(({ path }) => path).sort(), Object.keys(filesWithEntra).sort())
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
    // An old Node has to be reported before `bin.ts` itself begins.
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
      /^src\/doctor\/(entra\/)?(diagnose|finding|describe)/.test(path),
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
        const file = program.find((file) => file.path === path)
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
    assert.deepEqual(upward, [])
  })

  it('has no circle of files at run time', () => {
    const finished = new Set<string>()
    const circles: string[] = []
    const visit = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' → '))
      if (way.includes(path) || finished.has(path)) return
      const imports = program.find((file) => file.path === path)?.imports ?? []
      for (const { from, typeOnly } of imports) if (!typeOnly) visit(from, [...way, path])
      finished.add(path)
    }
    for (const { path } of program) visit(path, [])
    assert.deepEqual(circles, [])
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
      files.map((file) => `${folder}/${file}`).filter((path) => !used.has(path)),
    )
    assert.deepEqual(unused, [])
  })

  it('has a floor for every folder', () => {
    const folders = new Set(source.map(({ path }) => dirname(path)))
    assert.deepEqual(
      [...folders].filter((folder) => folder !== 'src' && unitOf(folder) === 'src'),
      [],
    )
    const units = floors.flat()
    assert.deepEqual(
      units.filter(
        (unit) => !source.some(({ path }) => path === unit || dirname(path).startsWith(unit)),
      ),
      [],
    )
  })

  it('has an ARCHITECTURE.md that names files and folders that exist, and every folder', () => {
    const text = readFileSync('ARCHITECTURE.md', 'utf8')
    const names = [...text.matchAll(/`([a-z0-9./*-]*(?:\.ts|\.md|\/))`/g)].map(
      ([, name]) => name ?? '',
    )
    const exists = (name: string) =>
      name.includes('*')
        ? globSync(join('src', '**', name)).length > 0
        : existsSync(join('src', name)) || existsSync(name)
    const unknown = names.filter((name) => !exists(name))
    assert.deepEqual(unknown, [])
    const folders = floors.flat().filter((unit) => !unit.endsWith('.ts') && unit !== 'src')
    assert.deepEqual(
      folders.filter((folder) => !names.includes(`${folder.slice('src/'.length)}/`)),
      [],
    )
  })

  it('has at most ten files in src/ itself', () => {
    assert.ok(program.filter(({ path }) => dirname(path) === 'src').length <= 10)
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

  it('names the ids of Entra where they are made, read or shown, and decides by the key of a person elsewhere', () => {
    const ofEntra = /^src\/(identity-provider\/entra|setup\/entra|emulator|storage\/migrations)\//
    const named = pathsWith(/\b(tid|oid)\b/).filter((path) => !ofEntra.test(path))
    assert.deepEqual(named.sort(), Object.keys(filesWithEntraIds).sort())
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
  if (!from.startsWith('src/')) return from
  const way = relative(dirname(path), from)
  return way.startsWith('.') ? way : `./${way}`
}

function isBehindDoor(importer: string, imported: string): boolean {
  const folder = dirname(imported)
  const from = dirname(importer)
  const open = doors[folder]
  const isRelated = isWithin(from, folder) || isWithin(folder, from)
  return open !== undefined && !isRelated && !open.some((file) => join(folder, file) === imported)
}

/** Returns whether a folder is another one or lies inside it. The files of `src/` count as related to every folder. */
function isWithin(folder: string, other: string): boolean {
  return folder === other || folder.startsWith(`${other}/`)
}
