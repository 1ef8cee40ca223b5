import {
  explainEntraError,
  explainOAuthError,
  nearestEntraErrorCodes,
  parseEntraErrorCode,
} from '../identity-provider/entra/protocol/explain-entra-error.ts'
import { type Command, jsonOption } from './command.ts'
import { CommandFailure, notValid } from './command-failure.ts'
import { printAnswer } from './print-answer.ts'

export const explainCommand: Command = {
  name: 'explain',
  parameters: 'ERROR',
  summary: 'Explain an AADSTS number, or a whole error text of Entra in quotes.',
  options: jsonOption,
  positionals: 1,
  async run(context, args) {
    const [text = ''] = args.positionals
    const code = parseEntraErrorCode(text)
    const entry = code === undefined ? explainOAuthError(text.trim()) : explainEntraError(code)
    if (entry === undefined) throw notKnown(code)
    const title = code === undefined ? text.trim() : `AADSTS${code}`
    const { customerRemedy: _, ...shown } = entry
    return printAnswer(context, args, {
      json: { code: code ?? null, ...shown },
      lines: describe(title, entry),
    })
  },
}

type Explanation = NonNullable<ReturnType<typeof explainEntraError>>

function describe(title: string, entry: Explanation): readonly string[] {
  return [
    `${title}  ${entry.name}`,
    '',
    `What happened   ${entry.whatHappened}`,
    `Remedy          ${entry.remedy}`,
    `Who can fix it  ${entry.whoCanFix.replaceAll('_', ' ')}`,
  ]
}

function notKnown(code: number | undefined): Error {
  if (code === undefined) return notValid('ERROR')
  const near = nearestEntraErrorCodes(code).map((number) => `AADSTS${number}`)
  return new CommandFailure(
    'entra_error_unknown',
    `AADSTS${code} is not in the table${near.length > 0 ? `; near it: ${near.join(', ')}` : ''}`,
    `Microsoft's own text: https://login.microsoftonline.com/error?code=${code}`,
  )
}
