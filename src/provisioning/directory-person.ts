/** The input of provisioning, whichever part of the program reports a person: it contains no token and no decision. */
import type { AuditCaller } from '../audit/audit.ts'
import type { Exchange } from '../http/exchange.ts'
import type {
  Connection,
  Identity,
  Membership,
  OrganizationId,
  PersonKey,
  Profile,
  RoleAssignment,
} from '../storage/records.ts'
import type { ResolvedGroups } from './group-overage.ts'
import type { LinkReason } from './link-policy.ts'

/** Names and addresses of a person as their directory writes them. None of them identifies the person. */
export type DirectoryNames = Omit<Profile, 'email'> & {
  readonly preferredUsername?: string
  readonly email?: string
  /** Whether the directory guarantees that the domain of the email is its own. */
  readonly emailDomainOwnerVerified?: boolean
}

/** A person as their directory describes them. What it does not mention is `undefined`, and stays as it is. */
export type DirectoryPerson = Pick<Identity, 'sub' | 'lastClaims'> & {
  /** `undefined` if an operator creates a user without naming the person, who is linked later by the policy of the connection. */
  readonly key: PersonKey | undefined
  readonly profile: Profile
  /** The preferred username of a new member. */
  readonly username: string
  /**
   * Whether a new member may sign in. A sign-in does not mention it: it is refused if the user or the membership is disabled, and
   * never enables either.
   */
  readonly active: boolean | undefined
  readonly groups: ResolvedGroups | undefined
  readonly appRoles: readonly string[]
  /** The roles that follow from groups and app roles. */
  readonly roles: readonly RoleAssignment[] | undefined
}

/** What describes a person: it decides whose event the audit stores, and what is noted besides the person. */
export type PersonSource =
  | { readonly kind: 'sign_in'; readonly connection: Connection; readonly exchange: Exchange }
  /** An operator creates a user before the first sign-in, one at a time or by an import. */
  | {
      readonly kind: 'operator'
      readonly organizationId: OrganizationId
      readonly caller: AuditCaller
    }

/** The user that a person is, or becomes. */
export type MatchedUser =
  | {
      readonly kind: 'known'
      readonly userId: Membership['userId']
      readonly membership?: Membership
    }
  | { readonly kind: 'linked'; readonly membership: Membership; readonly reason: LinkReason }
  | { readonly kind: 'new' }
