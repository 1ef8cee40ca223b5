import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import type { Profile, ProfileEmail } from '../storage/records.ts'

const ADDRESS = /^[^\s@<>"',;:\\()[\]]{1,64}@[^\s@<>"',;:\\()[\]]{1,190}$/

/** Returns the profile of a person from this connection, for display. Nothing in it proves an identity. */
export function profileFrom(identity: VerifiedIdentity): Profile {
  const { displayName, givenName, familyName, userPrincipalName, preferredUsername } = identity
  const email = emailFrom(identity)
  const upn = userPrincipalName ?? preferredUsername
  return {
    ...(displayName ? { displayName } : {}),
    ...(givenName ? { givenName } : {}),
    ...(familyName ? { familyName } : {}),
    ...(upn ? { userPrincipalName: upn } : {}),
    ...(email ? { email } : {}),
    ...(identity.guest === undefined ? {} : { guest: identity.guest }),
  }
}

/** Returns the first value that looks like an address: the email claim, preferred_username, or UPN; with its source. */
function emailFrom(identity: VerifiedIdentity): ProfileEmail | undefined {
  const { email, preferredUsername, userPrincipalName, emailDomainOwnerVerified } = identity
  if (isAddress(email)) {
    return { address: email, source: 'email_claim', proven: emailDomainOwnerVerified === true }
  }
  if (isAddress(preferredUsername)) {
    return { address: preferredUsername, source: 'preferred_username', proven: false }
  }
  if (isAddress(userPrincipalName)) {
    return { address: userPrincipalName, source: 'upn', proven: false }
  }
  return undefined
}

function isAddress(text: string | undefined): text is string {
  return text !== undefined && ADDRESS.test(text)
}

/** Returns the names of the profile's members that differ, for the audit; never their values. */
export function changedMembers(before: Profile, after: Profile): readonly string[] {
  const members = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Profile> // keys of two profiles
  return [...members].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
}
