import { join } from 'node:path'
import { readAccessRules } from '../forward-auth/access-rules-file.ts'
import type { Secret } from '../keys/secret.ts'
import { isNoProxyEntry, type Proxies } from '../outgoing/proxies.ts'
import { readRoleRules } from '../provisioning/role-rules-file.ts'
import type { Log } from '../services.ts'
import type { CheckedEntra, CheckedOptions } from '../settings/check-options.ts'
import type { Settings } from '../settings/config.ts'
import { toSharedCredentials } from '../settings/credential-settings.ts'
import type { GroupSource } from '../storage/records.ts'
import { brandOptions } from './brand-options.ts'

import type { CliContext } from './command.ts'
import { credentialReader } from './credential-reader.ts'
import { DATABASE_FILE, keepOperatorToken, openDataFolder } from './data-folder.ts'
import { keepKeyRing } from './keep-key-ring.ts'

export type ServerOptions = {
  readonly options: CheckedOptions
  /** Where the operator token lies, when it is not in the settings. */
  readonly operatorTokenPath?: string
}

/** Settings and the data folder, as options of the server. Makes keys and token at the first start. */
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
    /** In place of the key ring of settings or data folder. */
    readonly secretKeys?: readonly Secret[]
  },
): Promise<ServerOptions> {
  const folder = dataFolder(settings, mode)
  const databaseUrl = mode === 'production' ? settings.databaseUrl : undefined
  if (databaseUrl === undefined) openDataFolder(folder)
  const kept = settings.operatorTokens ? undefined : keepOperatorToken(folder)
  const file = join(folder, DATABASE_FILE)
  const entra = entraOptions(settings, context)
  const { accessRulesFile, cookieDomain } = settings
  const options: CheckedOptions = {
    mode,
    log,
    serverUrl: settings.serverUrl,
    extraUrls: settings.entraExtraUrls,
    authority: settings.entraAuthority,
    database: databaseUrl ?? file,
    databaseConnections: settings.databaseConnections,
    secretKeys: secretKeys ?? settings.secretKeys ?? (await keepKeyRing(folder, { file, mode })),
    session: { idleSeconds: settings.sessionIdleSeconds, maxSeconds: settings.sessionMaxSeconds },
    operators: settings.operators,
    operatorTokens: settings.operatorTokens ?? (kept ? [kept.token] : []),
    trustedProxies: settings.trustedProxies,
    signInsPerMinute: settings.signInsPerMinute,
    ...(settings.auditRetentionDays ? { auditRetentionDays: settings.auditRetentionDays } : {}),
    identityTokens: settings.identityTokens === 'on',
    dangerouslyForwardUnproven: settings.dangerouslyForwardUnproven === 'on',
    applicationUrls: settings.applicationUrls,
    ...(cookieDomain ? { cookieDomain } : {}),
    ...(accessRulesFile
      ? { accessRules: readAccessRules(accessRulesFile, context.readTextFile) }
      : {}),
    brand: brandOptions(settings),
    webhooksToPrivateAddresses: settings.webhooksPrivate === 'allow',
    proxy: proxiesOf(settings),
    ...sharedOptions(settings, context),
    ...(entra ? { entra } : {}),
  }
  return { options, ...(kept ? { operatorTokenPath: kept.path } : {}) }
}

/** How requests of the server and of the command line leave. */
export function proxiesOf({ httpsProxy, httpProxy, noProxy }: Settings): Proxies {
  return {
    ...(httpsProxy ? { https: httpsProxy } : {}),
    ...(httpProxy ? { http: httpProxy } : {}),
    // What other programs alone understand was reported with the settings.
    noProxy: noProxy.filter(isNoProxyEntry),
  }
}

/** Development keeps its own folder inside the other. */
export function dataFolder(
  { dataDir }: Pick<Settings, 'dataDir'>,
  mode: 'development' | 'production',
): string {
  return mode === 'development' ? join(dataDir, 'dev') : dataDir
}

function entraOptions(
  settings: Settings,
  context: Pick<CliContext, 'environment' | 'readTextFile'>,
): CheckedEntra | undefined {
  const { entraTenantId, entraClientId } = settings
  if (!entraTenantId || !entraClientId) return undefined
  return {
    tenantId: entraTenantId,
    clientId: entraClientId,
    credentials: credentialReader(context),
    ...connectionRules(settings, context.readTextFile),
  }
}

/** The application that customers consent to, and the token that they may trust in place of a secret. */
function sharedOptions(
  settings: Settings,
  { readTextFile }: Pick<CliContext, 'readTextFile'>,
): Pick<CheckedOptions, 'sharedApplication' | 'readFederatedToken'> {
  const { sharedClientId: clientId, federatedTokenFile } = settings
  const credentials = () => toSharedCredentials(settings, readTextFile).credentials
  return {
    ...(clientId ? { sharedApplication: { clientId, credentials } } : {}),
    ...(federatedTokenFile ? { readFederatedToken: () => readTextFile(federatedTokenFile) } : {}),
  }
}

/** Policies and role rules of the default connection; development takes them too. */
export function connectionRules(
  settings: Settings,
  readTextFile: (path: string) => string,
): Pick<CheckedEntra, 'policies' | 'roleRules' | 'groups' | 'recheckMinutes'> {
  const roleRules = settings.roleRulesFile && readRoleRules(settings.roleRulesFile, readTextFile)
  return {
    ...(roleRules ? { roleRules: roleRules.rules } : {}),
    ...(settings.entraGroupsFrom === 'claim' ? {} : { groups: fromGraph(settings) }),
    ...(settings.entraRecheckMinutes ? { recheckMinutes: settings.entraRecheckMinutes } : {}),
    policies: {
      provisioning: settings.entraProvisioning,
      linking: settings.entraLinking,
      guests: settings.entraGuests,
      groupsOverage: settings.entraGroupsOverage,
      signOutOfMicrosoft: settings.entraSignOut === 'microsoft',
      ...(roleRules ? { unmatched: roleRules.unmatched } : {}),
    },
  }
}

function fromGraph({ entraGroupsFrom }: Settings): GroupSource {
  return { from: 'graph', nested: entraGroupsFrom !== 'graph_direct', names: false }
}
