/**
 * Reads the settings of `settings-table.ts` from the environment, once. All problems are reported together; docs/reference/settings.md
 * and `entrada --help` are made from the same table. Only `bin.ts` passes the real environment.
 */

import { EntradaError } from '../errors/errors.ts'
import { readFailureReason } from '../errors/file-failure.ts'
import { readAccessRules, toAccessRules, unknownHosts } from '../forward-auth/access-rules-file.ts'
import { siteProblems } from '../http/site.ts'
import { isNoProxyEntry } from '../outgoing/proxies.ts'
import { readRoleRules } from '../provisioning/role-rules-file.ts'
import type { CheckedApplication, CheckedEntra, CheckedOptions } from './check-options.ts'
import { connectionSettings } from './connection-settings.ts'
import {
  type ApplicationRows,
  entraApplication,
  type ReadCredentials,
  sharedApplication,
  toCredentials,
} from './credential-settings.ts'
import { problemsOf, type Setting, type SettingRows, type ValueKind } from './setting-values.ts'
import { settingsTable } from './settings-table.ts'
import { strayNames } from './stray-settings.ts'

export { isLoopbackHost } from '../protocol/public-url.ts'
export type { ListenAddress } from './setting-parsers.ts'

export type Environment = Readonly<Record<string, string | undefined>>

type SettingsTable = typeof settingsTable
type Value<S> = S extends { readonly value: ValueKind<infer T> } ? T : never
/** Settings without a fallback may be absent. */
export type Settings = {
  readonly [K in keyof SettingsTable]: SettingsTable[K] extends { readonly fallback: string }
    ? Value<SettingsTable[K]>
    : Value<SettingsTable[K]> | undefined
}

export type ReadSettings = { readonly settings: Settings; readonly warnings: readonly string[] }

/**
 * Reads all settings, or refuses with every problem at once in `detail.problems`.
 *
 * @throws {EntradaError} `settings_invalid`
 */
export function readSettings(
  environment: Environment,
  readTextFile: (path: string) => string,
): ReadSettings {
  const { settings, warnings, ...inspected } = inspectSettings(environment, readTextFile)
  const problems = [
    ...inspected.problems,
    ...roleRuleProblems(settings, readTextFile),
    ...accessRuleProblems(settings, readTextFile),
  ]
  if (problems.length > 0) throw new EntradaError('settings_invalid', { problems })
  return { settings: settings as Settings, warnings } // without a problem, every row has its value
}

/** Returns the problems of the access rules. A rule for a host that is not served protects nothing. */
export function accessRuleProblems(
  { accessRulesFile, serverUrl, entraExtraUrls = [], applicationUrls = [] }: Partial<Settings>,
  readTextFile: (path: string) => string,
): readonly string[] {
  if (accessRulesFile === undefined) return []
  return problemsOf(() => {
    const rules = toAccessRules(readAccessRules(accessRulesFile, readTextFile))
    const served = [serverUrl, ...entraExtraUrls, ...applicationUrls]
    return unknownHosts(
      rules,
      served.flatMap((url) => url?.host ?? []),
    )
  })
}

/** The rules are read again for the connection; here their problems are reported with the others, whether Entra is configured or not. */
function roleRuleProblems(
  { roleRulesFile }: Partial<Settings>,
  readTextFile: (path: string) => string,
): readonly string[] {
  if (roleRulesFile === undefined) return []
  return problemsOf(() => void readRoleRules(roleRulesFile, readTextFile))
}

/** The settings that can be read, and every problem; a setting with a problem is absent. */
export type InspectedSettings = {
  readonly settings: Partial<Settings>
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** Reads all settings as far as they can be read. */
export function inspectSettings(
  environment: Environment,
  readTextFile: (path: string) => string,
  table: SettingRows = settingsTable,
): InspectedSettings {
  const rows = Object.entries(table)
  const { values, problems } = readRows(rows, environment, readTextFile)
  const settings = values as Partial<Settings> // each value was parsed by its row
  const names = new Set(rows.flatMap(([, setting]) => namesOf(setting)))
  const { unknown, warnings } = strayNames(environment, names)
  const found = [
    ...problems,
    ...unknown,
    ...contradictions(settings, environment),
    ...toCredentials(settings, entraApplication, readTextFile).problems,
    ...toCredentials(settings, sharedApplication, readTextFile).problems,
  ]
  const inWordsOf = withNamesOf(environment)
  return {
    settings,
    problems: found.map(inWordsOf),
    warnings: [...warnings, ...noProxyWarnings(settings)].map(inWordsOf),
  }
}

/** Replaces, in a message, the name of a setting by its twin where only that one is set. */
function withNamesOf(environment: Environment): (message: string) => string {
  const isSet = (name: string) => environment[name]?.trim() || environment[`${name}_FILE`]?.trim()
  const twins = new Map(
    Object.values<Setting>(settingsTable).flatMap(({ env, twin }) =>
      twin !== undefined && isSet(twin) && !isSet(env) ? [[env, twin] as const] : [],
    ),
  )
  return (message) => message.replace(/\bENTRADA_[A-Z_]+\b/g, (name) => twins.get(name) ?? name)
}

function noProxyWarnings({ noProxy = [] }: Partial<Settings>): readonly string[] {
  return noProxy
    .filter((entry) => !isNoProxyEntry(entry))
    .map((entry) => `NO_PROXY holds "${entry.slice(0, 100)}", which matches no host here`)
}

function readRows(
  rows: readonly (readonly [name: string, setting: Setting])[],
  environment: Environment,
  readTextFile: (path: string) => string,
): { readonly values: Readonly<Record<string, unknown>>; readonly problems: readonly string[] } {
  const problems: string[] = []
  const values = rows.map(([name, setting]) => {
    try {
      const text = textOf(setting, environment, readTextFile) ?? setting.fallback
      return [name, text === undefined ? undefined : setting.value.fromText(text)]
    } catch (error) {
      // The value itself is not repeated: it may be a secret in the wrong place.
      problems.push(`${setting.env} ${error instanceof Error ? error.message : 'is not valid'}`)
      return [name, undefined]
    }
  })
  return { values: Object.fromEntries(values), problems }
}

/** Returns the text of a setting from whichever of its names is set. */
function textOf(
  setting: Setting,
  environment: Environment,
  readTextFile: (path: string) => string,
): string | undefined {
  const texts = new Map<string, string>()
  const { env, twin, lowerCaseToo = false } = setting
  const isFile = (name: string) => ![env, twin, env.toLowerCase()].includes(name)
  for (const name of namesOf(setting)) {
    const text = environment[name]?.trim()
    if (text) texts.set(name, isFile(name) ? readFile(name, text, readTextFile) : text)
  }
  if (!lowerCaseToo && new Set(texts.values()).size > 1) {
    throw new Error(`is given more than once, differently: ${[...texts.keys()].join(' and ')}`)
  }
  return texts.values().next().value
}

function readFile(name: string, path: string, readTextFile: (path: string) => string): string {
  let content: string
  try {
    content = readTextFile(path).trim()
  } catch (error) {
    throw new Error(`cannot be read from the file that ${name} names${readFailureReason(error)}`)
  }
  if (content === '') throw new Error(`is empty in the file that ${name} names`)
  return content
}

/** Returns every name that a setting may have in the environment. */
function namesOf({ env, twin, lowerCaseToo, secret, fileToo }: Setting): readonly string[] {
  const names = [env, ...(twin === undefined ? [] : [twin])].flatMap((name) =>
    secret || fileToo ? [name, `${name}_FILE`] : [name],
  )
  return lowerCaseToo ? [env.toLowerCase(), ...names] : names
}

function contradictions(settings: Partial<Settings>, environment: Environment): readonly string[] {
  const { sessionIdleSeconds, sessionMaxSeconds } = settings
  return [
    ...missingSettings(entraApplication, environment),
    ...missingSettings(sharedApplication, environment),
    ...missingWithPostgres(environment),
    ...(sessionIdleSeconds && sessionMaxSeconds && sessionIdleSeconds > sessionMaxSeconds
      ? ['ENTRADA_SESSION_IDLE_SECONDS must not be more than ENTRADA_SESSION_MAX_SECONDS']
      : []),
    ...siteContradictions(settings, environment),
  ]
}

/** With PostgreSQL each replica would generate its own keys and token, which the other replicas could not use. */
function missingWithPostgres(environment: Environment): readonly string[] {
  const { databaseUrl, secretKeys, operatorTokens } = settingsTable
  if (!isSet(databaseUrl, environment)) return []
  return [secretKeys, operatorTokens]
    .filter((setting) => !isSet(setting, environment))
    .map(({ env, help }) => `${env} is missing, and required with PostgreSQL. ${help}`)
}

/** Compares only settings that could be read; the others have a problem already. */
function siteContradictions(
  { serverUrl, entraExtraUrls, cookieDomain, applicationUrls }: Partial<Settings>,
  environment: Environment,
): readonly string[] {
  const unread = cookieDomain === undefined && isSet(settingsTable.cookieDomain, environment)
  if (unread || !serverUrl || !entraExtraUrls || !applicationUrls) return []
  return siteProblems({ publicUrls: [serverUrl, ...entraExtraUrls], cookieDomain, applicationUrls })
}

/** The ids of an application and at least one credential belong together, once any of them is set. */
function missingSettings(rows: ApplicationRows, environment: Environment): readonly string[] {
  const { secret, certificate, privateKey, federatedToken, federatedTokenHasOtherUses } = rows
  const ids = rowsOf(rows.ids)
  const ownCredentials = rowsOf([secret, certificate, privateKey])
  const token: Setting = settingsTable[federatedToken]
  const ownRows = [...ids, ...ownCredentials, ...(federatedTokenHasOtherUses ? [] : [token])]
  if (!ownRows.some((row) => isSet(row, environment))) return []
  const missing = ids.filter((row) => !isSet(row, environment))
  const problems = missing.map(({ env, help }) => `${env} is missing. ${help}`)
  if ([...ownCredentials, token].some((row) => isSet(row, environment))) return problems
  const { env, help } = settingsTable[secret]
  const or = ` Or a certificate: ${settingsTable[certificate].env}; or ${token.env}.`
  return [...problems, `${env} is missing. ${help}${or}`]
}

function rowsOf(names: readonly (keyof SettingsTable)[]): readonly Setting[] {
  return names.map((name) => settingsTable[name])
}

function isSet(setting: Setting, environment: Environment): boolean {
  return namesOf(setting).some((name) => environment[name]?.trim())
}

/**
 * Reads only the credentials of the default connection, as they are configured now.
 *
 * @throws {EntradaError} `settings_invalid`
 */
export function readCredentials(
  environment: Environment,
  readTextFile: (path: string) => string,
): ReadCredentials['credentials'] {
  const { secret, expires, certificate, privateKey, federatedToken } = entraApplication
  const names = [secret, expires, certificate, privateKey, federatedToken]
  const rows = names.map((name) => [name, settingsTable[name]] as const)
  const { values, problems } = readRows(rows, environment, readTextFile)
  const read = toCredentials(values, entraApplication, readTextFile)
  const found = [...problems, ...read.problems]
  if (found.length === 0) return read.credentials
  throw new EntradaError('settings_invalid', { problems: found.map(withNamesOf(environment)) })
}

/** The options of the library that settings give; what else the server needs comes from files. */
export type SettingOptions = Omit<CheckedOptions, 'database' | 'secretKeys' | ApplicationName> & {
  readonly secretKeys?: CheckedOptions['secretKeys']
  readonly entra?: Partial<CheckedEntra>
  readonly sharedApplication?: Partial<CheckedApplication>
}
type ApplicationName = 'entra' | 'sharedApplication'

/** Returns the settings that are options of the library too, each at the path of its row. */
export function toOptions(settings: Settings, table: SettingRows = settingsTable): SettingOptions {
  const options: Record<string, unknown> = {}
  const values: Readonly<Record<string, unknown>> = settings
  for (const [name, { option }] of Object.entries(table)) {
    if (option !== undefined && values[name] !== undefined)
      put(options, option.split('.'), values[name])
  }
  return options as SettingOptions // settings-table.test.ts passes them through `checkOptions`
}

function put(
  target: Record<string, unknown>,
  [name = '', ...path]: readonly string[],
  value: unknown,
): void {
  if (path.length === 0) {
    target[name] = value
    return
  }
  const group = (target[name] ?? {}) as Record<string, unknown> // made here, by an earlier row
  target[name] = group
  put(group, path, value)
}

/** A row without its parsers. With `fileToo`, `…_FILE` may name a file with the value. */
export type SettingDescription = Omit<Setting, 'value' | 'secret' | 'fileToo'> & {
  readonly secret: boolean
  readonly fileToo: boolean
}

/** Describes the settings for the generated reference and for `--help`. */
export function describeSettings(
  table: SettingRows = settingsTable,
): readonly SettingDescription[] {
  return Object.values(table).map(
    ({ value: _, secret = false, fileToo = secret, ...description }) => ({
      ...description,
      secret,
      fileToo,
    }),
  )
}

/** Returns the names of the settings that lead to a real directory, which development mode refuses. Policies fit any directory. */
export function entraSettingNames(environment: Environment): readonly string[] {
  const fitsAnyDirectory = new Set(
    Object.values<Setting>(connectionSettings()).map(({ env }) => env),
  )
  return Object.keys(environment).filter(
    (name) =>
      /^(ENTRADA|DSTACK)_ENTRA_/.test(name) &&
      !fitsAnyDirectory.has(name) &&
      environment[name]?.trim(),
  )
}
