import type { SignInTraceJson } from '../api/resources/sign-in-traces.ts'
import { withAdministration } from './admin-connection.ts'
import {
  type CliContext,
  type Command,
  devOption,
  jsonOption,
  ofOrganizationOption,
  textOption,
} from './command.ts'
import { listOptions, listQuery, printList } from './print-table.ts'

const common = { ...jsonOption, ...devOption }

/** The traces: why somebody got in, or did not. */
export const signInCommands: readonly Command[] = [
  {
    name: 'sign-in list',
    summary: 'List sign-ins, newest first, with how they ended.',
    options: {
      ...common,
      ...listOptions,
      ...ofOrganizationOption,
      user: { type: 'string', help: 'Of this user id only.' },
      outcome: { type: 'string', help: 'signed_in, refused or failed.' },
      correlation: {
        type: 'string',
        sentAs: 'correlation_id',
        help: 'With the correlation id that an error page showed.',
      },
    },
    run: (context, given) =>
      withAdministration(context, given, async ({ listSignInTraces }) => {
        const traces = await listSignInTraces({
          ...listQuery(given),
          organization: textOption(given, 'organization'),
          user: textOption(given, 'user'),
          outcome: textOption(given, 'outcome'),
          correlation_id: textOption(given, 'correlation'),
        })
        return printList(context, given, {
          list: traces,
          header: ['ID', 'AT', 'OUTCOME', 'CODE', 'USER'],
          row: ({ id, at, outcome, code, userId }) => [id, at, outcome, code ?? '-', userId ?? '-'],
        })
      }),
  },
  {
    name: 'sign-in show',
    parameters: 'ID',
    summary: 'Show the steps of one sign-in.',
    options: common,
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ getSignInTrace }) => {
        const trace = await getSignInTrace(given.positionals[0] ?? '')
        if (given.values.json) context.print(JSON.stringify(trace))
        else printTrace(context, trace)
        return 0
      }),
  },
]

function printTrace({ print }: CliContext, trace: SignInTraceJson): void {
  print(`${trace.id}  ${trace.outcome}${trace.code ? `  ${trace.code}` : ''}  ${trace.at}`)
  for (const { step, afterMs, detail } of trace.steps) {
    print(
      `  ${String(afterMs).padStart(6)} ms  ${step}${detail ? `  ${JSON.stringify(detail)}` : ''}`,
    )
  }
}
