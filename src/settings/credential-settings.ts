/** The settings of an application's credentials, which belong together. Each problem is one whole line, and never repeats a value. */

import { cannotBeRead } from '../errors/file-failure.ts'
import { parseKeyPair } from '../identity-provider/certificate.ts'
import { Secret } from '../keys/secret.ts'
import type { CheckedCredential } from './check-options.ts'
import type { Settings } from './config.ts'
import { problemsOf } from './setting-values.ts'
import { settingsTable } from './settings-table.ts'

/** The rows of the default connection's application. */
export const entraApplication = {
  ids: ['entraTenantId', 'entraClientId'],
  secret: 'entraClientSecrets',
  expires: 'entraClientSecretExpires',
  certificate: 'entraClientCertificateFile',
  privateKey: 'entraClientCertificateKeyFile',
  federatedToken: 'entraFederatedTokenFile',
  federatedTokenHasOtherUses: false,
} as const

/** The rows of the multi-tenant application that customers consent to. */
export const sharedApplication = {
  ids: ['sharedClientId'],
  secret: 'sharedClientSecrets',
  expires: 'sharedClientSecretExpires',
  certificate: 'sharedClientCertificateFile',
  privateKey: 'sharedClientCertificateKeyFile',
  federatedToken: 'federatedTokenFile',
  federatedTokenHasOtherUses: true,
} as const

export type ApplicationRows = typeof entraApplication | typeof sharedApplication

/** Names in the environment. */
type Names = Readonly<Record<'secret' | 'expires' | 'certificate' | 'privateKey', string>>

function namesOf({ secret, expires, certificate, privateKey }: ApplicationRows): Names {
  return {
    secret: settingsTable[secret].env,
    expires: settingsTable[expires].env,
    certificate: settingsTable[certificate].env,
    privateKey: settingsTable[privateKey].env,
  }
}

/** The names of the default connection's credentials in the environment. */
export const names = namesOf(entraApplication)

export type ReadCredentials = {
  readonly credentials: readonly CheckedCredential[]
  readonly problems: readonly string[]
}

type Reading = {
  readonly names: Names
  readonly readTextFile: (path: string) => string
  readonly problems: string[]
}

/** Reads the certificate and its key now; the federated token is read only when it is used. */
export function toCredentials(
  settings: Partial<Settings>,
  rows: ApplicationRows,
  readTextFile: (path: string) => string,
): ReadCredentials {
  const problems: string[] = []
  const reading = { names: namesOf(rows), readTextFile, problems }
  const tokenFile = settings[rows.federatedToken]
  const credentials: readonly CheckedCredential[] = [
    ...secretsOf(settings[rows.secret], settings[rows.expires], reading),
    ...certificateOf(settings[rows.certificate], settings[rows.privateKey], reading),
    ...(tokenFile === undefined
      ? []
      : [{ kind: 'federated_token_file', readToken: () => readTextFile(tokenFile) } as const]),
  ]
  return { credentials, problems }
}

function secretsOf(
  secrets: readonly Secret[] = [],
  dates: readonly (Date | undefined)[] | undefined,
  { names, problems }: Reading,
): readonly CheckedCredential[] {
  if (dates !== undefined && secrets.length === 0) {
    problems.push(`${names.expires} is given without ${names.secret}`)
  } else if (dates !== undefined && dates.length !== secrets.length) {
    problems.push(
      `${names.expires} must hold one date for each secret of ${names.secret}, in the same order; \`-\` where it is not known`,
    )
  }
  return secrets.map((value, index) => {
    const expiresAt = dates?.[index]
    return { kind: 'client_secret', value, ...(expiresAt ? { expiresAt } : {}) }
  })
}

function certificateOf(
  file: string | undefined,
  keyFile: string | undefined,
  { names, readTextFile, problems }: Reading,
): readonly CheckedCredential[] {
  if (file === undefined && keyFile === undefined) return []
  if (file === undefined || keyFile === undefined) {
    const [missing, present] =
      file === undefined
        ? [names.certificate, names.privateKey]
        : [names.privateKey, names.certificate]
    problems.push(`${missing} is missing, and ${present} is of no use without it`)
    return []
  }
  const read = (name: string, path: string): string | undefined => {
    try {
      return readTextFile(path)
    } catch (error) {
      problems.push(`${name} names a file that ${cannotBeRead(error)}`)
      return undefined
    }
  }
  const certificate = read(names.certificate, file)
  const key = read(names.privateKey, keyFile)
  if (certificate === undefined || key === undefined) return []
  const privateKey = new Secret(key)
  const found = problemsOf(() => void parseKeyPair({ certificate, privateKey }, names))
  problems.push(...found)
  return found.length > 0 ? [] : [{ kind: 'certificate', certificate, privateKey }]
}
