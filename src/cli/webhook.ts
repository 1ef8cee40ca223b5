import type { WebhookDeliveryJson, WebhookJson } from '../api/resources/webhooks.ts'
import { withAdministration } from './admin-connection.ts'
import type { AdminConnection } from './api-connection.ts'
import {
  type CliArguments,
  type CliContext,
  type Command,
  devOption,
  type ExitCode,
  jsonOption,
  ofOrganizationOption,
  textOption,
} from './command.ts'
import { listOptions, listQuery, printList, printTable } from './print-table.ts'

const common = { ...jsonOption, ...devOption }

export const webhookCommands: readonly Command[] = [
  {
    name: 'webhook list',
    summary: 'List webhooks, newest first.',
    options: {
      ...common,
      ...listOptions,
      ...ofOrganizationOption,
    },
    run: (context, given) =>
      withAdministration(context, given, async ({ listWebhooks }) => {
        const query = { ...listQuery(given), organization: textOption(given, 'organization') }
        const list = await listWebhooks(query)
        return printList(context, given, { list, header, row })
      }),
  },
  {
    name: 'webhook create',
    parameters: 'URL',
    summary: 'Send events to an HTTPS endpoint. The signing secret is shown only once.',
    options: {
      ...common,
      organization: {
        type: 'string',
        sentAs: 'organizationId',
        help: 'Id of the organization whose events are told; without it those of all.',
      },
      events: {
        type: 'string',
        sentAs: 'eventTypes',
        help: 'Types of events, separated by commas; without it all.',
      },
    },
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ createWebhook }) => {
        const [organizationId, events] = [
          textOption(given, 'organization'),
          textOption(given, 'events'),
        ]
        const webhook = await createWebhook({
          url: given.positionals[0] ?? '',
          ...(organizationId ? { organizationId } : {}),
          ...(events ? { eventTypes: events.split(',').map((type) => type.trim()) } : {}),
        })
        return printWithSecret(context, given, webhook)
      }),
  },
  onOne('webhook rotate-secret', 'Make a new secret; the one before signs beside it for a day.', {
    work: async (context, given, { administration, id }) =>
      printWithSecret(context, given, await administration.rotateWebhookSecret(id)),
  }),
  onOne('webhook turn-on', 'Turn a webhook on again: it is told of what happens from now on.', {
    work: async (context, given, { administration, id }) =>
      printOne(context, given, await administration.changeWebhook(id, { status: 'on' })),
  }),
  onOne('webhook turn-off', 'Turn a webhook off: what happens meanwhile is not told later.', {
    work: async (context, given, { administration, id }) =>
      printOne(context, given, await administration.changeWebhook(id, { status: 'off' })),
  }),
  onOne('webhook deliveries', 'Show the latest deliveries of a webhook, newest first.', {
    work: async (context, given, { administration, id }) => {
      const { items } = await administration.listWebhookDeliveries(id)
      if (given.values.json) context.print(JSON.stringify({ items }))
      else printTable(context, deliveryHeader, items.map(deliveryRow))
      return 0
    },
  }),
  onOne('webhook remove', 'Remove a webhook, and what it had still to be told.', {
    work: async (context, given, { administration, id }) => {
      await administration.removeWebhook(id)
      context.print(given.values.json ? JSON.stringify({ removed: id }) : `removed ${id}`)
      return 0
    },
  }),
]

function onOne(
  name: string,
  summary: string,
  {
    work,
  }: {
    readonly work: (
      context: CliContext,
      given: CliArguments,
      on: { readonly administration: AdminConnection; readonly id: string },
    ) => Promise<ExitCode>
  },
): Command {
  return {
    name,
    parameters: 'ID',
    summary,
    options: common,
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, (administration) =>
        work(context, given, { administration, id: given.positionals[0] ?? '' }),
      ),
  }
}

const header = ['ID', 'STATUS', 'ORGANIZATION', 'URL', 'EVENTS']
const deliveryHeader = ['EVENT', 'OUTCOME', 'ATTEMPTS', 'LAST ANSWER', 'NEXT']

function row({ id, status, offBecause, organizationId, url, eventTypes }: WebhookJson): string[] {
  const state = offBecause ? `${status} (${offBecause})` : status
  return [id, state, organizationId ?? 'all', url, eventTypes.join(',') || 'all']
}

function deliveryRow(delivery: WebhookDeliveryJson): string[] {
  const { eventId, outcome, attempts, lastAnswer, nextAt } = delivery
  return [eventId, outcome, String(attempts), lastAnswer ?? '-', nextAt ?? '-']
}

function printOne(context: CliContext, given: CliArguments, webhook: WebhookJson): ExitCode {
  if (given.values.json) context.print(JSON.stringify(webhook))
  else printTable(context, header, [row(webhook)])
  return 0
}

function printWithSecret(
  context: CliContext,
  given: CliArguments,
  webhook: WebhookJson & { readonly secret: string },
): ExitCode {
  printOne(context, given, webhook)
  if (!given.values.json) context.print(`secret, shown this once: ${webhook.secret}`)
  return 0
}
