/**
 * Runs the probes that the requested areas need. Probes without a dependency start at once; keys, credentials and redirect URIs wait for
 * the description of the directory. The longest chain is three requests of three seconds each, and the deadline aborts what is left.
 */
import { type AuditVerification, readVerification } from '../audit/audit-verification.ts'
import { environmentPlace } from '../connections/environment-place.ts'
import { type Environment, isLoopbackHost } from '../settings/config.ts'
import { type AskContext, resolveHere } from './ask.ts'
import {
  databaseUrlOf,
  defaultLimits,
  type Examination,
  hasProblem,
  proxiesOf,
  settingsOf,
  type TimeLimits,
} from './examination.ts'
import type { AddressesFacts, DatabaseFacts, Facts, MachineFacts, SettingsFacts } from './facts.ts'
import type { Area } from './finding.ts'
import { probeAddresses } from './probe-addresses.ts'
import { probeDatabase } from './probe-database.ts'
import { probeGuard } from './probe-guard.ts'
import { findKeyRing, findOperatorToken, probeKeyRing, probeOperatorToken } from './probe-keys.ts'
import { probeProviders } from './probe-kinds.ts'
import { findOpenFiles, findProcessesWith, probeFolder } from './probe-machine.ts'
import { probeAccessRules, probeRoleRules } from './probe-rules.ts'

/** Runs the probes for the requested areas and returns what they found. */
export async function gatherFacts(
  examination: Examination,
  wanted: readonly Area[],
): Promise<Facts> {
  const { mode, now, limits = defaultLimits } = examination
  const wants = (...some: readonly Area[]) => some.some((area) => wanted.includes(area))
  const context: AskContext = {
    now,
    deadline: AbortSignal.timeout(limits.allMs),
    timeLimitMs: limits.requestMs,
    resolve: examination.resolve ?? resolveHere,
    proxies: proxiesOf(examination),
  }
  const settings = settingsOf(examination)
  const needsDatabase = wants(
    'database',
    'keys',
    'entra',
    'registration',
    'claims',
    'roles',
    'operators',
  )
  const needsProvider = wants('entra', 'clock', 'credential', 'registration', 'operators')
  const [machine, database, provider, addresses] = await Promise.all([
    wants('machine') ? machineOf(examination) : undefined,
    needsDatabase ? databaseOf(examination, limits) : undefined,
    needsProvider ? probeProviders(context, examination, settings) : undefined,
    wants('address') ? addressesOf(context, examination, settings) : undefined,
  ])
  const keyRing = keyRingOf(examination)
  const auditVerification = verificationOf(examination, database)
  return {
    at: now(),
    mode,
    settings,
    roleRules: probeRoleRules(examination),
    accessRules: probeAccessRules(examination),
    operators: {
      listed: examination.inspected.settings.operators ?? [],
      token: operatorTokenOf(examination),
    },
    ...(keyRing ? { keyRing } : {}),
    ...(auditVerification ? { auditVerification } : {}),
    ...(machine ? { machine } : {}),
    ...(database ? { database } : {}),
    ...provider,
    ...(addresses ? { addresses } : {}),
  }
}

async function machineOf(examination: Examination): Promise<MachineFacts> {
  const { nodeVersion, files, environment } = examination
  const openSecretFiles = await findOpenFiles(secretFilesIn(environment))
  // With PostgreSQL nothing is kept on this machine.
  if (databaseUrlOf(examination)) return { nodeVersion, openSecretFiles }
  const [folder, databaseUsers] = await Promise.all([
    probeFolder(files.folder),
    findProcessesWith(files.database),
  ])
  return { nodeVersion, openSecretFiles, folder, ...(databaseUsers ? { databaseUsers } : {}) }
}

/** Returns the settings that name a file with a secret. Rules, logos and certificates without keys are public. */
function secretFilesIn(environment: Environment): MachineFacts['openSecretFiles'] {
  return Object.entries(environment).flatMap(([setting, path]) =>
    /^(ENTRADA|DSTACK)_\w*(SECRET|SECRET_KEYS|KEY|TOKEN|DATABASE_URL)_FILE$/.test(setting) && path
      ? [{ setting, path: path.trim() }]
      : [],
  )
}

async function databaseOf(examination: Examination, { databaseMs }: TimeLimits) {
  const { inspected, files } = examination
  const { operators = [], entraAuthority } = inspected.settings
  // With an invalid address of PostgreSQL, the SQLite file is not the database in use.
  if (hasProblem(examination, 'ENTRADA_DATABASE_URL')) return undefined
  return probeDatabase({
    address: databaseUrlOf(examination) ?? files.database,
    operators,
    cloud: environmentPlace(entraAuthority).cloud,
    timeLimitMs: databaseMs,
    connectionsWanted: inspected.settings.databaseConnections ?? 0,
    now: examination.now,
  })
}

function keyRingOf(examination: Examination): Facts['keyRing'] {
  const { inspected, files, readTextFile } = examination
  if (hasProblem(examination, 'ENTRADA_SECRET_KEYS')) return undefined
  const inSettings = inspected.settings.secretKeys
  return probeKeyRing({ inSettings, file: files.secretKeys, readTextFile })
}

function verificationOf(
  { inspected, files, readTextFile }: Examination,
  database: DatabaseFacts | undefined,
): AuditVerification | undefined {
  const inspection = database?.inspection
  const stored = inspection?.kind === 'found' ? inspection.seen?.auditVerification : undefined
  const inSettings = inspected.settings.secretKeys
  const keyRing = stored && findKeyRing({ inSettings, file: files.secretKeys, readTextFile })
  return stored && keyRing && readVerification(keyRing, stored)
}

function operatorTokenOf({ inspected, files, readTextFile }: Examination) {
  const inSettings = inspected.settings.operatorTokens
  return probeOperatorToken({ inSettings, file: files.operatorToken, readTextFile })
}

async function addressesOf(
  context: AskContext,
  examination: Examination,
  { publicOrigins }: SettingsFacts,
): Promise<AddressesFacts | undefined> {
  const { inspected, listen } = examination
  const { entraAuthority, entraClientId: clientId, trustedProxies = [] } = inspected.settings
  const { applicationUrls = [] } = inspected.settings
  if (listen === undefined) return undefined
  const operatorToken = findOperatorToken({
    inSettings: inspected.settings.operatorTokens,
    file: examination.files.operatorToken,
    readTextFile: examination.readTextFile,
  })
  const address = `${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${listen.port}`
  const target = {
    origins: publicOrigins,
    // 0.0.0.0 and [::] are probed as localhost.
    listen: address.replace(/^(0\.0\.0\.0|\[::\])/, 'localhost'),
    ...(clientId && entraAuthority
      ? { entra: { authority: entraAuthority.origin, clientId } }
      : {}),
    ...(operatorToken ? { operatorToken } : {}),
  }
  const { proxies: _, ...direct } = context
  const [probed, applications] = await Promise.all([
    probeAddresses(context, target),
    Promise.all(applicationUrls.map(({ origin }) => probeGuard(direct, origin, publicOrigins))),
  ])
  return {
    listen: address,
    listensLocally: isLoopbackHost(address.replace(/:\d+$/, '')),
    namesProxies: trustedProxies.length > 0,
    ...probed,
    applications,
  }
}
