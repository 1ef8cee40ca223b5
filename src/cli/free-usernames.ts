import { numberedUsername, usernameFor } from '../provisioning/username.ts'
import type { ImportedPerson } from './imported-people.ts'

type Names = Pick<Set<string>, 'has' | 'add'>

/**
 * Returns a function that gives each person a username that nobody has, and gives none twice. It goes on counting where it was for the
 * person before: in a file of 100,000 people without names everybody is called `user`.
 */
export function freeUsernames(
  usernames: readonly string[],
  taken: Names = new Set(),
): (person: Pick<ImportedPerson, 'username' | 'displayName'>) => string {
  for (const username of usernames) taken.add(username.toLowerCase())
  const lastNumbers = new Map<string, number>()
  return ({ username, displayName }) => {
    const name = usernameFor({
      ...(username ? { preferredUsername: username } : {}),
      ...(displayName ? { displayName } : {}),
    })
    const key = name.toLowerCase()
    let number = (lastNumbers.get(key) ?? 0) + 1
    while (taken.has(numberedUsername(name, number).toLowerCase())) number += 1
    lastNumbers.set(key, number)
    const free = numberedUsername(name, number)
    taken.add(free.toLowerCase())
    return free
  }
}
