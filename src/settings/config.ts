/**
 * Reads the settings of `settings-table.ts`, once. All problems are reported together; docs/reference/settings.md and
 * `entrada --help` are made from the same table. Only `bin.ts` hands in the real environment.
 */

import { EntradaError, isEntradaError } from '../errors/errors.ts'
import { readFailureReason } from '../errors/file-failure.ts'
import { readAccessRules, toAccessRules, unknownHosts } from '../forward-auth/access-rules-file.ts'
import { siteProblems } from '../http/site.ts'
import { isNoProxyEntry } from '../outgoing/proxies.ts'
import { readRoleRules } from '../provisioning/role-rules-file.ts'
import {
  type CredentialSettings,
  credentialSettingKeys,
  type ReadCredentials,
  toCredentials,
  toSharedCredentials,
} from './credential-settings.ts'
import { type Setting, settingsTable } from './settings-table.ts'
import { strayNames } from './stray-settings.ts'

export { isLoopbackHost, type ListenAddress } from './setting-parsers.ts'

export type Environment = Readonly<Record<string, string | undefined>>

type SettingsTable = typeof settingsTable
type Value<S> = S extends { readonly parse: (text: string) => infer T } ? T : never
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

/** What is wrong with the access rules. A rule for a host that is not served protects nothing. */
export function accessRuleProblems(
  { accessRulesFile, serverUrl, entraExtraUrls = [], applicationUrls = [] }: Partial<Settings>,
  readTextFile: (path: string) => string,
): readonly string[] {
  if (accessRulesFile === undefined) return []
  try {
    const rules = toAccessRules(readAccessRules(accessRulesFile, readTextFile))
    const served = [serverUrl, ...entraExtraUrls, ...applicationUrls].flatMap(
      (url) => url?.host ?? [],
    )
    return unknownHosts(rules, served)
  } catch (error) {
    if (!isEntradaError(error)) throw error
    return error.detail.problems as readonly string[] // readAccessRules' own
  }
}

/** Read again when the connection is made; here so that they are told with every other problem, configured Entra or not. */
function roleRuleProblems(
  { roleRulesFile }: Partial<Settings>,
  readTextFile: (path: string) => string,
): readonly string[] {
  if (roleRulesFile === undefined) return []
  try {
    readRoleRules(roleRulesFile, readTextFile)
    return []
  } catch (error) {
    if (!isEntradaError(error)) throw error
    return error.detail.problems as readonly string[] // readRoleRules' own
  }
}

/** What can be read, beside every problem: a setting with a problem is absent. */
export type InspectedSettings = {
  readonly settings: Partial<Settings>
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** Reads all settings as far as they can be read. */
export function inspectSettings(
  environment: Environment,
  readTextFile: (path: string) => string,
): InspectedSettings {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries<Setting<unknown>>(settingsTable)) {
    values[name] = readSetting(setting, environment, readTextFile, problems)
  }
  const settings = values as Settings // one value for each key of the table, parsed by that key's row
  const { unknown, warnings } = strayNames(environment, new Set(settingNames()))
  problems.push(...unknown, ...contradictions(settings, environment))
  problems.push(...toCredentials(settings, readTextFile).problems)
  problems.push(...toSharedCredentials(settings, readTextFile).problems)
  const inWordsOf = namesGiven(environment)
  return {
    settings,
    problems: problems.map(inWordsOf),
    warnings: [...warnings, ...noProxyWarnings(settings)].map(inWordsOf),
  }
}

/** Messages name a setting as the environment does: by its other name where that alone was given. */
function namesGiven(environment: Environment): (message: string) => string {
  const others = Object.values<Setting<unknown>>(settingsTable).flatMap(({ env, twin }) => {
    const isGivenAs = (name: string) =>
      [name, `${name}_FILE`].some((one) => environment[one]?.trim())
    return twin !== undefined && isGivenAs(twin) && !isGivenAs(env) ? [[env, twin] as const] : []
  })
  const twins = new Map(others)
  return (message) => message.replace(/\bENTRADA_[A-Z_]+\b/g, (name) => twins.get(name) ?? name)
}

function noProxyWarnings({ noProxy = [] }: Partial<Settings>): readonly string[] {
  return noProxy
    .filter((entry) => !isNoProxyEntry(entry))
    .map((entry) => `NO_PROXY holds "${entry.slice(0, 100)}", which matches no host here`)
}

function readSetting(
  setting: Setting<unknown>,
  environment: Environment,
  readTextFile: (path: string) => string,
  problems: string[],
): unknown {
  try {
    const given = givenText(setting, environment, readTextFile) ?? setting.fallback
    if (given === undefined) return undefined
    return setting.parse(given)
  } catch (error) {
    // The value itself is not repeated: it may be a secret in the wrong place.
    problems.push(`${setting.env} ${error instanceof Error ? error.message : 'is not valid'}`)
    return undefined
  }
}

function givenText(
  setting: Setting<unknown>,
  environment: Environment,
  readTextFile: (path: string) => string,
): string | undefined {
  const found = new Map<string, string>()
  const { env, twin, lowerCaseToo = false } = setting
  const isFile = (name: string) => ![env, twin, env.toLowerCase()].includes(name)
  for (const name of namesOf(setting)) {
    const given = environment[name]?.trim()
    if (!given) continue
    found.set(name, isFile(name) ? readFileOrExplain(name, given, readTextFile) : given)
  }
  if (!lowerCaseToo && new Set(found.values()).size > 1) {
    throw new Error(`is given more than once, differently: ${[...found.keys()].join(' and ')}`)
  }
  return found.values().next().value
}

function readFileOrExplain(name: string, path: string, readTextFile: (path: string) => string) {
  const content = readOrExplain(name, path, readTextFile).trim()
  if (content === '') throw new Error(`is empty in the file that ${name} names`)
  return content
}

function readOrExplain(name: string, path: string, readTextFile: (path: string) => string) {
  try {
    return readTextFile(path)
  } catch (error) {
    throw new Error(`cannot be read from the file that ${name} names${readFailureReason(error)}`)
  }
}

function settingNames(): string[] {
  return Object.values<Setting<unknown>>(settingsTable).flatMap(namesOf)
}

/** Every name under which a setting may be given. */
function namesOf({
  env,
  twin,
  lowerCaseToo,
  secret,
  fileToo,
}: Setting<unknown>): readonly string[] {
  const names = [env, ...(twin === undefined ? [] : [twin])].flatMap((name) =>
    secret || fileToo ? [name, `${name}_FILE`] : [name],
  )
  return lowerCaseToo ? [env.toLowerCase(), ...names] : names
}

function contradictions(settings: Settings, environment: Environment): string[] {
  const problems: string[] = []
  problems.push(...missingEntraSettings(environment), ...missingSharedSettings(environment))
  if (isGiven(settingsTable.databaseUrl, environment)) {
    // What one replica made for itself, the others would not know.
    for (const setting of [settingsTable.secretKeys, settingsTable.operatorTokens]) {
      if (isGiven(setting, environment)) continue
      problems.push(`${setting.env} is missing, and required with PostgreSQL. ${setting.help}`)
    }
  }
  const { sessionIdleSeconds, sessionMaxSeconds } = settings
  if (sessionIdleSeconds && sessionMaxSeconds && sessionIdleSeconds > sessionMaxSeconds) {
    problems.push('ENTRADA_SESSION_IDLE_SECONDS must not be more than ENTRADA_SESSION_MAX_SECONDS')
  }
  problems.push(...siteContradictions(settings, environment))
  return problems
}

/** Nothing about what could not be read, which is a problem already. */
function siteContradictions(
  { serverUrl, entraExtraUrls, cookieDomain, applicationUrls }: Partial<Settings>,
  environment: Environment,
): readonly string[] {
  const unread = cookieDomain === undefined && isGiven(settingsTable.cookieDomain, environment)
  if (unread || !serverUrl || !entraExtraUrls || !applicationUrls) return []
  return siteProblems({ publicUrls: [serverUrl, ...entraExtraUrls], cookieDomain, applicationUrls })
}

/** Tenant, application and one credential at least belong together. */
function missingEntraSettings(environment: Environment): string[] {
  const { entraTenantId, entraClientId, entraClientSecrets: secret, ...others } = settingsTable
  const credentials = [
    secret,
    others.entraClientCertificateFile,
    others.entraClientCertificateKeyFile,
    others.entraFederatedTokenFile,
  ]
  const needed = [
    { setting: entraTenantId, given: isGiven(entraTenantId, environment), or: '' },
    { setting: entraClientId, given: isGiven(entraClientId, environment), or: '' },
    {
      setting: secret,
      given: credentials.some((setting) => isGiven(setting, environment)),
      or: ` Or a certificate: ${others.entraClientCertificateFile.env}; or ${others.entraFederatedTokenFile.env}.`,
    },
  ]
  if (!needed.some(({ given }) => given)) return []
  return needed
    .filter(({ given }) => !given)
    .map(({ setting, or }) => `${setting.env} is missing. ${setting.help}${or}`)
}

/** Application and one credential at least belong together; the token of the platform has other uses too. */
function missingSharedSettings(environment: Environment): string[] {
  const { sharedClientId, sharedClientSecrets, federatedTokenFile, ...others } = settingsTable
  const { sharedClientCertificateFile, sharedClientCertificateKeyFile } = others
  const own = [sharedClientSecrets, sharedClientCertificateFile, sharedClientCertificateKeyFile]
  const isOneGiven = (among: readonly Setting<unknown>[]) =>
    among.some((setting) => isGiven(setting, environment))
  if (!isOneGiven([sharedClientId])) {
    return isOneGiven(own) ? [`${sharedClientId.env} is missing. ${sharedClientId.help}`] : []
  }
  if (isOneGiven([...own, federatedTokenFile])) return []
  const or = ` Or a certificate: ${sharedClientCertificateFile.env}; or ${federatedTokenFile.env}.`
  return [`${sharedClientSecrets.env} is missing. ${sharedClientSecrets.help}${or}`]
}

function isGiven(setting: Setting<unknown>, environment: Environment): boolean {
  return namesOf(setting).some((name) => environment[name]?.trim())
}

/**
 * The credentials of the default connection alone, as they are configured now.
 *
 * @throws {EntradaError} `settings_invalid`
 */
export function readCredentials(
  environment: Environment,
  readTextFile: (path: string) => string,
): ReadCredentials['credentials'] {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const name of credentialSettingKeys) {
    values[name] = readSetting(settingsTable[name], environment, readTextFile, problems)
  }
  const read = toCredentials(values as CredentialSettings, readTextFile) // parsed by each key's row
  problems.push(...read.problems)
  if (problems.length > 0) {
    throw new EntradaError('settings_invalid', { problems: problems.map(namesGiven(environment)) })
  }
  return read.credentials
}

/** The table for the generated reference: no parsers, no values. */
export function describeSettings(): readonly {
  readonly env: string
  readonly twin?: string
  readonly fallback?: string
  readonly secret: boolean
  /** `…_FILE` may name a file instead. */
  readonly fileToo: boolean
  readonly help: string
}[] {
  return Object.values<Setting<unknown>>(settingsTable).map(
    ({ env, twin, fallback, secret, fileToo, help }) => ({
      env,
      secret: secret === true,
      fileToo: fileToo === true || secret === true,
      help,
      ...(twin === undefined ? {} : { twin }),
      ...(fallback === undefined ? {} : { fallback }),
    }),
  )
}

/** Names of the settings that point at a real directory, which development mode refuses. Policies it takes. */
export function givenEntraSettings(environment: Environment): readonly string[] {
  return Object.keys(environment).filter(
    (name) =>
      /^(ENTRADA|DSTACK)_ENTRA_/.test(name) && !policyNames.has(name) && environment[name]?.trim(),
  )
}

const policyNames: ReadonlySet<string> = new Set(
  [
    settingsTable.entraProvisioning,
    settingsTable.entraLinking,
    settingsTable.entraGuests,
    settingsTable.entraGroupsOverage,
    settingsTable.entraGroupsFrom,
    settingsTable.entraRecheckMinutes,
    settingsTable.entraSignOut,
  ].map(({ env }) => env),
)
