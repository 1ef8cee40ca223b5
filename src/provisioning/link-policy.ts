import type { Connection, Membership, User } from '../storage/records.ts'
import type { DirectoryNames } from './directory-person.ts'

/**
 * A user of the organization with the same email to whom an identity may be linked: one without an identity, and without a right
 * over Entrada by hand. Other users are no candidates, however many there are, because anyone can enter an address into a directory
 * of their own.
 */
export type LinkCandidate = {
  readonly membership: Membership
  readonly userStatus: User['status']
}

/** What the decision reads of the person whose identity may be linked. */
export type LinkedPerson = Pick<DirectoryNames, 'email' | 'emailDomainOwnerVerified' | 'guest'> & {
  readonly personalAccount?: boolean
}

/** The reason why an identity was linked to an existing user; stored with the link. */
export type LinkReason =
  /** The organization has proven the domain of the address. */
  | 'email_domain_proven'
  /** Entra states that the directory has proven the domain (`xms_edov`). */
  | 'email_domain_owner_verified'

export type LinkDecision =
  | { readonly kind: 'link'; readonly membership: Membership; readonly reason: LinkReason }
  | { readonly kind: 'no_link'; readonly because: string }
  /** The matching user is disabled, and a second one must not be created. */
  | { readonly kind: 'disabled' }

/**
 * Decides whether an identity is linked to an existing user (design rule 3). An address alone is no proof: an administrator of any
 * tenant can enter any address (nOAuth). Only a candidate can be linked: never an operator or a user who signs in already, and
 * never a user who was made an administrator beforehand, since that right is for one person and not for everyone with the address.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/migrate-off-email-claim-authorization
 */
export function decideLink({
  connection,
  identity,
  emailDomainProven,
  candidates,
}: {
  readonly connection: Connection
  readonly identity: LinkedPerson
  /** Whether the organization has proven the domain of the email. */
  readonly emailDomainProven: boolean
  readonly candidates: readonly LinkCandidate[]
}): LinkDecision {
  const no = (because: string): LinkDecision => ({ kind: 'no_link', because })
  if (connection.policies.linking !== 'verified') return no('policy')
  if (connection.tenants.kind !== 'pinned') return no('tenant_not_pinned')
  if (identity.guest || identity.personalAccount) return no('not_a_member')
  if (!emailDomainProven && !identity.emailDomainOwnerVerified) return no('email_not_proven')
  // Folding letter case makes some other letters equal to ASCII ones, such as the Kelvin sign to `k`.
  if (!/^[\x21-\x7e]+$/.test(identity.email ?? '')) return no('email_not_ascii')
  const [candidate, another] = candidates
  if (candidate === undefined) return no('no_candidate')
  if (another !== undefined) return no('several_candidates')
  if (candidate.userStatus !== 'active' || candidate.membership.status !== 'active') {
    return { kind: 'disabled' }
  }
  const reason = emailDomainProven ? 'email_domain_proven' : 'email_domain_owner_verified'
  return { kind: 'link', membership: candidate.membership, reason }
}
