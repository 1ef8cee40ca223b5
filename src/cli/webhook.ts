import type { WebhookJson } from '../api/resources/webhooks.ts'
import type { Answered } from '../client/operation-types.ts'
import { apiCommand } from './api-command.ts'
import { type Command, ofOrganizationOption, pageOptions } from './command.ts'
import { type Columns, tableLines } from './print-table.ts'

const columns: Columns<WebhookJson> = {
  ID: ({ id }) => id,
  STATUS: ({ status, offBecause }) => (offBecause ? `${status} (${offBecause})` : status),
  ORGANIZATION: ({ organizationId }) => organizationId ?? 'all',
  URL: ({ url }) => url,
  EVENTS: ({ eventTypes }) => eventTypes.join(',') || 'all',
}

export const webhookCommands: readonly Command[] = [
  apiCommand({
    name: 'webhook list',
    summary: 'List webhooks, newest first.',
    operation: 'listWebhooks',
    options: { ...pageOptions, ...ofOrganizationOption },
    columns,
  }),
  apiCommand({
    name: 'webhook create',
    summary: 'Send events to an HTTPS endpoint. The signing secret is shown only once.',
    operation: 'createWebhook',
    arguments: { URL: 'url' },
    options: {
      organization: {
        sentAs: 'organizationId',
        help: 'Id of the organization whose events are sent; default: all organizations.',
      },
      events: {
        sentAs: 'eventTypes',
        read: (types) => types.split(',').map((type) => type.trim()),
        help: 'Types of events, separated by commas; default: all.',
      },
    },
    lines: withSecretLines,
  }),
  apiCommand({
    name: 'webhook rotate-secret',
    summary: 'Create a new signing secret. For a day, the previous one signs as well.',
    operation: 'rotateWebhookSecret',
    arguments: { ID: 'id' },
    lines: withSecretLines,
  }),
  apiCommand({
    name: 'webhook turn-on',
    summary: 'Turn a webhook on again. It receives events from now on.',
    operation: 'changeWebhook',
    arguments: { ID: 'id' },
    sends: { status: 'on' },
    columns,
  }),
  apiCommand({
    name: 'webhook turn-off',
    summary: 'Turn a webhook off. Events that happen while it is off are not sent later.',
    operation: 'changeWebhook',
    arguments: { ID: 'id' },
    sends: { status: 'off' },
    columns,
  }),
  apiCommand({
    name: 'webhook deliveries',
    summary: 'Show the latest deliveries of a webhook, newest first.',
    operation: 'listWebhookDeliveries',
    arguments: { ID: 'id' },
    columns: {
      EVENT: ({ eventId }) => eventId,
      OUTCOME: ({ outcome }) => outcome,
      ATTEMPTS: ({ attempts }) => String(attempts),
      'LAST ANSWER': ({ lastAnswer }) => lastAnswer,
      NEXT: ({ nextAt }) => nextAt,
    },
  }),
  apiCommand({
    name: 'webhook remove',
    summary: 'Remove a webhook and its pending deliveries.',
    operation: 'removeWebhook',
    arguments: { ID: 'id' },
    done: 'removed',
  }),
]

function withSecretLines(webhook: Answered<'createWebhook'>): readonly string[] {
  return [...tableLines(columns, [webhook]), `secret, shown this once: ${webhook.secret}`]
}
