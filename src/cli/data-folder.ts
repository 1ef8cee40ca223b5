import { randomBytes } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { platform } from 'node:os'
import { dirname, join } from 'node:path'
import { EntradaError } from '../errors/errors.ts'
import { isNotPermitted } from '../errors/file-failure.ts'
import { newSecretKey } from '../keys/key-ring.ts'
import type { Secret } from '../keys/secret.ts'
import { nonEmptyList, operatorToken, secretKey } from '../settings/setting-parsers.ts'

export const DATABASE_FILE = 'entrada.db'
export const OPERATOR_TOKEN_FILE = 'operator-token'
export const SECRET_KEYS_FILE = 'secret-keys'

/** Makes the folder for its owner alone. @throws {EntradaError} `data_folder_unusable`, `file_not_permitted` */
export function openDataFolder(path: string): void {
  inFolder({ folder: path }, () => {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  })
}

/** The key ring of the folder, if there is one. @throws {EntradaError} `data_folder_unusable`, `file_not_permitted`, `data_file_invalid` */
export function findSecretKeys(folder: string): readonly Secret[] | undefined {
  const path = join(folder, SECRET_KEYS_FILE)
  const text = findFile(path)
  return text === undefined ? undefined : parseFile(path, () => nonEmptyList(text).map(secretKey))
}

/** Makes a key ring, unless another program was faster. @throws {EntradaError} as {@link findSecretKeys} */
export function makeSecretKeys(folder: string): readonly Secret[] {
  const path = join(folder, SECRET_KEYS_FILE)
  const text = makeFile(path, newSecretKey())
  return parseFile(path, () => nonEmptyList(text).map(secretKey))
}

/**
 * The operator token of the folder, made at the first start. Its path may be printed, its value never.
 *
 * @throws {EntradaError} `data_folder_unusable`, `file_not_permitted`, `data_file_invalid`
 */
export function keepOperatorToken(folder: string): {
  readonly token: Secret
  readonly path: string
} {
  const path = join(folder, OPERATOR_TOKEN_FILE)
  const text = findFile(path) ?? makeFile(path, randomBytes(32).toString('base64url'))
  return { token: parseFile(path, () => operatorToken(text)), path }
}

/** The operator token of the folder, if there is one. @throws {EntradaError} `data_folder_unusable`, `file_not_permitted`, `data_file_invalid` */
export function findOperatorToken(folder: string): Secret | undefined {
  const path = join(folder, OPERATOR_TOKEN_FILE)
  const text = findFile(path)
  return text === undefined ? undefined : parseFile(path, () => operatorToken(text))
}

function findFile(path: string): string | undefined {
  return inFolder({ file: path }, () =>
    statSync(path, { throwIfNoEntry: false }) ? readFileSync(path, 'utf8').trim() : undefined,
  )
}

/**
 * Under its name the file is whole or not there, whatever ends the process or the power meanwhile: half a secret would be a weak one.
 * Of two processes that start at once, one links first and both read the same.
 */
function makeFile(path: string, content: string): string {
  const partial = `${path}.${randomBytes(8).toString('hex')}.partial`
  return inFolder({ file: path }, () => {
    try {
      writeFileSync(partial, `${content}\n`, { mode: 0o600, flag: 'wx', flush: true })
      linkUnlessThere(partial, path)
    } finally {
      rmSync(partial, { force: true })
    }
    syncFolder(dirname(path))
    return readFileSync(path, 'utf8').trim()
  })
}

function linkUnlessThere(partial: string, path: string): void {
  try {
    linkSync(partial, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** The name of a new file survives a power cut only then. Windows opens no folders, and needs no such call. */
function syncFolder(folder: string): void {
  if (platform() === 'win32') return
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** By the rules of the settings: a file that was cut must not become a secret that everybody can guess. */
function parseFile<T>(file: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    const problem = error instanceof Error ? error.message : 'is not valid'
    throw new EntradaError('data_file_invalid', { problems: [`${file} ${problem}`] })
  }
}

function inFolder<T>(place: { readonly [kind: string]: string }, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const code = isNotPermitted(cause) ? 'file_not_permitted' : 'data_folder_unusable'
    throw new EntradaError(code, place, { cause })
  }
}
