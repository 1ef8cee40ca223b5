import type { CheckedCredential } from '../settings/check-options.ts'
import { readCredentials } from '../settings/config.ts'
import { names } from '../settings/credential-settings.ts'
import type { CliContext } from './command.ts'

/**
 * Reads the credentials again each time, for files may change while the server runs. Dates that stand in the environment are those
 * of the secrets at the start; those of a file change with it.
 */
export function credentialReader({
  environment,
  readTextFile,
}: Pick<CliContext, 'environment' | 'readTextFile'>): () => readonly CheckedCredential[] {
  if (!environment[names.expires]?.trim()) return () => readCredentials(environment, readTextFile)

  const { [names.expires]: _, [`${names.expires}_FILE`]: _same, ...undated } = environment
  const dates = datesBySecret(readCredentials(environment, readTextFile))
  return () =>
    readCredentials(undated, readTextFile).map((one) => {
      const expiresAt = one.kind === 'client_secret' ? dates.get(one.value.reveal()) : undefined
      return expiresAt === undefined ? one : { ...one, expiresAt }
    })
}

function datesBySecret(credentials: readonly CheckedCredential[]): ReadonlyMap<string, Date> {
  const dated = credentials.flatMap((one) =>
    one.kind === 'client_secret' && one.expiresAt
      ? [[one.value.reveal(), one.expiresAt] as const]
      : [],
  )
  return new Map(dated)
}
