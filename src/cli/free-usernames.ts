import { numberedUsername, usernameFor } from '../provisioning/username.ts'
import type { ImportedPerson } from './imported-people.ts'

type Names = Pick<Set<string>, 'has' | 'add'>

/**
 * Returns a function that returns a free username for each person, and none twice. For each name it continues counting where it stopped,
 * which keeps an import of 100,000 people without names fast: all of them are called `user`.
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
