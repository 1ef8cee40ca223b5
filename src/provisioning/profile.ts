import type { Profile, ProfileEmail } from '../storage/records.ts'
import type { DirectoryNames } from './directory-person.ts'

const ADDRESS = /^[^\s@<>"',;:\\()[\]]{1,64}@[^\s@<>"',;:\\()[\]]{1,190}$/

/** Returns the profile of a person from this connection, for display. Nothing in it proves an identity. */
export function profileFrom(names: DirectoryNames): Profile {
  const { displayName, givenName, familyName, userPrincipalName, preferredUsername } = names
  const email = emailFrom(names)
  const upn = userPrincipalName ?? preferredUsername
  return {
    ...(displayName ? { displayName } : {}),
    ...(givenName ? { givenName } : {}),
    ...(familyName ? { familyName } : {}),
    ...(upn ? { userPrincipalName: upn } : {}),
    ...(email ? { email } : {}),
    ...(names.guest === undefined ? {} : { guest: names.guest }),
  }
}

/** Returns the first value that looks like an address: the email claim, preferred_username, or UPN; with its source. */
function emailFrom(names: DirectoryNames): ProfileEmail | undefined {
  const { email, preferredUsername, userPrincipalName, emailDomainOwnerVerified } = names
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
