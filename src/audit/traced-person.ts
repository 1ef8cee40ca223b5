/** By whom a sign-in trace is found, without the trace naming anybody. */
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { Services } from '../services.ts'
import type { TracedPerson } from '../storage/records.ts'

/** What is kept of a person who signs in, or tries to: also of one who never became a user here. */
export function tracedPerson(
  { keyRing }: Pick<Services, 'keyRing'>,
  {
    oid,
    preferredUsername,
    userPrincipalName,
    email,
  }: Pick<VerifiedIdentity, 'oid' | 'preferredUsername' | 'userPrincipalName' | 'email'>,
): TracedPerson {
  const name = preferredUsername ?? userPrincipalName
  return {
    oid,
    ...(name === undefined ? {} : { nameKey: keyOf(keyRing, name) }),
    ...(email === undefined ? {} : { emailKey: keyOf(keyRing, email) }),
  }
}

/** Under which keys a sign-in name or email is looked for. */
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
