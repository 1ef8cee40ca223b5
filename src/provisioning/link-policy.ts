import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import type { Connection, Membership, User } from '../storage/records.ts'

/**
 * A user of the organization with the same email, whom an identity may be linked to: one without an identity, and without a right over
 * Entrada by hand. All others are no candidates, however many there are: anybody may write an address into their own directory.
 */
export type LinkCandidate = {
  readonly membership: Membership
  readonly userStatus: User['status']
}

/** Why an identity was linked to an existing user; recorded with the link. */
export type LinkReason =
  /** The domain of the address is proven to be this organization's. */
  | 'email_domain_proven'
  /** Entra says that the directory has proven the domain (`xms_edov`). */
  | 'email_domain_owner_verified'

export type LinkDecision =
  | { readonly kind: 'link'; readonly membership: Membership; readonly reason: LinkReason }
  | { readonly kind: 'no_link'; readonly because: string }
  /** It is this user, and they are disabled: a new one must not be made beside them. */
  | { readonly kind: 'disabled' }

/**
 * Design rule 3. An address alone is no proof: an administrator of any tenant can write any address into it (nOAuth).
 * Only a candidate is taken over: never an operator or a user who signs in already, and never a user who was made an administrator
 * beforehand, since that right is for one person and not for everyone with an address.
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
  readonly identity: VerifiedIdentity
  /** Whether the domain of their email is proven to be this organization's, now. */
  readonly emailDomainProven: boolean
  readonly candidates: readonly LinkCandidate[]
}): LinkDecision {
  const no = (because: string): LinkDecision => ({ kind: 'no_link', because })
  if (connection.policies.linking !== 'verified') return no('policy')
  if (connection.tenants.kind !== 'pinned') return no('tenant_not_pinned')
  if (identity.guest || identity.personalAccount) return no('not_a_member')
  if (!emailDomainProven && !identity.emailDomainOwnerVerified) return no('email_not_proven')
  // Folding letter case makes some other letters equal to ours: the Kelvin sign to `k`.
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
