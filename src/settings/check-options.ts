/**
 * Checks the options of the library and converts them to the types that the rest of the program uses. TypeScript checks their types
 * too; a developer who writes JavaScript has only these checks. All problems are reported together.
 */

import { EntradaError } from '../errors/errors.ts'
import { type AccessRulesInput, toAccessRules } from '../forward-auth/access-rules-file.ts'
import { brandLogo } from '../http/brand.ts'
import { siteProblems } from '../http/site.ts'
import { authority } from '../identity-provider/entra/protocol/registration-values.ts'
import { Secret } from '../keys/secret.ts'
import type { Proxies } from '../outgoing/proxies.ts'
import type { Storage } from '../storage/storage.ts'
import { credentialsOption, roleRulesOption, unmatchedOption } from './check-entra-options.ts'
import { connectionOptions } from './connection-settings.ts'
import { callbackOptions, guardedCallbacks } from './host-callbacks.ts'
import type {
  ApplicationOptions,
  CredentialOptions,
  EntradaOptions,
  EntraOptions,
} from './options.ts'
import { clientSecret, databaseUrl } from './setting-parsers.ts'
import {
  type OptionReader,
  oneOf,
  problemsOf,
  type Report,
  reader,
  type Setting,
  type SettingRows,
  textValue,
} from './setting-values.ts'
import { settingsTable } from './settings-table.ts'
import { didYouMean } from './stray-settings.ts'

export type CheckedOptions = Omit<EntradaOptions, keyof ConvertedOptions> & ConvertedOptions

/** The options that have another type after the check. */
type ConvertedOptions = {
  readonly serverUrl: URL
  readonly database: string | Secret | Storage
  readonly extraUrls?: readonly URL[]
  readonly applicationUrls?: readonly URL[]
  readonly secretKeys: readonly Secret[]
  readonly operatorTokens?: readonly Secret[]
  readonly authority?: URL
  readonly entra?: CheckedEntra
  readonly proxy?: Proxies
  readonly sharedApplication?: CheckedApplication
}

export type CheckedEntra = Omit<EntraOptions, 'tenantId' | keyof ApplicationOptions> &
  CheckedApplication & { readonly tenantId: string }

export type CheckedApplication = {
  readonly clientId: string
  readonly clientSecret?: Secret
  readonly credentials?: readonly CheckedCredential[] | (() => readonly CheckedCredential[])
  readonly authority?: URL
}

export type CheckedCredential =
  | { readonly kind: 'client_secret'; readonly value: Secret; readonly expiresAt?: Date }
  | { readonly kind: 'certificate'; readonly certificate: string; readonly privateKey: Secret }
  | Extract<CredentialOptions, { kind: 'federated_token_file' }>

/**
 * Checks the options, and converts those that the parts take in another form. Checked options are accepted again.
 *
 * @throws {EntradaError} `settings_invalid`, every problem in `detail.problems` and in the message
 */
export function checkOptions(
  options: EntradaOptions,
  table: SettingRows = typedTable,
): CheckedOptions {
  if (!isObject(options)) {
    throw new EntradaError('settings_invalid', { problems: ['createEntrada takes its options'] })
  }
  const problems: string[] = []
  const report: ReportAt = (path, problem) => void problems.push(`${path} ${problem}`)
  const read = readGroup(options, '', { readers: optionReaders(table), report })
  const checked = { ...read, ...guardedCallbacks(options) } as CheckedOptions // each reader returns what its path has; a missing value is a problem
  checkTogether(options, checked, report)
  // Addresses are compared only after each of them is right by itself.
  if (problems.length === 0) problems.push(...siteProblemsOf(checked).map(withPathsOf(table)))
  if (problems.length > 0) throw new EntradaError('settings_invalid', { problems })
  return withAuthority(checked)
}

type ReportAt = (path: string, problem: string) => void
type Reading = {
  readonly readers: ReadonlyMap<string, LibraryOption>
  readonly report: ReportAt
}
type LibraryOption = {
  readonly required?: true
  readonly read: OptionReader<unknown>
}

/** Returns the options by their path: those of the library alone, and those that are settings of the server too. */
function optionReaders(table: SettingRows): Reading['readers'] {
  const rows = Object.values(table).flatMap(({ option, required, value }) =>
    option === undefined
      ? []
      : [[option, { read: value.fromOption, ...(required ? { required } : {}) }] as const],
  )
  const isOfApplication = ([path]: readonly [string, LibraryOption]) => /^(entra|shared)/.test(path)
  const options = [
    ...Object.entries<LibraryOption>(callbackOptions),
    ...rows,
    ...Object.entries(libraryOptions),
  ]
  return new Map([
    ...options.filter((entry) => !isOfApplication(entry)),
    ...options.filter(isOfApplication),
  ])
}

/** Checks the members of an object such as `session`. `group` is its path, which is empty for the options themselves. */
function readGroup(
  value: unknown,
  group: string,
  reading: Reading,
): Readonly<Record<string, unknown>> {
  const { readers, report } = reading
  const prefix = group === '' ? '' : `${group}.`
  const names = memberNames(readers, prefix)
  const hasRequired = [...names].some((name) => readers.get(prefix + name)?.required)
  if (!isObject(value) && !hasRequired) {
    report(group, `must be an object with ${[...names].map((name) => `\`${name}\``).join(', ')}`)
    return {}
  }
  const members = isObject(value) ? value : {}
  // Without this check a misspelt option would be ignored.
  for (const name of Object.keys(members).filter((name) => !names.has(name))) {
    const noun = group === 'entra.policies' ? 'a policy' : 'an option'
    report(prefix + name, `is not ${noun}.${didYouMean(name, names)}`)
  }
  const read = [...names].map((name) => [name, readMember(members[name], prefix + name, reading)])
  return Object.fromEntries(read.filter(([, member]) => member !== undefined))
}

function readMember(value: unknown, path: string, reading: Reading): unknown {
  const option = reading.readers.get(path)
  if (value === undefined && !option?.required) return undefined
  if (option === undefined) return readGroup(value, path, reading)
  return option.read(value, (problem, member = '') => reading.report(path + member, problem))
}

function memberNames(readers: Reading['readers'], prefix: string): ReadonlySet<string> {
  const paths = [...readers.keys()].filter((path) => path.startsWith(prefix))
  return new Set(paths.map((path) => path.slice(prefix.length).split('.')[0] ?? ''))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** A row whose value is not what `CheckedOptions` has at the row's path does not compile. */
const typedTable: RowsOf<typeof settingsTable> = settingsTable
type RowsOf<Table> = {
  readonly [Row in keyof Table]: Table[Row] extends { readonly option: infer Path }
    ? Setting<ValueAt<CheckedOptions, Path>>
    : Setting
}
/** The type of a member by its path: `number` for `session.idleSeconds`. */
type ValueAt<Options, Path> = Path extends `${infer Group}.${infer Member}`
  ? ValueAt<NonNullable<Options[Group & keyof Options]>, Member>
  : Options[Path & keyof Options]

/** The options that are not settings of the server, by their path. */
const libraryOptions: Readonly<Record<string, LibraryOption>> = {
  database: { required: true, read: reader(databaseOf) },
  mode: { read: oneOf('development', 'production').fromOption },
  mountPath: { read: reader(mountPathOf) },
  cookiePrefix: { read: reader(cookiePrefixOf) },
  accessRules: { read: readRules },
  openTelemetry: { read: (value) => value },
  'brand.logo': { read: reader(logoOf) },
  'entra.clientSecret': { read: textValue(clientSecret).fromOption },
  'entra.credentials': { read: credentialsOption },
  'entra.authority': { read: textValue(authority).fromOption },
  ...connectionOptions(),
  'entra.policies.unmatched': { read: reader(unmatchedOption) },
  'entra.roleRules': { read: roleRulesOption },
  'sharedApplication.clientSecret': { read: textValue(clientSecret).fromOption },
  'sharedApplication.credentials': { read: credentialsOption },
  'sharedApplication.authority': { read: textValue(authority).fromOption },
}

/** Any other address than that of PostgreSQL would be used as the name of a file, and be printed with its password. */
function databaseOf(value: unknown): unknown {
  if (value === undefined || value === '') {
    throw new Error('is missing; a file, `:memory:`, or a postgres:// URL')
  }
  if (typeof value !== 'string' && !isObject(value)) throw new Error('must be text, or a storage')
  const text = value instanceof Secret ? value.reveal() : value
  if (typeof text === 'string' && /^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(text)) databaseUrl(text)
  return value
}

function mountPathOf(value: unknown): string {
  if (value === '' || value === '/') return ''
  if (typeof value === 'string' && /^(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/.test(value)) return value
  throw new Error('must be a path such as /sso, without a slash at its end')
}

function cookiePrefixOf(value: unknown): string {
  if (typeof value === 'string' && /^[A-Za-z0-9_-]{1,32}$/.test(value)) return value
  throw new Error('must be 1 to 32 of A-Z a-z 0-9 _ -')
}

function logoOf(value: unknown): unknown {
  brandLogo(value as Uint8Array | string) // which throws at anything else
  return value
}

function readRules(value: unknown, report: Report): unknown {
  const problems = problemsOf(() => void toAccessRules(value as AccessRulesInput)) // which checks it
  for (const problem of problems) report(problem.replace(/^ENTRADA_ACCESS_RULES_FILE\W+/, ''))
  return value
}

function siteProblemsOf(options: CheckedOptions): readonly string[] {
  const { serverUrl, extraUrls = [], cookieDomain, applicationUrls } = options
  return siteProblems({ publicUrls: [serverUrl, ...extraUrls], cookieDomain, applicationUrls })
}

/** Replaces, in a message, the names of settings in the environment by the paths of their options. */
function withPathsOf(table: SettingRows): (message: string) => string {
  const paths = new Map(Object.values(table).map(({ env, option = env }) => [env, option]))
  return (message) => message.replace(/\bENTRADA_[A-Z_]+\b/g, (name) => paths.get(name) ?? name)
}

/** Checks options that depend on each other. */
function checkTogether(options: EntradaOptions, checked: CheckedOptions, report: ReportAt): void {
  const { session } = checked
  if (options.secretKeys?.length === 0) {
    report('secretKeys', 'holds no key; make one with `openssl rand -base64 32`')
  }
  if (session && session.idleSeconds > session.maxSeconds) {
    report('session.idleSeconds', 'must not be more than session.maxSeconds')
  }
  const { entra, sharedApplication } = options
  for (const [name, application] of Object.entries({ entra, sharedApplication })) {
    if (!application) continue
    if (application.clientSecret === undefined && application.credentials === undefined) {
      report(`${name}.clientSecret`, 'is missing; give the secret, or `credentials`')
    }
  }
  if (options.mode === 'development') checkDevelopment(checked, report)
}

/** In development mode any user can be signed in without a password (`signInAs`), so no address may be reachable from other machines. */
function checkDevelopment(
  { serverUrl, extraUrls = [], applicationUrls = [] }: CheckedOptions,
  report: ReportAt,
): void {
  const addresses = { serverUrl: [serverUrl], extraUrls, applicationUrls }
  for (const [name, urls] of Object.entries(addresses)) {
    if (urls.every((url) => url === undefined || url.protocol === 'http:')) continue
    report(
      name,
      "is https, and `mode: 'development'` is for http on loopback alone; leave out `mode`",
    )
  }
}

/** An application that names no authority uses that of the deployment. */
function withAuthority(checked: CheckedOptions): CheckedOptions {
  const { authority: cloud, entra, sharedApplication } = checked
  if (cloud === undefined) return checked
  return {
    ...checked,
    ...(entra ? { entra: { authority: cloud, ...entra } } : {}),
    ...(sharedApplication ? { sharedApplication: { authority: cloud, ...sharedApplication } } : {}),
  }
}
