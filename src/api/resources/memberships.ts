import * as v from 'valibot'
import { type ApiCaller, holdsScope } from '../../access/decide-right.ts'
import { type ScopeRow, scopes, scopeTable } from '../../access/scope-table.ts'
import {
  changeMembership,
  type MembershipChange,
  type MembershipsSeen,
} from '../../admin/memberships.ts'
import type { ChangeServices } from '../../audit/audit.ts'
import { pageJson, pageRequest, withoutUndefined } from '../../connections/page-json.ts'
import { recordJson } from '../../connections/record-json.ts'
import {
  organizationQuery,
  pageOf,
  pageQuery,
  roleName,
  searchQuery,
  timeAnswer,
  userIdQuery,
} from '../../connections/schema-parts.ts'
import { EntradaError } from '../../errors/errors.ts'
import { found } from '../../errors/found.ts'
import { strictObject } from '../../protocol/strict-object.ts'
import type { MembershipListItem } from '../../storage/api-key-storage.ts'
import { isAdministration, ORGANIZATION_ADMIN } from '../../storage/organization-roles.ts'
import type { MembershipId } from '../../storage/records.ts'
import { type Call, type OwnerLookUp, operation } from '../operation.ts'
import { emailSchema, roleSchema } from './users.ts'

const status = v.picklist(['active', 'disabled'])

const membershipSchema = strictObject({
  id: v.string(),
  userId: v.string(),
  organizationId: v.string(),
  username: v.string(),
  displayName: v.nullable(v.string()),
  email: v.nullable(emailSchema),
  guest: v.nullable(v.boolean()),
  status,
  roles: v.array(roleSchema),
  createdAt: timeAnswer,
  lastSignInAt: v.nullable(timeAnswer),
})
export type MembershipJson = v.InferOutput<typeof membershipSchema>

export const membershipSchemas = { Membership: membershipSchema }

/** Returns the organization that owns the membership in the path. */
const ownerOfMembership: OwnerLookUp = async ({ storage }, { params }) =>
  (await storage.findMembershipWithRoles(params.id as MembershipId))?.membership.organizationId // any text: an unknown one finds nothing

const read = { scope: 'memberships:read', of: ownerOfMembership } as const
const write = { scope: 'memberships:write', of: ownerOfMembership } as const

export const membershipOperations = {
  listMemberships: operation({
    method: 'GET',
    path: '/memberships',
    does: 'Lists members of organizations with their roles, newest first.',
    access: { scope: 'memberships:read', of: 'own' },
    query: {
      ...pageQuery,
      ...organizationQuery,
      ...searchQuery('a username, display name or email'),
      user: v.optional(userIdQuery),
      role: v.optional(v.pipe(roleName, v.description('Only members with this role.'))),
      status: v.optional(status),
    },
    answer: pageOf(membershipSchema),
    async run({ storage }, { query, within }) {
      const { search, user: userId, role, status, ...page } = query
      const filter = withoutUndefined({ search, userId, role, status, organizationId: within })
      return pageJson(await storage.listMemberships(filter, pageRequest(page)), membershipJson)
    },
  }),
  getMembership: operation({
    method: 'GET',
    path: '/memberships/:id',
    does: 'Returns one member with roles.',
    access: read,
    answer: membershipSchema,
    versioned: true,
    run: async ({ storage }, { params }) =>
      membershipJson(found(await storage.findMembershipWithRoles(params.id as MembershipId))), // as above
  }),
  disableMembership: operation({
    method: 'POST',
    path: '/memberships/:id/disable',
    does: 'Disables a membership: the user can no longer sign in to this organization, and their sessions there end.',
    access: write,
    answer: membershipSchema,
    refusals: ['own_access_kept', 'last_administrator'],
    run: (services, call) => change(services, call, { kind: 'disable' }),
  }),
  enableMembership: operation({
    method: 'POST',
    path: '/memberships/:id/enable',
    does: 'Enables a disabled membership, so that the user can sign in to this organization again.',
    access: write,
    answer: membershipSchema,
    run: (services, call) => change(services, call, { kind: 'enable' }),
  }),
  giveRole: operation({
    method: 'PUT',
    path: '/memberships/:id/roles/:role',
    does: 'Gives a role by hand, in addition to the roles that rules give.',
    access: write,
    answer: membershipSchema,
    refusals: ['access_not_granted'],
    params: { role: roleName },
    run(services, call) {
      const { role } = call.params
      checkMayGive(call.caller, role)
      return change(services, call, { kind: 'give_role', role })
    },
  }),
  takeRole: operation({
    method: 'DELETE',
    path: '/memberships/:id/roles/:role',
    does: 'Removes a role that was given by hand. Roles that rules give stay.',
    access: write,
    answer: membershipSchema,
    refusals: ['own_access_kept', 'last_administrator'],
    params: { role: roleName },
    run: (services, call) => change(services, call, { kind: 'take_role', role: call.params.role }),
  }),
}

async function change(
  services: ChangeServices,
  { by, caller, params: { id } }: Call<'/memberships/:id'>,
  change: MembershipChange,
): Promise<MembershipJson> {
  const check = (seen: MembershipsSeen) => checkNobodyLockedOut(caller, seen)
  return membershipJson(await changeMembership(services, by, { id, change, check }))
}

/**
 * A right over Entrada can be given only by a caller who has all of it. Otherwise a key for members could make itself an
 * administrator.
 */
function checkMayGive(caller: ApiCaller, role: string): void {
  const heldScopes = scopes.filter((scope) => {
    const { roles }: ScopeRow = scopeTable[scope]
    return roles.some((listedRole) => listedRole === role)
  })
  const missing = heldScopes.find((scope) => !holdsScope(caller, scope))
  if (missing !== undefined) throw new EntradaError('access_not_granted', { scope: missing })
}

/**
 * Checks that an organization does not remove its last administrator, and that no administrator removes themselves. An operator,
 * who has another way in, may do both.
 *
 * @throws {EntradaError} `own_access_kept`, `last_administrator`
 */
async function checkNobodyLockedOut(
  caller: ApiCaller,
  { transaction, before, after }: MembershipsSeen,
): Promise<void> {
  if (caller.kind === 'operator') return
  if (!administers(before) || administers(after)) return
  const { userId, organizationId } = after.membership
  if (caller.actor.kind === 'user' && caller.actor.id === userId) {
    throw new EntradaError('own_access_kept')
  }
  const filter = { organizationId, role: ORGANIZATION_ADMIN, status: 'active' } as const
  const { items } = await transaction.listMemberships(filter, { limit: 200 })
  if (!items.some(administers)) throw new EntradaError('last_administrator')
}

function administers({ membership, roles }: MembershipListItem): boolean {
  return membership.status === 'active' && roles.some(isAdministration)
}

function membershipJson({ membership, roles }: MembershipListItem): MembershipJson {
  const { displayName, email, guest } = membership.profile
  return recordJson(membershipSchema, { ...membership, displayName, email, guest, roles })
}
