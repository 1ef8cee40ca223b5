import type { DirectoryNames } from './directory-person.ts'

const MAX_USERNAME_LENGTH = 50

/** Returns a username from the UPN: its local part, in at most 50 characters of `[a-zA-Z0-9-_]`. */
export function usernameFor(names: DirectoryNames): string {
  const { userPrincipalName, preferredUsername, email, displayName } = names
  const name = userPrincipalName ?? preferredUsername ?? email ?? displayName ?? ''
  return cleanUsername(localPart(name)) || 'user'
}

/** Returns the preferred name; from the second on with `-2`, `-3` …, never longer than allowed. */
export function numberedUsername(wanted: string, number: number): string {
  return number === 1 ? wanted : withSuffix(wanted, `-${number}`)
}

/** Returns the preferred name with a suffix, never longer than allowed. */
export function withSuffix(wanted: string, suffix: string): string {
  return wanted.slice(0, MAX_USERNAME_LENGTH - suffix.length) + suffix
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
