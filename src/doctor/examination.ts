/** What to examine: the settings as they are configured, and the places of files. */

import { cannotBeRead } from '../errors/file-failure.ts'
import type { Secret } from '../keys/secret.ts'
import { nameOfProxy, type Proxies } from '../outgoing/proxies.ts'
import type { CheckedCredential } from '../settings/check-options.ts'
import {
  type Environment,
  type InspectedSettings,
  isLoopbackHost,
  type ListenAddress,
} from '../settings/config.ts'
import type { Resolve } from './ask.ts'
import type { SettingsFacts } from './facts.ts'

export type Examination = {
  readonly mode: 'development' | 'production'
  readonly environment: Environment
  readonly inspected: InspectedSettings
  /** @throws {EntradaError} `settings_invalid` */
  readonly readCredentials: () => readonly CheckedCredential[]
  readonly readTextFile: (path: string) => string
  readonly files: {
    readonly folder: string
    readonly database: string
    readonly secretKeys: string
    readonly operatorToken: string
  }
  /** Absent when the settings do not determine it. */
  readonly listen?: ListenAddress
  readonly nodeVersion: string
  readonly now: () => Date
  /** Authorities of the clouds that exist; tests have their own. */
  readonly clouds?: readonly string[]
  readonly limits?: TimeLimits
  /** How names are resolved; tests have names of their own. */
  readonly resolve?: Resolve
}

export type TimeLimits = {
  readonly requestMs: number
  readonly databaseMs: number
  readonly allMs: number
}
export const defaultLimits: TimeLimits = { requestMs: 3_000, databaseMs: 8_000, allMs: 9_000 }

/** Returns what the rules need of the settings, without any secret. */
export function settingsOf(examination: Examination): SettingsFacts {
  const { environment, inspected } = examination
  const { settings, problems, warnings } = inspected
  const { serverUrl, entraExtraUrls = [], entraLinking: linking } = settings
  const { entraRecheckMinutes, sessionMaxSeconds: uncheckedSeconds } = settings
  const { entraTenantId: tenantId, entraClientId: clientId, logLevel } = settings
  const proxy = settings.httpsProxy ?? settings.httpProxy
  const urls = serverUrl ? [serverUrl, ...entraExtraUrls] : entraExtraUrls
  const names = Object.keys(environment).filter(
    (name) => /^(ENTRADA|DSTACK)_/.test(name) && environment[name]?.trim(),
  )
  return {
    settingCount: names.length,
    problems,
    warnings,
    onlyLocal: urls.every(({ hostname }) => isLoopbackHost(hostname)),
    hasEntra: names.some((name) => /^(ENTRADA|DSTACK)_ENTRA_(TENANT|CLIENT)_ID/.test(name)),
    publicOrigins: urls.map(({ origin }) => origin),
    ...(serverUrl ? { serverUrl: serverUrl.origin } : {}),
    ...(linking ? { linking } : {}),
    ...(proxy ? { proxy: nameOfProxy(proxy) } : {}),
    webhooksPrivate: settings.webhooksPrivate === true,
    ...(entraRecheckMinutes || !uncheckedSeconds ? {} : { uncheckedSeconds }),
    ...(tenantId ? { tenantId } : {}),
    ...(clientId ? { clientId } : {}),
    ...(logLevel ? { logLevel } : {}),
    trustedProxies: settings.trustedProxies ?? [],
    node: nodeOf(examination),
  }
}

function nodeOf({ environment, readTextFile }: Examination): SettingsFacts['node'] {
  const file = environment.NODE_EXTRA_CA_CERTS?.trim()
  const extraCaProblem = file ? problemOfCertificates(file, readTextFile) : undefined
  return {
    trustsAnyCertificate: environment.NODE_TLS_REJECT_UNAUTHORIZED === '0',
    inspects: /(^|\s)--inspect/.test(environment.NODE_OPTIONS ?? ''),
    ...(file && extraCaProblem ? { extraCaProblem: { file, reason: extraCaProblem } } : {}),
  }
}

/** Node.js only warns on standard error about certificates that it cannot read, and continues without them. */
function problemOfCertificates(
  file: string,
  readTextFile: Examination['readTextFile'],
): string | undefined {
  try {
    const isPem = readTextFile(file).includes('-----BEGIN CERTIFICATE-----')
    return isPem ? undefined : 'holds no certificate (PEM)'
  } catch (error) {
    return cannotBeRead(error)
  }
}

/** Returns the proxies of the settings, as the server uses them. */
export function proxiesOf({ inspected }: Pick<Examination, 'inspected'>): Proxies {
  const { httpsProxy: https, httpProxy: http, noProxy } = inspected.settings
  return { https, http, noProxy }
}

/** Returns the address of PostgreSQL; development mode has no database server. */
export function databaseUrlOf({ mode, inspected }: Examination): Secret | undefined {
  return mode === 'production' ? inspected.settings.databaseUrl : undefined
}

/** Returns whether a setting is set and could not be read, so that its value is unknown. */
export function hasProblem({ inspected }: Examination, name: string): boolean {
  return inspected.problems.some((problem) => problem.startsWith(`${name} `))
}
