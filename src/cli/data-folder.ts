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

/** Creates the folder, accessible to its owner only. @throws {EntradaError} `data_folder_unusable`, `file_not_permitted` */
export function openDataFolder(path: string): void {
  inFolder({ folder: path }, () => {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  })
}

/**
 * Returns the key ring of the folder, or `undefined` if there is none.
 *
 * @throws {EntradaError} `data_folder_unusable`, `file_not_permitted`, `data_file_invalid`
 */
export function findSecretKeys(folder: string): readonly Secret[] | undefined {
  const path = join(folder, SECRET_KEYS_FILE)
  const text = findFile(path)
  return text === undefined ? undefined : parseFile(path, () => nonEmptyList(text).map(secretKey))
}

/** Creates a key ring and returns it, or the one that another process has just created. @throws {EntradaError} as {@link findSecretKeys} */
export function makeSecretKeys(folder: string): readonly Secret[] {
  const path = join(folder, SECRET_KEYS_FILE)
  const text = makeFile(path, newSecretKey())
  return parseFile(path, () => nonEmptyList(text).map(secretKey))
}

/**
 * Returns the operator token of the folder; the first start creates it. Its path may be printed, its value never.
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

/**
 * Returns the operator token of the folder, or `undefined` if there is none.
 *
 * @throws {EntradaError} `data_folder_unusable`, `file_not_permitted`, `data_file_invalid`
 */
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
 * Creates a file that is either complete or absent, even if the process or the power fails meanwhile: half a secret would be weak.
 * If two processes start concurrently, one of them creates the link and both read the same content.
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

/** Makes the name of a new file survive a power failure. Windows cannot open folders and does not need this. */
function syncFolder(folder: string): void {
  if (platform() === 'win32') return
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Checks the content by the rules of the settings: a truncated file must not become a secret that can be guessed. */
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
