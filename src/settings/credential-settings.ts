/** What the credential settings say together. Each message is one whole line, and never repeats a value. */

import { isEntradaError } from '../errors/errors.ts'
import { cannotBeRead } from '../errors/file-failure.ts'
import { parseKeyPair } from '../identity-provider/certificate.ts'
import { Secret } from '../keys/secret.ts'
import type { CheckedCredential } from './check-options.ts'
import type { Settings } from './config.ts'

export const credentialSettingKeys = [
  'entraClientSecrets',
  'entraClientSecretExpires',
  'entraClientCertificateFile',
  'entraClientCertificateKeyFile',
  'entraFederatedTokenFile',
] as const satisfies readonly (keyof Settings)[]

export type CredentialSettings = Pick<Settings, (typeof credentialSettingKeys)[number]>

export const names = {
  secret: 'ENTRADA_ENTRA_CLIENT_SECRET',
  expires: 'ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES',
  certificate: 'ENTRADA_ENTRA_CLIENT_CERTIFICATE_FILE',
  privateKey: 'ENTRADA_ENTRA_CLIENT_CERTIFICATE_KEY_FILE',
  federatedToken: 'ENTRADA_ENTRA_FEDERATED_TOKEN_FILE',
} as const

/** Of the multi-tenant application that customers consent to. */
const sharedNames: Names = {
  secret: 'ENTRADA_SHARED_CLIENT_SECRET',
  expires: 'ENTRADA_SHARED_CLIENT_SECRET_EXPIRES',
  certificate: 'ENTRADA_SHARED_CLIENT_CERTIFICATE_FILE',
  privateKey: 'ENTRADA_SHARED_CLIENT_CERTIFICATE_KEY_FILE',
  federatedToken: 'ENTRADA_FEDERATED_TOKEN_FILE',
}
type Names = Readonly<Record<keyof typeof names, string>>

export type SharedCredentialSettings = Pick<
  Settings,
  | 'sharedClientSecrets'
  | 'sharedClientSecretExpires'
  | 'sharedClientCertificateFile'
  | 'sharedClientCertificateKeyFile'
  | 'federatedTokenFile'
>

/** The credentials of the shared application. */
export function toSharedCredentials(
  settings: SharedCredentialSettings,
  readTextFile: (path: string) => string,
): ReadCredentials {
  return toCredentials(
    {
      entraClientSecrets: settings.sharedClientSecrets,
      entraClientSecretExpires: settings.sharedClientSecretExpires,
      entraClientCertificateFile: settings.sharedClientCertificateFile,
      entraClientCertificateKeyFile: settings.sharedClientCertificateKeyFile,
      entraFederatedTokenFile: settings.federatedTokenFile,
    },
    readTextFile,
    sharedNames,
  )
}

export type ReadCredentials = {
  readonly credentials: readonly CheckedCredential[]
  readonly problems: readonly string[]
}

/** Reads certificate and key now; the federated token only when it is used. */
export function toCredentials(
  settings: CredentialSettings,
  readTextFile: (path: string) => string,
  named: Names = names,
): ReadCredentials {
  const problems: string[] = []
  const { entraFederatedTokenFile: tokenFile } = settings
  const credentials = [
    ...secretsOf(settings, named, problems),
    ...certificateOf(settings, named, { readTextFile, problems }),
    ...(tokenFile === undefined
      ? []
      : [{ kind: 'federated_token_file', readToken: () => readTextFile(tokenFile) } as const]),
  ]
  return { credentials, problems }
}

function secretsOf(
  { entraClientSecrets: secrets = [], entraClientSecretExpires: dates }: CredentialSettings,
  named: Names,
  problems: string[],
): readonly CheckedCredential[] {
  if (dates !== undefined && secrets.length === 0) {
    problems.push(`${named.expires} is given without ${named.secret}`)
  } else if (dates !== undefined && dates.length !== secrets.length) {
    problems.push(
      `${named.expires} must hold one date for each secret of ${named.secret}, in the same order; \`-\` where it is not known`,
    )
  }
  return secrets.map((value, at) => {
    const expiresAt = dates?.[at]
    return { kind: 'client_secret', value, ...(expiresAt ? { expiresAt } : {}) }
  })
}

function certificateOf(
  settings: CredentialSettings,
  named: Names,
  {
    readTextFile,
    problems,
  }: { readonly readTextFile: (path: string) => string; readonly problems: string[] },
): readonly CheckedCredential[] {
  const { entraClientCertificateFile: file, entraClientCertificateKeyFile: keyFile } = settings
  if (file === undefined && keyFile === undefined) return []
  if (file === undefined || keyFile === undefined) {
    const [missing, given] =
      file === undefined
        ? [named.certificate, named.privateKey]
        : [named.privateKey, named.certificate]
    problems.push(`${missing} is missing, and ${given} is of no use without it`)
    return []
  }
  const certificate = readOrExplain(named.certificate, file, readTextFile, problems)
  const key = readOrExplain(named.privateKey, keyFile, readTextFile, problems)
  if (certificate === undefined || key === undefined) return []
  const privateKey = new Secret(key)
  try {
    parseKeyPair({ certificate, privateKey }, named)
  } catch (error) {
    if (!isEntradaError(error)) throw error
    problems.push(...(error.detail.problems as readonly string[])) // parseKeyPair's own
    return []
  }
  return [{ kind: 'certificate', certificate, privateKey }]
}

function readOrExplain(
  name: string,
  path: string,
  readTextFile: (path: string) => string,
  problems: string[],
): string | undefined {
  try {
    return readTextFile(path)
  } catch (error) {
    problems.push(`${name} names a file that ${cannotBeRead(error)}`)
    return undefined
  }
}
