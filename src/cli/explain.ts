import { EntradaError } from '../errors/errors.ts'
import {
  explainEntraError,
  explainOAuthError,
  nearestEntraErrorCodes,
  parseEntraErrorCode,
} from '../identity-provider/entra/protocol/explain-entra-error.ts'
import { type CliContext, type Command, jsonOption } from './command.ts'
import { CommandFailure } from './command-failure.ts'

export const explainCommand: Command = {
  name: 'explain',
  parameters: 'ERROR',
  summary: 'Explain an AADSTS number, or a whole error text of Entra in quotes.',
  options: jsonOption,
  positionals: 1,
  async run(context, { positionals: [text = ''], values }) {
    const code = parseEntraErrorCode(text)
    const entry = code === undefined ? explainOAuthError(text.trim()) : explainEntraError(code)
    if (entry === undefined) throw notKnown(code)
    if (values.json) context.print(JSON.stringify({ code: code ?? null, ...entry }))
    else print(context, code === undefined ? text.trim() : `AADSTS${code}`, entry)
    return 0
  },
}

function print(
  { print: line }: CliContext,
  title: string,
  entry: NonNullable<ReturnType<typeof explainEntraError>>,
) {
  line(`${title}  ${entry.name}`)
  line('')
  line(`What happened   ${entry.whatHappened}`)
  line(`Remedy          ${entry.remedy}`)
  line(`Who can fix it  ${entry.whoCanFix.replaceAll('_', ' ')}`)
}

function notKnown(code: number | undefined): Error {
  if (code === undefined) return new EntradaError('request_invalid', { parameter: 'ERROR' })
  const near = nearestEntraErrorCodes(code).map((number) => `AADSTS${number}`)
  return new CommandFailure(
    'entra_error_unknown',
    `AADSTS${code} is not in the table${near.length > 0 ? `; near it: ${near.join(', ')}` : ''}`,
    `Microsoft's own text: https://login.microsoftonline.com/error?code=${code}`,
  )
}
