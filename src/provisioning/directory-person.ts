/** The input of provisioning, whichever part of the program reports a person: it contains no token and no decision. */
import type {
  Identity,
  Membership,
  PersonKey,
  Profile,
  RoleAssignment,
} from '../storage/records.ts'
import type { ResolvedGroups } from './group-overage.ts'
import type { LinkReason } from './link-policy.ts'

/** A person as their directory describes them. */
export type DirectoryPerson = Pick<Identity, 'sub' | 'lastClaims'> & {
  readonly key: PersonKey
  readonly profile: Profile
  /** The preferred username of a new member. */
  readonly username: string
  readonly groups: ResolvedGroups
  readonly appRoles: readonly string[]
  /** The roles that follow from groups and app roles. */
  readonly roles: readonly RoleAssignment[]
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
