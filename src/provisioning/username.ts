import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'

const MAX_USERNAME_LENGTH = 50
const MAX_NUMBER = 100_000

/** A username from the UPN: its local part, in at most 50 characters of `[a-zA-Z0-9-_]`. */
export function usernameFor(
  identity: Pick<
    VerifiedIdentity,
    'userPrincipalName' | 'preferredUsername' | 'email' | 'displayName'
  >,
): string {
  const { userPrincipalName, preferredUsername, email, displayName } = identity
  const name = userPrincipalName ?? preferredUsername ?? email ?? displayName ?? ''
  return cleanUsername(localPart(name)) || 'user'
}

/** The wanted name, then the same with `-2`, `-3` …, never longer than allowed. */
export function* numberedUsernames(wanted: string): Generator<string> {
  yield wanted
  for (let number = 2; number <= MAX_NUMBER; number += 1) {
    const suffix = `-${number}`
    yield wanted.slice(0, MAX_USERNAME_LENGTH - suffix.length) + suffix
  }
}

/** Guests have the UPN `alias_theirdomain#EXT#@ourdomain`. */
function localPart(name: string): string {
  const at = name.lastIndexOf('@')
  return (at > 0 ? name.slice(0, at) : name).replace(/#EXT#$/i, '')
}

function cleanUsername(text: string): string {
  return text
    .slice(0, 200)
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/[^a-zA-Z0-9_-]+/g, '-')
    .slice(0, MAX_USERNAME_LENGTH)
    .replace(/^-+|-+$/g, '')
}
