import * as v from 'valibot'
import { createAdministration } from '../../admin/administration.ts'
import { pageJson, pageRequest, withoutUndefined } from '../../connections/page-json.ts'
import { recordJson } from '../../connections/record-json.ts'
import {
  email,
  guid,
  organizationQuery,
  pageOf,
  pageQuery,
  text,
  timeAnswer,
} from '../../connections/schema-parts.ts'
import { shortIdsOf } from '../../identity-provider/person-key.ts'
import { strictObject } from '../../protocol/strict-object.ts'
import { USERNAME } from '../../protocol/text-patterns.ts'
import type { Services } from '../../services.ts'
import type { UserListItem } from '../../storage/storage.ts'
import { operation } from '../operation.ts'

const status = v.picklist(['active', 'disabled'])
export const emailSchema = strictObject({
  address: v.string(),
  source: v.picklist(['email_claim', 'preferred_username', 'upn', 'operator']),
  proven: v.boolean(),
})
export const roleSchema = strictObject({
  role: v.string(),
  source: v.pipe(
    v.string(),
    v.description(
      'What gave the role: `manual`, `default`, or `rule:` followed by the id of a rule.',
    ),
  ),
})

const userMembershipSchema = strictObject({
  id: v.string(),
  organizationId: v.string(),
  username: v.string(),
  displayName: v.nullable(v.string()),
  email: v.nullable(emailSchema),
  guest: v.nullable(v.boolean()),
  status,
  lastSignInAt: v.nullable(timeAnswer),
  roles: v.array(roleSchema),
})

export const userSchema = strictObject({
  id: v.string(),
  status,
  createdAt: timeAnswer,
  memberships: v.array(userMembershipSchema),
  identities: v.array(
    strictObject({
      id: v.string(),
      space: v.pipe(
        v.string(),
        v.description('The space of the directory: `entra:` followed by a cloud.'),
      ),
      directory: v.string(),
      subject: v.pipe(v.string(), v.description('The id of the person in the directory.')),
      cloud: v.optional(v.string()),
      tid: v.optional(v.string()),
      oid: v.optional(v.string()),
      lastSignInAt: v.nullable(timeAnswer),
    }),
  ),
})
export type UserJson = v.InferOutput<typeof userSchema>

const newUserSchema = v.pipe(
  strictObject({
    username: v.pipe(v.string(), v.regex(USERNAME, 'must be 1 to 50 letters, digits, `-` and `_`')),
    organizationId: v.optional(
      v.pipe(
        text(64),
        v.description("Whose member; default: that of the environment's connection."),
      ),
    ),
    person: v.optional(
      v.nullable(
        v.pipe(
          text(6_500),
          v.description(
            'The key of the user in a directory: `SPACE/DIRECTORY/SUBJECT`, each part percent-encoded, or `TENANT/OBJECT`. It replaces `tid` and `oid`.',
          ),
        ),
      ),
    ),
    tid: v.optional(guid),
    oid: v.optional(guid),
    displayName: v.optional(text(256)),
    email: v.optional(email),
  }),
  v.metadata({ dependentRequired: { tid: ['oid'], oid: ['tid'] } }),
)

export const userSchemas = { User: userSchema, NewUser: newUserSchema }

export const userOperations = {
  listUsers: operation({
    method: 'GET',
    path: '/users',
    does: 'Lists users of the whole deployment, newest first.',
    access: { scope: 'users:read', of: 'deployment' },
    query: {
      ...pageQuery,
      ...organizationQuery,
      search: v.optional(
        v.pipe(
          text(200),
          v.description(
            'Part of a username, display name or email, ignoring case and accents. One or two letters find beginnings of words. Or a whole id, `subject`, `directory` or key (`SPACE/DIRECTORY/SUBJECT`, `TENANT/OBJECT`).',
          ),
        ),
      ),
    },
    answer: pageOf(userSchema),
    async run(services, { query: { search, ...page }, within }) {
      const filter = withoutUndefined({ search, organizationId: within })
      const users = administration(services).listUsers({ ...pageRequest(page), ...filter })
      return pageJson(await users, userJson)
    },
  }),
  createUser: operation({
    method: 'POST',
    path: '/users',
    does: 'Creates a user before the first sign-in: for "existing users only", or for linking.',
    access: { scope: 'users:write', of: 'deployment' },
    body: newUserSchema,
    answer: userSchema,
    creates: true,
    refusals: [
      'record_not_found',
      'username_in_use',
      'username_given_before',
      'identity_in_use',
      'entra_not_configured',
    ],
    async run(services, { by, body: { person, ...own } }) {
      const user = withoutUndefined({ ...own, person: person ?? undefined })
      return userJson(await administration(services).createUser(by, user))
    },
  }),
  getUser: operation({
    method: 'GET',
    path: '/users/:id',
    does: 'Returns one user with identities, memberships and roles.',
    access: { scope: 'users:read', of: 'deployment' },
    answer: userSchema,
    versioned: true,
    run: async (services, { params }) =>
      userJson(await administration(services).getUser(params.id)),
  }),
  disableUser: operation({
    method: 'POST',
    path: '/users/:id/disable',
    does: 'Disables the user everywhere and ends all their sessions.',
    access: { scope: 'users:write', of: 'deployment' },
    answer: userSchema,
    run: async (services, { by, params }) =>
      userJson(await administration(services).disableUser(by, params.id)),
  }),
  enableUser: operation({
    method: 'POST',
    path: '/users/:id/enable',
    does: 'Enables the user again.',
    access: { scope: 'users:write', of: 'deployment' },
    answer: userSchema,
    run: async (services, { by, params }) =>
      userJson(await administration(services).enableUser(by, params.id)),
  }),
}

const administration = (services: Services) => createAdministration(async () => services)

/** Converts a user to the JSON of the API. */
export function userJson({ user, memberships, identities, roles }: UserListItem): UserJson {
  return {
    id: user.id,
    status: user.status,
    createdAt: user.createdAt.toISOString(),
    memberships: memberships.map((membership) => {
      const { displayName, email, guest } = membership.profile
      const ownRoles = roles
        .filter(({ membershipId }) => membershipId === membership.id)
        .map(({ role, source }) => ({ role, source }))
      const member = { ...membership, displayName, email, guest, roles: ownRoles }
      return recordJson(userMembershipSchema, member)
    }),
    identities: identities.map(({ id, key, lastSignInAt }) => ({
      id,
      ...key,
      ...shortIdsOf(key),
      lastSignInAt: lastSignInAt?.toISOString() ?? null,
    })),
  }
}
