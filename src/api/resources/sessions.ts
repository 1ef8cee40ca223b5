import * as v from 'valibot'
import { createAdministration } from '../../admin/administration.ts'
import { endSessionsIn } from '../../admin/end-sessions-in.ts'
import { pageJson, pageRequest, withoutUndefined } from '../../connections/page-json.ts'
import { recordJson } from '../../connections/record-json.ts'
import {
  organizationQuery,
  pageOf,
  pageQuery,
  text,
  timeAnswer,
  userIdQuery,
} from '../../connections/schema-parts.ts'
import { EntradaError } from '../../errors/errors.ts'
import { strictObject } from '../../protocol/strict-object.ts'
import type { Services } from '../../services.ts'
import { getSessionJson } from '../../session/session-json.ts'
import type { OrganizationId, Session, UserId } from '../../storage/records.ts'
import type { SessionScope } from '../../storage/session-scope.ts'
import { operation } from '../operation.ts'
import { emailSchema } from './users.ts'

const kind = v.picklist(['user', 'operator'])

export const sessionSchema = strictObject({
  id: v.string(),
  kind,
  userId: v.nullable(v.string()),
  organizationId: v.nullable(v.string()),
  connectionId: v.nullable(v.string()),
  host: v.string(),
  ip: v.nullable(v.string()),
  userAgent: v.nullable(v.string()),
  createdAt: timeAnswer,
  lastSeenAt: timeAnswer,
  expiresAt: timeAnswer,
  idleExpiresAt: timeAnswer,
})
export type SessionRecordJson = v.InferOutput<typeof sessionSchema>

const ownSessionSchema = strictObject({
  user: v.nullable(strictObject({ id: v.string() })),
  organization: v.nullable(
    strictObject({
      id: v.string(),
      name: v.string(),
      slug: v.string(),
      ssoRequired: v.pipe(
        v.boolean(),
        v.description(
          'Whether users of the organization may sign in through one connection only; `false` during a bypass.',
        ),
      ),
    }),
  ),
  membership: v.nullable(
    strictObject({
      id: v.string(),
      username: v.string(),
      displayName: v.nullable(v.string()),
      email: v.nullable(emailSchema),
      guest: v.boolean(),
    }),
  ),
  roles: v.array(v.string()),
  groups: v.pipe(
    v.nullable(v.array(v.string())),
    v.description('`null`: not known, because of an overage. This is not the same as no groups.'),
  ),
  session: strictObject({
    id: v.string(),
    kind,
    connectionId: v.nullable(v.string()),
    createdAt: timeAnswer,
    expiresAt: timeAnswer,
    idleExpiresAt: timeAnswer,
  }),
})

const endedSessionsSchema = strictObject({
  sessionsEnded: v.pipe(v.number(), v.description('How many sessions ended.')),
})

const sessionScopeSchema = v.pipe(
  v.variant('of', [
    strictObject({ of: v.literal('deployment') }),
    strictObject({ of: v.picklist(['organization', 'connection', 'user']), id: text(64) }),
  ]),
  v.description('`deployment`: all sessions, including those of operators.'),
  v.examples([{ of: 'user', id: 'usr_019ab5f0-8c2e-7b3a-9f41-2d6c1e0b7a55' }]),
)

export const sessionSchemas = {
  Session: sessionSchema,
  OwnSession: ownSessionSchema,
  SessionScope: sessionScopeSchema,
  EndedSessions: endedSessionsSchema,
}

export const sessionOperations = {
  getOwnSession: operation({
    method: 'GET',
    path: '/session',
    does: 'Returns the session of this browser, or 401. Accepts the session cookie only, no token.',
    access: 'own_session',
    answer: ownSessionSchema,
    refusals: ['sign_in_required', 'sign_in_again', 'access_changed', 'sso_session_ended'],
    run: (services, { exchange }) => getSessionJson(services, exchange),
  }),
  listSessions: operation({
    method: 'GET',
    path: '/sessions',
    does: 'Lists live sessions, newest first.',
    access: { scope: 'sessions:read', of: 'own' },
    query: { ...pageQuery, ...organizationQuery, user: v.optional(userIdQuery) },
    answer: pageOf(sessionSchema),
    async run(services, { query: { user, ...page }, within }) {
      const filter = withoutUndefined({ userId: user, organizationId: within })
      return pageJson(
        await administration(services).listSessions(filter, pageRequest(page)),
        sessionRecordJson,
      )
    },
  }),
  // This operation comes before the address with an id, which would take this address for the id of a session.
  endSessions: operation({
    method: 'POST',
    path: '/sessions/end',
    does: 'Ends every session of the deployment, or of one organization, connection or user, at once and on every replica. A caller whose rights are limited to one organization ends only sessions of that organization.',
    access: { scope: 'sessions:write', of: 'own' },
    query: organizationQuery,
    body: sessionScopeSchema,
    answer: endedSessionsSchema,
    run: async (services, { by, body, within }) => {
      const scope = await scopeFor(services, body, within)
      return { sessionsEnded: await endSessionsIn(services, by, scope) }
    },
  }),
  endSession: operation({
    method: 'DELETE',
    path: '/sessions/:id',
    does: 'Ends a session.',
    access: { scope: 'sessions:write', of: 'own' },
    run: (services, { by, params, within }) =>
      administration(services).endSession(by, params.id, withoutUndefined({ within })),
  }),
}

/** If the caller is limited to an organization, the named record has to belong to it. */
async function scopeFor(
  { storage }: Pick<Services, 'storage'>,
  named: v.InferOutput<typeof sessionScopeSchema>,
  within: OrganizationId | undefined,
): Promise<SessionScope> {
  if (named.of === 'deployment') {
    if (within !== undefined) throw new EntradaError('record_not_found')
    return named
  }
  const { of, id } = named
  switch (of) {
    case 'organization':
      if (within !== undefined && id !== within) throw new EntradaError('record_not_found')
      return { of, id: id as OrganizationId } // any text: an unknown one is not found
    case 'connection': {
      const owner = (await storage.findConnection(id))?.organizationId
      if (within !== undefined && owner !== within) throw new EntradaError('record_not_found')
      return { of, id }
    }
    case 'user': {
      const userId = id as UserId // any text: an unknown one is not found
      if (within === undefined) return { of, id: userId }
      const member = { organizationId: within, userId }
      const { items } = await storage.listMemberships(member, { limit: 1 })
      if (items.length === 0) throw new EntradaError('record_not_found')
      return { of, id: userId, organizationId: within }
    }
  }
}

const administration = (services: Services) => createAdministration(async () => services)

/** Converts a session to the JSON of the API. */
export function sessionRecordJson(session: Session): SessionRecordJson {
  const { absoluteEndsAt: expiresAt, idleEndsAt: idleExpiresAt } = session
  return recordJson(sessionSchema, { ...session, expiresAt, idleExpiresAt })
}
