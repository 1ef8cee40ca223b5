import { existsSync } from 'node:fs'
import { EntradaError } from '../errors/errors.ts'
import type { Secret } from '../keys/secret.ts'
import { openDatabase } from '../open-services.ts'
import { findSecretKeys, makeSecretKeys } from './data-folder.ts'

/**
 * The key ring of the data folder, made at the first start. None is made beside a database that needs another one: the server could
 * not start with it, and it would be taken for the right one.
 *
 * @throws {EntradaError} `secret_key_missing`; those of {@link findSecretKeys}, and of opening the database
 */
export async function keepKeyRing(
  folder: string,
  database: { readonly file: string; readonly mode: 'development' | 'production' },
): Promise<readonly Secret[]> {
  const held = findSecretKeys(folder)
  if (held !== undefined) return held
  const needed = await findNeededKeys(database)
  if (needed.length > 0) throw new EntradaError('secret_key_missing', { folder, keyIds: needed })
  return makeSecretKeys(folder)
}

/** The database is brought up to date for it, as it would be in a moment. */
async function findNeededKeys({
  file,
  mode,
}: Parameters<typeof keepKeyRing>[1]): Promise<readonly string[]> {
  if (!existsSync(file)) return []
  const storage = await openDatabase({ database: file, mode })
  try {
    return await storage.listSealingKeyIds()
  } finally {
    await storage.close()
  }
}
