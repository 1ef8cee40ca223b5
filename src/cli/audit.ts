import type { VerificationJson } from '../api/resources/audit-chain.ts'
import type { EntradaClient } from '../client/client.ts'
import { withApi } from './admin-connection.ts'
import { apiCommand } from './api-command.ts'
import {
  apiOptions,
  type CliContext,
  type Command,
  devOption,
  ofOrganizationOption,
  pageOptions,
  textOption,
} from './command.ts'
import { wrongCall } from './command-failure.ts'
import { printAnswer } from './print-answer.ts'

type Problem = NonNullable<VerificationJson['problem']>
type Report = {
  readonly intact: boolean
  readonly problem: Problem | null
  readonly place: string | null
  readonly links: number
  readonly keyMissing: number
  readonly waiting: number
}

export const auditCommands: readonly Command[] = [
  apiCommand({
    name: 'audit list',
    summary: 'List audit events, newest first.',
    operation: 'listAuditEvents',
    options: {
      ...pageOptions,
      ...ofOrganizationOption,
      type: { help: 'Only events of this type, such as sign_in.refused.' },
      user: { help: 'Only events about this user id.' },
      correlation: {
        sentAs: 'correlation_id',
        help: 'Only events of the request with this correlation id.',
      },
      since: { help: 'Only events at this time or later, such as 2026-11-22T08:00:00Z.' },
      until: { help: 'Only events before this time.' },
    },
    columns: {
      AT: ({ at }) => at,
      TYPE: ({ type }) => type,
      ACTOR: ({ actor }) => ('id' in actor ? `${actor.kind}:${actor.id}` : actor.kind),
      USER: ({ userId }) => userId,
      DETAIL: ({ detail }) => JSON.stringify(detail),
    },
  }),
  {
    name: 'audit verify',
    summary:
      'Verify that the audit trail is unchanged. If it is not, print the first bad entry and exit with 1.',
    options: {
      ...apiOptions,
      place: {
        help: 'Also verify that the chain contains this place, which the log reported as audit_chain_place.',
      },
    },
    run: (context, args) =>
      withApi(context, args, async ({ client }) => {
        const report = await verifyAll(client, textOption(args, 'place'))
        if (report.problem !== null && !args.values.json) printProblem(context, report.problem)
        else printAnswer(context, args, { json: report, lines: describeReport(report) })
        return report.intact ? 0 : 1
      }),
  },
  {
    name: 'audit restart',
    summary: 'Start a new audit chain, after the cause of a broken chain has been investigated.',
    options: { ...devOption, reason: { help: 'The reason; it is stored in the audit trail.' } },
    run: (context, args) =>
      withApi(context, args, async ({ client }) => {
        const reason = textOption(args, 'reason')
        if (reason === undefined) throw wrongCall('--reason is missing: give the reason')
        await client.restartAuditChain({ body: { reason } })
        context.print(
          'a new audit chain was started; events of the old one are kept, but changes to them can no longer be detected',
        )
        return 0
      }),
  },
]

/** Verifies the trail one part per call, so that no single call takes long. */
async function verifyAll(
  { verifyAuditChain }: EntradaClient,
  place: string | undefined,
): Promise<Report> {
  let stretch = await verifyAuditChain({ query: { place } })
  const sum = { links: 0, keyMissing: 0, waiting: 0 }
  for (;;) {
    sum.links += stretch.links
    sum.keyMissing += stretch.keyMissing
    sum.waiting += stretch.waiting
    if (stretch.next === null) break
    stretch = await verifyAuditChain({ query: { from: stretch.next } })
  }
  const { problem } = stretch
  return { intact: problem === null, problem, place: stretch.place, ...sum }
}

function printProblem({ printError }: CliContext, { reason, sequence, eventId }: Problem): void {
  const where = sequence === null ? '' : ` at link ${sequence}`
  const event = eventId === null ? '' : ` (${eventId})`
  printError(`entrada: the audit trail is not as it was written${where}${event}: ${reason}`)
  printError(`  ${meanings[reason]}`)
}

function describeReport({ links, keyMissing, waiting, place }: Report): readonly string[] {
  return [
    `audit trail: ${links} linked events are as they were written, ${waiting} wait for their link`,
    ...(keyMissing > 0
      ? [
          `  ${keyMissing} of them were signed under keys that are not in the ring: checked by what was linked after them`,
        ]
      : []),
    `  it ends at ${place}`,
  ]
}

const meanings: Readonly<Record<Problem['reason'], string>> = {
  head_missing: 'The record of where the chain ends is gone.',
  head_forged: 'The record of where the chain ends was not written with a key of ours.',
  head_key_missing:
    'The end of the chain is signed under a key that is not in the ring. Put the key back (ENTRADA_SECRET_KEYS); if it is lost, `entrada audit restart`.',
  went_back:
    'The chain ends before a place that it once had: an older state of the database was put back.',
  link_missing: 'The link with this number is gone.',
  link_too_many: 'There is a link behind the signed end of the chain.',
  event_missing: 'The event is gone, and was not removed by Entrada.',
  changed: 'This event or its link, or one that is gone before it, was changed.',
  forged: 'This link was not written with a key of ours.',
  not_linked: 'The event was written past the chain.',
}
