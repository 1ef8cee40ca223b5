import * as v from 'valibot'
import { auditEventTypes } from '../../audit/audit-events.ts'
import { pageJson, pageRequest, withoutUndefined } from '../../connections/page-json.ts'
import { recordJson } from '../../connections/record-json.ts'
import {
  organizationQuery,
  pageOf,
  pageQuery,
  text,
  timeAnswer,
} from '../../connections/schema-parts.ts'
import { strictObject } from '../../protocol/strict-object.ts'
import type { Webhook, WebhookDelivery, WebhookId } from '../../storage/webhook-records.ts'
import {
  changeWebhook,
  createWebhook,
  getWebhook,
  removeWebhook,
  rotateWebhookSecret,
} from '../../webhooks/webhooks.ts'
import { type OwnerLookUp, operation } from '../operation.ts'

const DELIVERIES_SHOWN = 50

const eventTypes = v.pipe(
  v.array(v.picklist(Object.keys(auditEventTypes))),
  v.maxLength(100),
  v.description('Event types to deliver, see docs/reference/audit-events.md. Empty: all.'),
)
const url = v.pipe(
  text(2048),
  v.metadata({ format: 'uri' }),
  v.description('An https URL on the public Internet.'),
)

const webhookSchema = strictObject({
  id: v.string(),
  organizationId: v.pipe(
    v.nullable(v.string()),
    v.description('The organization whose events are delivered; `null`: all.'),
  ),
  url: v.string(),
  eventTypes: v.array(v.string()),
  status: v.picklist(['on', 'off']),
  offBecause: v.nullable(v.picklist(['operator', 'gone', 'failing', 'secret_lost'])),
  createdAt: timeAnswer,
  updatedAt: timeAnswer,
})
export type WebhookJson = v.InferOutput<typeof webhookSchema>

const webhookWithSecretSchema = strictObject({
  ...webhookSchema.entries,
  secret: v.pipe(
    v.nullable(v.string()),
    v.description('The secret that signs deliveries (Standard Webhooks). It is shown only once.'),
  ),
})

const deliverySchema = strictObject({
  eventId: v.string(),
  outcome: v.picklist(['waiting', 'delivered', 'given_up']),
  attempts: v.number(),
  nextAt: v.nullable(timeAnswer),
  lastAt: v.nullable(timeAnswer),
  lastAnswer: v.pipe(
    v.nullable(v.string()),
    v.description('Status of the last response, or the reason why there was none.'),
  ),
})

export type WebhookDeliveryJson = v.InferOutput<typeof deliverySchema>

const newWebhookSchema = strictObject({
  url,
  organizationId: v.optional(text(64)),
  eventTypes: v.optional(eventTypes),
})
const webhookChangeSchema = strictObject({
  url: v.optional(url),
  eventTypes: v.optional(eventTypes),
  status: v.optional(v.picklist(['on', 'off'])),
})

export const webhookSchemas = { Webhook: webhookSchema, NewWebhook: newWebhookSchema }

/** Returns the organization that owns the webhook in the path. */
const ownerOfWebhook: OwnerLookUp = async ({ storage }, { params }) => {
  const webhook = await storage.findWebhook(params.id as WebhookId) // any text: an unknown one finds nothing
  return webhook && (webhook.organizationId ?? 'deployment')
}

const ownerOfNew: OwnerLookUp = async (_services, { body }) =>
  (body as { readonly organizationId?: string }).organizationId ?? 'deployment' // checked before

export const webhookOperations = {
  listWebhooks: operation({
    method: 'GET',
    path: '/webhooks',
    does: 'Lists webhooks, newest first.',
    access: { scope: 'webhooks:read', of: 'own' },
    query: { ...pageQuery, ...organizationQuery },
    answer: pageOf(webhookSchema),
    async run({ storage }, { query, within }) {
      const filter = withoutUndefined({ organizationId: within })
      return pageJson(await storage.listWebhooks(filter, pageRequest(query)), webhookJson)
    },
  }),
  createWebhook: operation({
    method: 'POST',
    path: '/webhooks',
    does: 'Creates a webhook for one organization, or for the whole deployment.',
    access: { scope: 'webhooks:write', of: ownerOfNew },
    body: newWebhookSchema,
    answer: webhookWithSecretSchema,
    creates: true,
    shownOnce: ['secret'],
    refusals: ['url_not_allowed', 'too_many_webhooks'],
    async run(services, { by, body }) {
      const made = await createWebhook(services, by, withoutUndefined(body))
      return { ...webhookJson(made.webhook), secret: made.secret }
    },
  }),
  getWebhook: operation({
    method: 'GET',
    path: '/webhooks/:id',
    does: 'Returns one webhook.',
    access: { scope: 'webhooks:read', of: ownerOfWebhook },
    answer: webhookSchema,
    versioned: true,
    run: async ({ storage }, { params }) => webhookJson(await getWebhook(storage, params.id)),
  }),
  changeWebhook: operation({
    method: 'PATCH',
    path: '/webhooks/:id',
    does: 'Changes the URL, event types or status of a webhook. If it is turned on again, events that happened in the meantime are not delivered.',
    access: { scope: 'webhooks:write', of: ownerOfWebhook },
    body: webhookChangeSchema,
    answer: webhookSchema,
    versioned: true,
    refusals: ['url_not_allowed', 'webhook_without_secret'],
    async run(services, { by, params: { id }, body, checkUnchanged }) {
      const check = (before: Webhook) => checkUnchanged(webhookJson(before))
      const change = withoutUndefined(body)
      return webhookJson(await changeWebhook(services, by, { id, change, check }))
    },
  }),
  rotateWebhookSecret: operation({
    method: 'POST',
    path: '/webhooks/:id/rotate-secret',
    does: 'Creates a new secret; deliveries are signed with both the old and the new one for a day.',
    access: { scope: 'webhooks:write', of: ownerOfWebhook },
    answer: webhookWithSecretSchema,
    async run(services, { by, params }) {
      const made = await rotateWebhookSecret(services, by, params.id)
      return { ...webhookJson(made.webhook), secret: made.secret }
    },
  }),
  removeWebhook: operation({
    method: 'DELETE',
    path: '/webhooks/:id',
    does: 'Removes a webhook and its undelivered events.',
    access: { scope: 'webhooks:write', of: ownerOfWebhook },
    run: (services, { by, params }) => removeWebhook(services, by, params.id),
  }),
  listWebhookDeliveries: operation({
    method: 'GET',
    path: '/webhooks/:id/deliveries',
    does: `Lists the latest ${DELIVERIES_SHOWN} deliveries of a webhook, newest first.`,
    access: { scope: 'webhooks:read', of: ownerOfWebhook },
    answer: strictObject({ items: v.array(deliverySchema) }),
    async run({ storage }, { params }) {
      const { id } = await getWebhook(storage, params.id)
      return { items: (await storage.listDeliveries(id, DELIVERIES_SHOWN)).map(deliveryJson) }
    },
  }),
}

function webhookJson(webhook: Webhook): WebhookJson {
  return recordJson(webhookSchema, webhook)
}

function deliveryJson(delivery: WebhookDelivery): WebhookDeliveryJson {
  return recordJson(deliverySchema, delivery)
}
