import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import type { DirectoryPerson } from '../provisioning/directory-person.ts'
import { profileFrom } from '../provisioning/profile.ts'
import { usernameFor } from '../provisioning/username.ts'
import type { SignInDecision } from './decide-sign-in.ts'

/** Returns the person whom a sign-in proved, for provisioning. */
export function personOfSignIn(
  identity: VerifiedIdentity,
  { roles, groups }: Extract<SignInDecision, { kind: 'allowed' }>,
): DirectoryPerson {
  const { key, sub, appRoles, displayName, preferredUsername, userPrincipalName, email, guest } =
    identity
  return {
    key,
    ...(sub === undefined ? {} : { sub }),
    profile: profileFrom(identity),
    username: usernameFor(identity),
    // Claims of use only; a token is never stored.
    lastClaims: { displayName, preferredUsername, userPrincipalName, email, guest },
    active: undefined,
    groups,
    appRoles,
    roles,
  }
}
