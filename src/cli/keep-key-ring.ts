import { existsSync } from 'node:fs'
import { EntradaError } from '../errors/errors.ts'
import type { Secret } from '../keys/secret.ts'
import { openDatabase } from '../open-services.ts'
import { findSecretKeys, makeSecretKeys } from './data-folder.ts'

/**
 * Returns the key ring of the data folder; the first start creates it. If the database is sealed with other keys, no key ring is created:
 * the server could not start with it, and an operator would take it for the right one.
 *
 * @throws {EntradaError} `secret_key_missing`; those of {@link findSecretKeys}, and of opening the database
 */
export async function keepKeyRing(
  folder: string,
  database: { readonly file: string; readonly mode: 'development' | 'production' },
): Promise<readonly Secret[]> {
  const keys = findSecretKeys(folder)
  if (keys !== undefined) return keys
  const needed = await findNeededKeys(database)
  if (needed.length > 0) throw new EntradaError('secret_key_missing', { folder, keyIds: needed })
  return makeSecretKeys(folder)
}

/** Opening the database migrates it, which the server would do next anyway. */
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
