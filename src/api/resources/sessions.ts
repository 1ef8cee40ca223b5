import * as v from 'valibot'
import { createAdministration } from '../../admin/administration.ts'
import type { Services } from '../../services.ts'
import { getSessionJson } from '../../session/session-json.ts'
import type { Session } from '../../storage/records.ts'
import { operation } from '../operation.ts'
import { pageJson, pageRequest, withoutUndefined } from '../page-json.ts'
import { organizationQuery, pageOf, pageQuery, timeAnswer, userIdQuery } from '../schema-parts.ts'
import { emailSchema } from './users.ts'

const kind = v.picklist(['user', 'operator'])

export const sessionSchema = v.strictObject({
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

const ownSessionSchema = v.strictObject({
  user: v.nullable(v.strictObject({ id: v.string() })),
  organization: v.nullable(
    v.strictObject({
      id: v.string(),
      name: v.string(),
      slug: v.string(),
      ssoRequired: v.pipe(
        v.boolean(),
        v.description(
          'People of the organization may sign in through one connection alone; `false` while the way around it is open.',
        ),
      ),
    }),
  ),
  membership: v.nullable(
    v.strictObject({
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
    v.description('`null`: not known, because of an overage. Never the same as none.'),
  ),
  session: v.strictObject({
    id: v.string(),
    kind,
    connectionId: v.nullable(v.string()),
    createdAt: timeAnswer,
    expiresAt: timeAnswer,
    idleExpiresAt: timeAnswer,
  }),
})

export const sessionSchemas = { Session: sessionSchema, OwnSession: ownSessionSchema }

export const sessionOperations = {
  getOwnSession: operation({
    method: 'GET',
    path: '/session',
    does: 'The session of this browser, or 401. Takes the session cookie, no token.',
    access: 'own_session',
    answer: ownSessionSchema,
    refusals: ['sign_in_required', 'sign_in_again', 'sso_session_ended'],
    run: (services, { exchange }) => getSessionJson(services, exchange),
  }),
  listSessions: operation({
    method: 'GET',
    path: '/sessions',
    does: 'Live sessions, newest first.',
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
  endSession: operation({
    method: 'DELETE',
    path: '/sessions/:id',
    does: 'Ends a session.',
    access: { scope: 'sessions:write', of: 'own' },
    run: (services, { by, params, within }) =>
      administration(services).endSession(by, params.id, withoutUndefined({ within })),
  }),
}

const administration = (services: Services) => createAdministration(async () => services)

export function sessionRecordJson(session: Session): SessionRecordJson {
  return {
    id: session.id,
    kind: session.kind,
    userId: session.userId ?? null,
    organizationId: session.organizationId ?? null,
    connectionId: session.connectionId ?? null,
    host: session.host,
    ip: session.ip ?? null,
    userAgent: session.userAgent ?? null,
    createdAt: session.createdAt.toISOString(),
    lastSeenAt: session.lastSeenAt.toISOString(),
    expiresAt: session.absoluteEndsAt.toISOString(),
    idleExpiresAt: session.idleEndsAt.toISOString(),
  }
}
