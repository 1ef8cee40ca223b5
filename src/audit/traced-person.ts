/** The keys by which a sign-in trace can be found, without the trace containing the name of a person. */
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { Services } from '../services.ts'
import type { TracedPerson } from '../storage/records.ts'

/** Returns what is stored about a person who signs in or tries to, even if that person never became a user here. */
export function tracedPerson(
  { keyRing }: Pick<Services, 'keyRing'>,
  {
    key,
    preferredUsername,
    userPrincipalName,
    email,
  }: Pick<VerifiedIdentity, 'key' | 'preferredUsername' | 'userPrincipalName' | 'email'>,
): TracedPerson {
  const name = preferredUsername ?? userPrincipalName
  return {
    ...key,
    ...(name === undefined ? {} : { nameKey: keyOf(keyRing, name) }),
    ...(email === undefined ? {} : { emailKey: keyOf(keyRing, email) }),
  }
}

/** Returns the keys under which a sign-in name or an email address may be stored. */
export function nameKeysOf(
  { keyRing }: Pick<Services, 'keyRing'>,
  name: string,
): readonly string[] {
  return keyRing.macs('trace-person', fold(name))
}

function keyOf(keyRing: KeyRing, name: string): string {
  return keyRing.mac('trace-person', fold(name))
}

function fold(name: string): string {
  return name.trim().toLowerCase()
}
