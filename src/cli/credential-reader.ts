import type { CheckedCredential } from '../settings/check-options.ts'
import { readCredentials } from '../settings/config.ts'
import { names } from '../settings/credential-settings.ts'
import type { CliContext } from './command.ts'

/**
 * Returns a function that reads the credentials again at each call, because files may change while the server runs. Expiry dates in the
 * environment belong to the secrets that the server started with; dates in a file change with the file.
 */
export function credentialReader({
  environment,
  readTextFile,
}: Pick<CliContext, 'environment' | 'readTextFile'>): () => readonly CheckedCredential[] {
  if (!environment[names.expires]?.trim()) return () => readCredentials(environment, readTextFile)

  const { [names.expires]: _, [`${names.expires}_FILE`]: _same, ...undated } = environment
  const dates = datesBySecret(readCredentials(environment, readTextFile))
  return () =>
    readCredentials(undated, readTextFile).map((credential) => {
      if (credential.kind !== 'client_secret') return credential
      const expiresAt = dates.get(credential.value.reveal())
      return expiresAt === undefined ? credential : { ...credential, expiresAt }
    })
}

function datesBySecret(credentials: readonly CheckedCredential[]): ReadonlyMap<string, Date> {
  const dated = credentials.flatMap((credential) =>
    credential.kind === 'client_secret' && credential.expiresAt
      ? [[credential.value.reveal(), credential.expiresAt] as const]
      : [],
  )
  return new Map(dated)
}
