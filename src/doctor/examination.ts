/** What is to be examined: the settings as they are given, and where things lie. */

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
  /** Absent when it cannot be told from the settings. */
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

/** What the rules have to know of the settings; no secret is among it. */
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
    given: names.length,
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

/** Node.js warns on standard error and goes on without them. */
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

/** The proxies of the settings, as the server uses them. */
export function proxiesOf({ inspected }: Pick<Examination, 'inspected'>): Proxies {
  const { httpsProxy: https, httpProxy: http, noProxy } = inspected.settings
  return { https, http, noProxy }
}

/** Development has no database server. */
export function databaseUrlOf({ mode, inspected }: Examination): Secret | undefined {
  return mode === 'production' ? inspected.settings.databaseUrl : undefined
}

/** Whether a setting was given that could not be read: then nothing is known of it. */
export function hasProblem({ inspected }: Examination, name: string): boolean {
  return inspected.problems.some((problem) => problem.startsWith(`${name} `))
}
