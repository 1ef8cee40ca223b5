import * as v from 'valibot'
import { auditEventJson } from '../../audit/audit-event-json.ts'
import { auditEventTypes } from '../../audit/audit-events.ts'
import { pageJson, pageRequest, withoutUndefined } from '../../connections/page-json.ts'
import {
  organizationQuery,
  pageOf,
  pageQuery,
  text,
  time,
  timeAnswer,
  userIdQuery,
} from '../../connections/schema-parts.ts'
import { strictObject } from '../../protocol/strict-object.ts'
import { operation } from '../operation.ts'

const auditEventSchema = strictObject({
  id: v.string(),
  at: timeAnswer,
  type: v.pipe(v.string(), v.description('See docs/reference/audit-events.md.')),
  actor: strictObject({
    kind: v.picklist(['user', 'operator', 'entra', 'anonymous', 'system', 'setup_link', 'api_key']),
    id: v.optional(v.string()),
  }),
  organizationId: v.nullable(v.string()),
  connectionId: v.nullable(v.string()),
  userId: v.nullable(v.string()),
  sessionId: v.nullable(v.string()),
  correlationId: v.nullable(v.string()),
  ip: v.nullable(v.string()),
  userAgent: v.nullable(v.string()),
  detail: v.record(v.string(), v.unknown()),
})

export const auditEventSchemas = { AuditEvent: auditEventSchema }

export const auditEventOperations = {
  listAuditEvents: operation({
    method: 'GET',
    path: '/audit-events',
    does: 'Lists audit events, newest first.',
    access: { scope: 'audit:read', of: 'own' },
    query: {
      ...pageQuery,
      ...organizationQuery,
      type: v.optional(v.picklist(Object.keys(auditEventTypes))),
      user: v.optional(userIdQuery),
      connection: v.optional(text(64)),
      correlation_id: v.optional(text(64)),
      since: v.optional(v.pipe(time, v.description('At this time or later.'))),
      until: v.optional(v.pipe(time, v.description('Before this time.'))),
    },
    answer: pageOf(auditEventSchema),
    async run({ storage }, { query, within }) {
      const filter = withoutUndefined({
        type: query.type,
        userId: query.user,
        connectionId: query.connection,
        correlationId: query.correlation_id,
        since: query.since,
        until: query.until,
        organizationId: within,
      })
      return pageJson(await storage.listAuditEvents(filter, pageRequest(query)), auditEventJson)
    },
  }),
}
