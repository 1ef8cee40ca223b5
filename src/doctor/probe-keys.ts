/** Reads key ring and operator token from the settings and the data folder. No value becomes a fact. */
import { cannotBeRead, isAbsent, isNotPermitted } from '../errors/file-failure.ts'
import { createKeyRing, type KeyRing } from '../keys/key-ring.ts'
import type { Secret } from '../keys/secret.ts'
import { operatorToken, secretKey } from '../settings/setting-parsers.ts'
import type { KeyRingFacts, OperatorTokenFacts } from './facts.ts'

type Kept = {
  readonly inSettings: readonly Secret[] | undefined
  readonly file: string
  readonly readTextFile: (path: string) => string
}

/** Reads which keys the key ring has, from the settings and from its file. */
export function probeKeyRing({ inSettings, file, readTextFile }: Kept): KeyRingFacts {
  return {
    file,
    inFile: readKeys(file, readTextFile),
    ...(inSettings ? { inSettings: createKeyRing(inSettings).keyIds } : {}),
  }
}

function readKeys(file: string, readTextFile: Kept['readTextFile']): KeyRingFacts['inFile'] {
  const text = readIfThere(file, readTextFile)
  if (typeof text !== 'string') {
    return text.kind === 'failed' ? { kind: 'damaged', reason: text.reason } : text
  }
  try {
    const keys = text.split(',').map((key) => secretKey(key.trim()))
    return { kind: 'held', keyIds: createKeyRing(keys).keyIds }
  } catch (error) {
    return { kind: 'damaged', reason: reasonOf(error) }
  }
}

/** Reads whether there is an operator token, and how strong it is. */
export function probeOperatorToken({ inSettings, file, readTextFile }: Kept): OperatorTokenFacts {
  return { inSettings: inSettings !== undefined, file, inFile: readToken(file, readTextFile) }
}

/** Returns the key ring that this command can read, or `undefined` when there is none or it is invalid. */
export function findKeyRing({ inSettings, file, readTextFile }: Kept): KeyRing | undefined {
  const text = inSettings ? '' : readIfThere(file, readTextFile)
  if (typeof text !== 'string') return undefined
  try {
    return createKeyRing(inSettings ?? text.split(',').map((key) => secretKey(key.trim())))
  } catch {
    return undefined
  }
}

/** Returns the token with which this command authenticates to the server, or `undefined` when there is none or it is invalid. */
export function findOperatorToken({ inSettings, file, readTextFile }: Kept): Secret | undefined {
  if (inSettings !== undefined) return inSettings[0]
  const text = readIfThere(file, readTextFile)
  try {
    return typeof text === 'string' ? operatorToken(text) : undefined
  } catch {
    return undefined
  }
}

function readToken(file: string, readTextFile: Kept['readTextFile']): OperatorTokenFacts['inFile'] {
  const text = readIfThere(file, readTextFile)
  if (typeof text !== 'string') {
    return text.kind === 'failed' ? { kind: 'weak', reason: text.reason } : text
  }
  try {
    operatorToken(text)
    return { kind: 'strong' }
  } catch (error) {
    return { kind: 'weak', reason: reasonOf(error) }
  }
}

type Unread =
  | { readonly kind: 'absent' }
  | { readonly kind: 'not_permitted' }
  | { readonly kind: 'failed'; readonly reason: string }

function readIfThere(file: string, readTextFile: Kept['readTextFile']): string | Unread {
  try {
    return readTextFile(file).trim()
  } catch (error) {
    if (isAbsent(error)) return { kind: 'absent' }
    return isNotPermitted(error)
      ? { kind: 'not_permitted' }
      : { kind: 'failed', reason: cannotBeRead(error) }
  }
}

/** The parsers complete a sentence and repeat no value. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'is not valid'
}
