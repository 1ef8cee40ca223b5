/**
 * Every setting in one table, read once. All problems are reported together; docs/reference/settings.md and `entrada --help`
 * are made from the same table. Only `bin.ts` hands in the real environment.
 */
import { parseOperators } from './admin/operators.ts'
import { EntradaError } from './errors.ts'
import {
  authority,
  clientId,
  clientSecret,
  list,
  listenAddress,
  networkAddress,
  nonEmptyList,
  oneOf,
  operatorToken,
  publicUrl,
  seconds,
  secretKey,
  tenant,
  text,
} from './setting-parsers.ts'

export { isLoopbackHost, type ListenAddress } from './setting-parsers.ts'

export type Environment = Readonly<Record<string, string | undefined>>

type Setting<T> = {
  readonly env: string
  /** Seed 1's name for the same thing. */
  readonly twin?: string
  readonly parse: (text: string) => T
  readonly fallback?: string
  readonly secret?: true
  readonly help: string
}

const settingsTable = {
  serverUrl: {
    env: 'ENTRADA_SERVER_URL',
    twin: 'DSTACK_SERVER_URL',
    parse: publicUrl,
    fallback: 'http://localhost:3000',
    help: 'Address people use to reach this server, without a path. `http` for loopback only.',
  },
  listen: {
    env: 'ENTRADA_LISTEN',
    parse: listenAddress,
    help: "Host and port to listen on. Default `127.0.0.1:3000`; with a loopback server URL, that URL's port.",
  },
  entraTenantId: {
    env: 'ENTRADA_ENTRA_TENANT_ID',
    twin: 'DSTACK_ENTRA_TENANT_ID',
    parse: tenant,
    help: 'Directory (tenant) ID, or a domain of the directory. Entra admin centre > Overview.',
  },
  entraClientId: {
    env: 'ENTRADA_ENTRA_CLIENT_ID',
    twin: 'DSTACK_ENTRA_CLIENT_ID',
    parse: clientId,
    help: 'Application (client) ID. App registrations > your application > Overview.',
  },
  entraClientSecret: {
    env: 'ENTRADA_ENTRA_CLIENT_SECRET',
    twin: 'DSTACK_ENTRA_CLIENT_SECRET',
    parse: clientSecret,
    secret: true,
    help: 'Client secret value (not its ID). Certificates & secrets > New client secret.',
  },
  entraExtraUrls: {
    env: 'ENTRADA_ENTRA_EXTRA_URLS',
    twin: 'DSTACK_ENTRA_EXTRA_URLS',
    parse: (text: string) => list(text).map(publicUrl),
    fallback: '',
    help: 'Further public addresses of this server, separated by commas. The callback of each is registered in Entra too.',
  },
  entraAuthority: {
    env: 'ENTRADA_ENTRA_AUTHORITY',
    parse: authority,
    fallback: 'https://login.microsoftonline.com',
    help: 'The cloud: a national cloud by its host, or any Entra-compatible address. `http` on loopback only.',
  },
  entraProvisioning: {
    env: 'ENTRADA_ENTRA_PROVISIONING',
    parse: oneOf('create', 'existing', 'off'),
    fallback: 'create',
    help: '`create`: a first sign-in makes the user. `existing`: only users created beforehand. `off`: nobody new, and no profile is refreshed.',
  },
  entraLinking: {
    env: 'ENTRADA_ENTRA_LINKING',
    parse: oneOf('never', 'verified'),
    fallback: 'never',
    help: 'Whether a first sign-in may take over a user created beforehand that has the same email: `never`, or `verified` when Entra vouches for the address and the person is a member of the pinned tenant.',
  },
  entraGuests: {
    env: 'ENTRADA_ENTRA_GUESTS',
    parse: oneOf('refuse', 'allow'),
    fallback: 'refuse',
    help: 'Whether guests (B2B) of the directory may sign in.',
  },
  entraGroupsOverage: {
    env: 'ENTRADA_ENTRA_GROUPS_OVERAGE',
    parse: oneOf('refuse', 'keep_last'),
    fallback: 'refuse',
    help: 'When a person is in more groups than fit into the token and the role rules need groups: `refuse` by name, or `keep_last` known groups.',
  },
  entraSignOut: {
    env: 'ENTRADA_ENTRA_SIGN_OUT',
    parse: oneOf('local', 'microsoft'),
    fallback: 'local',
    help: 'What "Sign out" ends: the session here, or the one at Microsoft as well. The page always offers both.',
  },
  roleRulesFile: {
    env: 'ENTRADA_ROLE_RULES_FILE',
    parse: text,
    help: 'JSON file that maps Entra groups and app roles to roles; see docs/roles.md.',
  },
  operators: {
    env: 'ENTRADA_OPERATORS',
    parse: parseOperators,
    fallback: '',
    help: 'Who may administer Entrada, separated by commas: `user:TENANT_ID/OBJECT_ID`, `group:GROUP_ID`, `app_role:VALUE`.',
  },
  operatorTokens: {
    env: 'ENTRADA_OPERATOR_TOKEN',
    parse: (value: string) => nonEmptyList(value).map(operatorToken),
    secret: true,
    help: 'Token for /login/token and the API, 32 random bytes or more; several separated by commas. Made at the first start when missing.',
  },
  dataDir: {
    env: 'ENTRADA_DATA_DIR',
    parse: text,
    fallback: './entrada-data',
    help: 'Folder of the embedded database, the key ring and the operator token.',
  },
  secretKeys: {
    env: 'ENTRADA_SECRET_KEYS',
    parse: (value: string) => nonEmptyList(value).map(secretKey),
    secret: true,
    help: 'Key ring: base64url keys of 32 bytes, separated by commas; the first one seals. Made at the first start when missing.',
  },
  sessionIdleSeconds: {
    env: 'ENTRADA_SESSION_IDLE_SECONDS',
    parse: seconds,
    fallback: '43200',
    help: 'A session ends after this long without use.',
  },
  sessionMaxSeconds: {
    env: 'ENTRADA_SESSION_MAX_SECONDS',
    parse: seconds,
    fallback: '86400',
    help: 'A session ends after this long in any case.',
  },
  trustedProxies: {
    env: 'ENTRADA_TRUSTED_PROXIES',
    parse: (value: string) => list(value).map(networkAddress),
    fallback: '',
    help: 'Addresses or CIDR blocks of reverse proxies whose X-Forwarded-For names the client, separated by commas.',
  },
  logLevel: {
    env: 'ENTRADA_LOG_LEVEL',
    parse: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    fallback: 'info',
    help: 'How much is logged.',
  },
} as const satisfies Record<string, Setting<unknown>>

type SettingsTable = typeof settingsTable
type Value<S> = S extends { readonly parse: (text: string) => infer T } ? T : never
/** Settings without a fallback may be absent. */
export type Settings = {
  readonly [K in keyof SettingsTable]: SettingsTable[K] extends { readonly fallback: string }
    ? Value<SettingsTable[K]>
    : Value<SettingsTable[K]> | undefined
}

export type ReadSettings = { readonly settings: Settings; readonly warnings: readonly string[] }

/** Names that belong to us without being settings. */
const NOT_SETTINGS = new Set(['ENTRADA_URL'])
/** Kubernetes puts these into every container of a namespace with a service named `entrada`. */
const SERVICE_LINK =
  /^ENTRADA(_[A-Z0-9_]+)?_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$|^ENTRADA_PORT$/

/**
 * Reads all settings, or refuses with every problem at once in `detail.problems`.
 *
 * @throws {EntradaError} `settings_invalid`
 */
export function readSettings(
  environment: Environment,
  readTextFile: (path: string) => string,
): ReadSettings {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries<Setting<unknown>>(settingsTable)) {
    values[name] = readSetting(setting, environment, readTextFile, problems)
  }
  const settings = values as Settings // one value for each key of the table, parsed by that key's row
  const { unknown, warnings } = strayNames(environment)
  problems.push(...unknown, ...contradictions(settings, environment))
  if (problems.length > 0) throw new EntradaError('settings_invalid', { problems })
  return { settings, warnings }
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
  { env, twin, secret }: Setting<unknown>,
  environment: Environment,
  readTextFile: (path: string) => string,
): string | undefined {
  const found = new Map<string, string>()
  for (const name of twin === undefined ? [env] : [env, twin]) {
    const direct = environment[name]?.trim()
    if (direct) found.set(name, direct)
    const file = secret ? environment[`${name}_FILE`]?.trim() : undefined
    if (file) found.set(`${name}_FILE`, readFileOrExplain(`${name}_FILE`, file, readTextFile))
  }
  if (new Set(found.values()).size > 1) {
    throw new Error(`is given more than once, differently: ${[...found.keys()].join(' and ')}`)
  }
  return found.values().next().value
}

function readFileOrExplain(name: string, path: string, readTextFile: (path: string) => string) {
  const content = readOrUndefined(path, readTextFile)?.trim()
  if (content === undefined) throw new Error(`cannot be read from the file that ${name} names`)
  if (content === '') throw new Error(`is empty in the file that ${name} names`)
  return content
}

function readOrUndefined(path: string, readTextFile: (path: string) => string) {
  try {
    return readTextFile(path)
  } catch {
    return undefined
  }
}

function strayNames(environment: Environment) {
  const known = new Set(settingNames())
  const unknown: string[] = []
  const warnings: string[] = []
  for (const name of Object.keys(environment)) {
    if (known.has(name) || NOT_SETTINGS.has(name)) continue
    if (SERVICE_LINK.test(name)) {
      warnings.push(`${name} looks like a Kubernetes service link and is ignored`)
    } else if (name.startsWith('ENTRADA_') || name.startsWith('DSTACK_ENTRA_')) {
      unknown.push(`${name} is not a setting.${didYouMean(name, known)}`)
    }
  }
  return { unknown, warnings }
}

function settingNames(): string[] {
  return Object.values<Setting<unknown>>(settingsTable).flatMap(({ env, twin, secret }) =>
    [env, ...(twin === undefined ? [] : [twin])].flatMap((name) =>
      secret ? [name, `${name}_FILE`] : [name],
    ),
  )
}

function didYouMean(name: string, known: ReadonlySet<string>): string {
  const [nearest] = [...known]
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance)
  return nearest !== undefined && nearest.distance <= 6 ? ` Did you mean ${nearest.candidate}?` : ''
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const substituted = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(substituted, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

function contradictions(settings: Settings, environment: Environment): string[] {
  const problems: string[] = []
  const entra = [settings.entraTenantId, settings.entraClientId, settings.entraClientSecret]
  const names = ['entraTenantId', 'entraClientId', 'entraClientSecret'] as const
  const given = names.filter((name) => isGiven(settingsTable[name], environment))
  if (given.length > 0 && given.length < entra.length) {
    for (const name of names.filter((name) => !given.includes(name))) {
      problems.push(`${settingsTable[name].env} is missing. ${settingsTable[name].help}`)
    }
  }
  const { sessionIdleSeconds, sessionMaxSeconds } = settings
  if (sessionIdleSeconds && sessionMaxSeconds && sessionIdleSeconds > sessionMaxSeconds) {
    problems.push('ENTRADA_SESSION_IDLE_SECONDS must not be more than ENTRADA_SESSION_MAX_SECONDS')
  }
  return problems
}

function isGiven({ env, twin, secret }: Setting<unknown>, environment: Environment): boolean {
  const names = [env, ...(twin === undefined ? [] : [twin])]
  return names.some(
    (name) => environment[name]?.trim() || (secret && environment[`${name}_FILE`]?.trim()),
  )
}

/** The table for the generated reference: no parsers, no values. */
export function describeSettings(): readonly {
  readonly env: string
  readonly twin?: string
  readonly fallback?: string
  readonly secret: boolean
  readonly help: string
}[] {
  return Object.values<Setting<unknown>>(settingsTable).map(
    ({ env, twin, fallback, secret, help }) => ({
      env,
      secret: secret === true,
      help,
      ...(twin === undefined ? {} : { twin }),
      ...(fallback === undefined ? {} : { fallback }),
    }),
  )
}

/** Names of the settings that configure the default connection; development mode refuses them. */
export function givenEntraSettings(environment: Environment): readonly string[] {
  return Object.keys(environment).filter(
    (name) => /^(ENTRADA|DSTACK)_ENTRA_/.test(name) && environment[name]?.trim(),
  )
}
