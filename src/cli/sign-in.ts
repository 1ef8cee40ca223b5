/** Sign-in traces: why a sign-in succeeded or failed. */
import { apiCommand } from './api-command.ts'
import { type Command, ofOrganizationOption, ofUserOption, pageOptions } from './command.ts'

export const signInCommands: readonly Command[] = [
  apiCommand({
    name: 'sign-in list',
    summary: 'List sign-ins, newest first, with how they ended.',
    operation: 'listSignInTraces',
    options: {
      ...pageOptions,
      ...ofOrganizationOption,
      ...ofUserOption,
      outcome: { help: 'signed_in, refused or failed.' },
      correlation: {
        sentAs: 'correlation_id',
        help: 'Only the sign-in with this correlation id, which an error page shows.',
      },
    },
    columns: {
      ID: ({ id }) => id,
      AT: ({ at }) => at,
      OUTCOME: ({ outcome }) => outcome,
      CODE: ({ code }) => code,
      USER: ({ userId }) => userId,
    },
  }),
  apiCommand({
    name: 'sign-in show',
    summary: 'Show the steps of one sign-in.',
    operation: 'getSignInTrace',
    arguments: { ID: 'id' },
    lines: ({ id, outcome, code, at, steps }) => [
      `${id}  ${outcome}${code ? `  ${code}` : ''}  ${at}`,
      ...steps.map(
        ({ step, afterMs, detail }) =>
          `  ${String(afterMs).padStart(6)} ms  ${step}${detail ? `  ${JSON.stringify(detail)}` : ''}`,
      ),
    ],
  }),
]
