import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EntradaError } from '../errors.ts'
import { newSecretKey } from '../key-ring.ts'
import { Secret } from '../secret.ts'

export const DATABASE_FILE = 'entrada.db'
export const OPERATOR_TOKEN_FILE = 'operator-token'
const SECRET_KEYS_FILE = 'secret-keys'

/** Makes the folder for its owner alone. @throws {EntradaError} `storage_unavailable` */
export function openDataFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new EntradaError('storage_unavailable', { folder: path }, { cause })
  }
}

/** The key ring of the folder, made at the first start. */
export function keepSecretKeys(folder: string): readonly Secret[] {
  return keepFile(join(folder, SECRET_KEYS_FILE), newSecretKey)
    .split(',')
    .map((key) => new Secret(key.trim()))
}

/** The operator token of the folder, made at the first start. Its path may be printed, its value never. */
export function keepOperatorToken(folder: string): {
  readonly token: Secret
  readonly path: string
} {
  const path = join(folder, OPERATOR_TOKEN_FILE)
  return { token: new Secret(keepFile(path, () => randomBytes(32).toString('base64url'))), path }
}

/** Of two processes that start at once, one writes and both read the same. */
function keepFile(path: string, make: () => string): string {
  try {
    writeFileSync(path, `${make()}\n`, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new EntradaError('storage_unavailable', { file: path }, { cause })
    }
  }
  return readFileSync(path, 'utf8').trim()
}
