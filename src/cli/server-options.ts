import { join } from 'node:path'
import { readAccessRules } from '../forward-auth/access-rules-file.ts'
import type { Secret } from '../keys/secret.ts'
import type { Log } from '../log/log.ts'
import { isNoProxyEntry, type Proxies } from '../outgoing/proxies.ts'
import { readRoleRules } from '../provisioning/role-rules-file.ts'
import type { CheckedApplication, CheckedEntra, CheckedOptions } from '../settings/check-options.ts'
import { type Settings, toOptions } from '../settings/config.ts'
import { sharedApplication, toCredentials } from '../settings/credential-settings.ts'
import { brandOptions } from './brand-options.ts'
import type { CliContext } from './command.ts'
import { credentialReader } from './credential-reader.ts'
import { DATABASE_FILE, keepOperatorToken, openDataFolder } from './data-folder.ts'
import { keepKeyRing } from './keep-key-ring.ts'

export type ServerOptions = {
  readonly options: CheckedOptions
  /** The file of the operator token, when it is not in the settings. */
  readonly operatorTokenPath?: string
}

/** Returns the options of the server, from its settings and its data folder. The first start creates keys and token. */
export async function serverOptions(
  context: Pick<CliContext, 'environment' | 'readTextFile'>,
  settings: Settings,
  {
    mode,
    log,
    secretKeys,
  }: {
    readonly mode: 'development' | 'production'
    readonly log: Log
    /** Used instead of the key ring of the settings or the data folder. */
    readonly secretKeys?: readonly Secret[]
  },
): Promise<ServerOptions> {
  const folder = dataFolder(settings, mode)
  const databaseUrl = mode === 'production' ? settings.databaseUrl : undefined
  if (databaseUrl === undefined) openDataFolder(folder)
  const kept = settings.operatorTokens ? undefined : keepOperatorToken(folder)
  const file = join(folder, DATABASE_FILE)
  const { entra: _, sharedApplication: _shared, ...configured } = toOptions(settings)
  const { accessRulesFile } = settings
  const options: CheckedOptions = {
    ...configured,
    mode,
    log,
    database: databaseUrl ?? file,
    secretKeys: secretKeys ?? settings.secretKeys ?? (await keepKeyRing(folder, { file, mode })),
    ...(kept ? { operatorTokens: [kept.token] } : {}),
    ...(accessRulesFile
      ? { accessRules: readAccessRules(accessRulesFile, context.readTextFile) }
      : {}),
    brand: brandOptions(settings),
    proxy: proxiesOf(settings),
    ...applicationOptions(settings, context),
  }
  return { options, ...(kept ? { operatorTokenPath: kept.path } : {}) }
}

/** Returns the proxies that requests of the server and of the command line leave through. */
export function proxiesOf({ httpsProxy, httpProxy, noProxy }: Settings): Proxies {
  return {
    ...(httpsProxy ? { https: httpsProxy } : {}),
    ...(httpProxy ? { http: httpProxy } : {}),
    // Entries that only other programs understand were reported with the settings.
    noProxy: noProxy.filter(isNoProxyEntry),
  }
}

/** Returns the data folder. Development mode has its own folder inside the other. */
export function dataFolder(
  { dataDir }: Pick<Settings, 'dataDir'>,
  mode: 'development' | 'production',
): string {
  return mode === 'development' ? join(dataDir, 'dev') : dataDir
}

/** The default connection, and the application that customers consent to; the federated token is an option of its own. */
function applicationOptions(
  settings: Settings,
  context: Pick<CliContext, 'environment' | 'readTextFile'>,
): Pick<CheckedOptions, 'entra' | 'sharedApplication' | 'readFederatedToken'> {
  const { readTextFile } = context
  const { entraTenantId: tenantId, entraClientId, sharedClientId, federatedTokenFile } = settings
  const shared = {
    credentials: () => toCredentials(settings, sharedApplication, readTextFile).credentials,
  }
  return {
    ...(tenantId && entraClientId
      ? {
          entra: {
            tenantId,
            clientId: entraClientId,
            credentials: credentialReader(context),
            ...connectionRules(settings, readTextFile),
          },
        }
      : {}),
    ...(sharedClientId ? { sharedApplication: { clientId: sharedClientId, ...shared } } : {}),
    ...(federatedTokenFile ? { readFederatedToken: () => readTextFile(federatedTokenFile) } : {}),
  }
}

/** Returns the policies and role rules of the default connection, which development mode accepts too. */
export function connectionRules(
  settings: Settings,
  readTextFile: (path: string) => string,
): Omit<CheckedEntra, 'tenantId' | keyof CheckedApplication> {
  const { tenantId: _, clientId: _id, ...rules } = toOptions(settings).entra ?? {}
  if (settings.roleRulesFile === undefined) return rules
  const { rules: roleRules, unmatched } = readRoleRules(settings.roleRulesFile, readTextFile)
  return { ...rules, roleRules, policies: { ...rules.policies, unmatched } }
}
