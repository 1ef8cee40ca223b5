import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Directory, parseDirectory } from '../emulator/start-emulator.ts'
import { EntradaError } from '../errors/errors.ts'
import { isAbsent, isNotPermitted } from '../errors/file-failure.ts'

const DIRECTORY_FILE = 'emulated-entra.json'

/** The directory of the emulated Entra, which `entrada dev` stores with every change from one start to the next. */
export type KeptDirectory = {
  /** Returns the stored directory, or `undefined` at the first start. @throws {EntradaError} `development_directory_invalid` */
  find(): Directory | undefined
  /** Stores the directory. The file is complete at any time. @throws {EntradaError} `data_folder_unusable`, `file_not_permitted` */
  save(directory: Directory): void
  /** Removes the stored directory. @throws {EntradaError} `data_folder_unusable`, `file_not_permitted` */
  forget(): void
}

/** Returns access to the directory that is stored in a development data folder. */
export function keptDirectory(folder: string): KeptDirectory {
  const file = join(folder, DIRECTORY_FILE)
  return {
    find: () => findDirectory(file),
    save: (directory) => withFile(file, () => writeWhole(file, JSON.stringify(directory))),
    forget: () => withFile(file, () => rmSync(file, { force: true })),
  }
}

function findDirectory(file: string): Directory | undefined {
  try {
    return parseDirectory(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    if (isAbsent(cause)) return undefined
    if (isNotPermitted(cause)) throw new EntradaError('file_not_permitted', { file }, { cause })
    const reasons = cause instanceof Error ? cause.message.split('\n').slice(0, 10) : []
    throw new EntradaError(
      'development_directory_invalid',
      { problems: [file, ...reasons] },
      { cause },
    )
  }
}

function writeWhole(file: string, content: string): void {
  const partial = `${file}.${randomBytes(8).toString('hex')}.partial`
  try {
    writeFileSync(partial, content, { mode: 0o600, flag: 'wx' })
    renameSync(partial, file)
  } finally {
    rmSync(partial, { force: true })
  }
}

function withFile(file: string, work: () => void): void {
  try {
    work()
  } catch (cause) {
    const code = isNotPermitted(cause) ? 'file_not_permitted' : 'data_folder_unusable'
    throw new EntradaError(code, { file }, { cause })
  }
}
