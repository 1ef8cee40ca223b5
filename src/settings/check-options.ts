/** The options of a library as developers write them, made into what the parts work with. Every problem is told at once. */

import { EntradaError, isEntradaError } from '../errors/errors.ts'
import { toAccessRules } from '../forward-auth/access-rules-file.ts'
import {
  type BrandOptions,
  brandColor,
  brandLogo,
  brandName,
  supportContact,
} from '../http/brand.ts'
import { Secret } from '../keys/secret.ts'
import type { Proxies } from '../outgoing/proxies.ts'
import { isGuid } from '../protocol/guid.ts'
import type { Storage } from '../storage/storage.ts'
import { checkedCredentials, credentialProblems, roleRuleProblems } from './check-entra-options.ts'
import { policyProblems, valueProblems } from './check-option-values.ts'
import { checkedProxy } from './check-proxy.ts'
import { callbackProblems, guardedCallbacks } from './host-callbacks.ts'
import type {
  ApplicationOptions,
  CredentialOptions,
  EntradaOptions,
  EntraOptions,
} from './options.ts'
import {
  authority,
  clientId,
  cookieDomain,
  databaseUrl,
  isRecheckMinutes,
  networkAddress,
  operatorToken,
  publicUrl,
  secretKey,
  tenant,
} from './setting-parsers.ts'
import { didYouMean } from './stray-settings.ts'

export type CheckedOptions = Omit<
  EntradaOptions,
  | 'serverUrl'
  | 'database'
  | 'extraUrls'
  | 'applicationUrls'
  | 'secretKeys'
  | 'operatorTokens'
  | 'authority'
  | 'entra'
  | 'proxy'
  | 'sharedApplication'
> & {
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

/** @throws {EntradaError} `settings_invalid`, every problem in `detail.problems` and in the message */
export function checkOptions(given: EntradaOptions): CheckedOptions {
  const problems: string[] = []
  const tell = (name: string, problem: string) => void problems.push(`${name} ${problem}`)
  if (typeof given !== 'object' || given === null) {
    throw new EntradaError('settings_invalid', { problems: ['createEntrada takes its options'] })
  }
  tellUnknown(given, optionNames, tell)
  for (const [name, problem] of [...callbackProblems(given), ...valueProblems(given)]) {
    tell(name, problem)
  }
  const { serverUrl, extraUrls, applicationUrls, secretKeys, operatorTokens, ...others } = given
  const { entra, sharedApplication, authority: deploymentAuthority, ...rest } = others
  const cloud = checkAuthority(deploymentAuthority, tell)
  const checkedEntra = entra && checkEntra({ ...cloud, ...entra }, within('entra', tell))
  const shared =
    sharedApplication &&
    checkApplication({ ...cloud, ...sharedApplication }, within('sharedApplication', tell))
  const checked = {
    ...rest,
    ...guardedCallbacks(given),
    ...(given.proxy === undefined ? {} : { proxy: checkedProxy(given.proxy, tell) }),
    ...checkPlain(given, tell),
    ...checkForwardAuth(given, tell),
    ...cloud,
    serverUrl: parsed('serverUrl', serverUrl, publicUrl, tell),
    ...(extraUrls ? { extraUrls: parsedList('extraUrls', extraUrls, publicUrl, tell) } : {}),
    ...(applicationUrls
      ? { applicationUrls: parsedList('applicationUrls', applicationUrls, publicUrl, tell) }
      : {}),
    ...(given.trustedProxies
      ? { trustedProxies: parsedList('trustedProxies', given.trustedProxies, networkAddress, tell) }
      : {}),
    secretKeys: parsedList('secretKeys', secretKeys, secretKey, tell),
    ...(operatorTokens
      ? { operatorTokens: parsedList('operatorTokens', operatorTokens, operatorToken, tell) }
      : {}),
    ...(checkedEntra ? { entra: checkedEntra } : {}),
    ...(shared ? { sharedApplication: shared } : {}),
  }
  if (given.mode === 'development') checkDevelopment(checked, tell)
  if (secretKeys?.length === 0) tell('secretKeys', `holds no key; ${makeOne}`)
  if (problems.length > 0) throw new EntradaError('settings_invalid', { problems })
  return checked as CheckedOptions // a value that could not be read is a problem
}

type Tell = (name: string, problem: string) => void

const within =
  (outer: string, tell: Tell): Tell =>
  (name, problem) =>
    tell(`${outer}.${name}`, problem)

const makeOne = 'make one with `openssl rand -base64 32`'

/** A misspelt option would be ignored in silence by those who write no TypeScript. */
function tellUnknown(given: object, known: ReadonlySet<string>, tell: Tell, prefix = ''): void {
  for (const name of Object.keys(given)) {
    if (!known.has(name)) tell(prefix + name, `is not an option.${didYouMean(name, known)}`)
  }
}

const optionNames: ReadonlySet<string> = new Set(
  Object.keys({
    serverUrl: true,
    extraUrls: true,
    database: true,
    authority: true,
    databaseConnections: true,
    secretKeys: true,
    entra: true,
    sharedApplication: true,
    webhooksToPrivateAddresses: true,
    readFederatedToken: true,
    mode: true,
    mountPath: true,
    cookiePrefix: true,
    session: true,
    operators: true,
    operatorTokens: true,
    trustedProxies: true,
    accessRules: true,
    identityTokens: true,
    dangerouslyForwardUnproven: true,
    cookieDomain: true,
    applicationUrls: true,
    signInsPerMinute: true,
    auditRetentionDays: true,
    brand: true,
    hooks: true,
    log: true,
    now: true,
    openTelemetry: true,
    proxy: true,
    fetch: true,
    resolveTxt: true,
  } satisfies Record<keyof EntradaOptions, true>),
)

const applicationNames = {
  clientId: true,
  clientSecret: true,
  credentials: true,
  authority: true,
} satisfies Record<keyof ApplicationOptions, true>

const entraNames = {
  ...applicationNames,
  tenantId: true,
  policies: true,
  roleRules: true,
  groups: true,
  recheckMinutes: true,
} satisfies Record<keyof EntraOptions, true>

function parsed<T>(
  name: string,
  given: unknown,
  parse: (text: string) => T,
  tell: Tell,
): T | undefined {
  if (given === undefined || given === '') {
    tell(name, 'is missing')
    return undefined
  }
  try {
    if (typeof given === 'string') return parse(given.trim())
    if (given instanceof URL) return parse(given.href)
    if (given instanceof Secret) return parse(given.reveal().trim())
    tell(name, 'must be text')
  } catch (error) {
    // The value itself is not repeated: it may be a secret in the wrong place.
    tell(name, error instanceof Error ? error.message : 'is not valid')
  }
  return undefined
}

function parsedList<T>(
  name: string,
  given: unknown,
  parse: (text: string) => T,
  tell: Tell,
): readonly (T | undefined)[] {
  if (Array.isArray(given)) {
    return given.map((one, index) => parsed(`${name}[${index}]`, one, parse, tell))
  }
  tell(name, given === undefined ? 'is missing' : 'must be a list')
  return []
}

/** In development mode anybody is anybody (`signInAs`), so that no address may be one that others reach. */
function checkDevelopment(
  { serverUrl, extraUrls = [], applicationUrls = [] }: Addresses,
  tell: Tell,
): void {
  const addresses = { serverUrl: [serverUrl], extraUrls, applicationUrls }
  for (const [name, urls] of Object.entries(addresses)) {
    if (urls.every((url) => url === undefined || url.protocol === 'http:')) continue
    tell(
      name,
      "is https, and `mode: 'development'` is for http on loopback alone; leave out `mode`",
    )
  }
}

type Addresses = {
  readonly serverUrl?: URL | undefined
  readonly extraUrls?: readonly (URL | undefined)[]
  readonly applicationUrls?: readonly (URL | undefined)[]
}

/** What is the same before and after. */
function checkPlain(
  { database, mode, mountPath, cookiePrefix, session, brand }: EntradaOptions,
  tell: Tell,
): Pick<CheckedOptions, 'mountPath'> {
  checkDatabase(database, tell)
  if (mode !== undefined && !['development', 'production'].includes(mode)) {
    tell('mode', 'must be development or production')
  }
  if (cookiePrefix !== undefined && !/^[A-Za-z0-9_-]{1,32}$/.test(cookiePrefix)) {
    tell('cookiePrefix', 'must be 1 to 32 of A-Z a-z 0-9 _ -')
  }
  if (session !== undefined) checkSession(session, tell)
  if (brand === null) tell('brand', 'must be an object')
  else if (brand !== undefined) checkBrand(brand, within('brand', tell))
  if (mountPath === undefined || mountPath === '' || mountPath === '/') return { mountPath: '' }
  if (!/^(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/.test(mountPath)) {
    tell('mountPath', 'must be a path such as /sso, without a slash at its end')
  }
  return { mountPath }
}

function checkForwardAuth(
  { cookieDomain: domain, accessRules }: EntradaOptions,
  tell: Tell,
): Pick<CheckedOptions, 'cookieDomain'> {
  if (accessRules !== undefined) checkRules(accessRules, tell)
  const checked =
    domain === undefined ? undefined : parsed('cookieDomain', domain, cookieDomain, tell)
  return checked === undefined ? {} : { cookieDomain: checked }
}

function checkRules(rules: NonNullable<EntradaOptions['accessRules']>, tell: Tell): void {
  try {
    toAccessRules(rules)
  } catch (error) {
    if (!isEntradaError(error)) throw error
    for (const problem of error.detail.problems as readonly string[]) tell('accessRules', problem) // toAccessRules' own
  }
}

function checkDatabase(database: EntradaOptions['database'], tell: Tell): void {
  if (database === undefined || database === '') {
    tell('database', 'is missing; a file, `:memory:`, or a postgres:// URL')
  } else if (typeof database !== 'string' && typeof database !== 'object') {
    tell('database', 'must be text, or a storage')
  } else if (typeof database === 'string' || database instanceof Secret) {
    checkDatabaseText(typeof database === 'string' ? database : database.reveal(), tell)
  }
}

/** Any other address would be taken for the name of a file, and be printed with the password in it. */
function checkDatabaseText(text: string, tell: Tell): void {
  if (/^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(text)) parsed('database', text, databaseUrl, tell)
}

function checkSession(session: NonNullable<EntradaOptions['session']>, tell: Tell): void {
  const { idleSeconds, maxSeconds } = Object(session) as typeof session // any value has members
  for (const [name, seconds] of Object.entries({ idleSeconds, maxSeconds })) {
    if (!Number.isInteger(seconds) || seconds < 1) {
      tell(`session.${name}`, 'must be a whole number of seconds')
    }
  }
  if (idleSeconds > maxSeconds) tell('session.idleSeconds', 'must not be more than maxSeconds')
}

function checkBrand(brand: BrandOptions, tell: Tell): void {
  tellUnknown(brand, new Set(['name', 'logo', 'color', 'supportContact']), tell)
  const { name, logo, color, supportContact: contact } = brand
  if (name !== undefined) parsed('name', name, brandName, tell)
  if (color !== undefined) parsed('color', color, brandColor, tell)
  if (contact !== undefined) parsed('supportContact', contact, supportContact, tell)
  if (logo === undefined) return
  try {
    brandLogo(logo)
  } catch (error) {
    tell('logo', error instanceof Error ? error.message : 'is not valid')
  }
}

function checkEntra(given: EntraOptions, tell: Tell): CheckedEntra {
  tellUnknown(given, new Set(Object.keys(entraNames)), tell)
  const { clientId: id, clientSecret, credentials, authority: cloud, ...rest } = given
  const application = {
    clientId: id,
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(cloud === undefined ? {} : { authority: cloud }),
  }
  for (const [name, problem] of policyProblems(rest.policies ?? {})) {
    tell(`policies.${name}`, problem)
  }
  if (rest.recheckMinutes !== undefined && !isRecheckMinutes(rest.recheckMinutes)) {
    tell('recheckMinutes', 'must be a whole number of minutes from 5 to 1440')
  }
  for (const [name, problem] of roleRuleProblems(rest.roleRules)) tell(name, problem)
  const tenantId = parsed('tenantId', given.tenantId, tenant, tell) ?? ''
  return { ...rest, tenantId, ...checkApplication(application, tell) }
}

function checkApplication(given: ApplicationOptions, tell: Tell): CheckedApplication {
  tellUnknown(given, new Set(Object.keys(applicationNames)), tell)
  const { clientSecret, credentials, authority: cloud } = given
  if (clientSecret === undefined && credentials === undefined) {
    tell('clientSecret', 'is missing; give the secret, or `credentials`')
  }
  for (const [name, problem] of credentialProblems(credentials)) tell(name, problem)
  const secret =
    clientSecret === undefined ? undefined : parsed('clientSecret', clientSecret, secretValue, tell)
  return {
    clientId: parsed('clientId', given.clientId, clientId, tell) ?? '',
    ...(secret ? { clientSecret: secret } : {}),
    ...(credentials ? { credentials: checkedCredentials(credentials) } : {}),
    ...checkAuthority(cloud, tell),
  }
}

function checkAuthority(
  given: ApplicationOptions['authority'],
  tell: Tell,
): Pick<CheckedApplication, 'authority'> {
  const checked = given === undefined ? undefined : parsed('authority', given, authority, tell)
  return checked ? { authority: checked } : {}
}

function secretValue(value: string): Secret {
  if (!isGuid(value)) return new Secret(value)
  throw new Error("is shaped like the secret's ID; the secret value stands in the column beside it")
}
