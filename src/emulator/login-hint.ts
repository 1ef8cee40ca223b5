import type { Directory, User } from './directory.ts'
import { findPersonById, findPersonByName, homeOf, type Person } from './find-in-directory.ts'

/** Returns the opaque `login_hint` claim of an account, which does not contain the tenant. */
export function toLoginHint(account: User): string {
  return `O.${Buffer.from(JSON.stringify([account.id])).toString('base64url')}`
}

/** Finds the account that a hint means: a user principal name, or the `login_hint` claim of an earlier token. */
export function findAccountByHint(
  directory: Directory,
  hint: string | undefined,
): Person | undefined {
  if (hint === undefined) return undefined
  const person = findByOpaqueHint(directory, hint) ?? findPersonByName(directory, hint)
  return person && homeOf(directory, person)
}

function findByOpaqueHint(directory: Directory, hint: string): Person | undefined {
  const id = hint.startsWith('O.') ? parseObjectId(hint.slice(2)) : undefined
  return id === undefined ? undefined : findPersonById(directory, id)
}

function parseObjectId(encoded: string): string | undefined {
  try {
    const content: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'))
    const [id]: readonly unknown[] = Array.isArray(content) ? content : []
    return typeof id === 'string' ? id : undefined
  } catch {
    return undefined
  }
}
