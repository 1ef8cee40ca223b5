import type { CopiedError, ProviderErrorEntry } from '../identity-provider/provider-errors.ts'
import { readProviderError } from '../identity-provider/provider-kinds.ts'
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
    const copied = readProviderError(text)
    if (copied === undefined) throw notValid('ERROR')
    const { code, label, entry } = copied
    if (entry === undefined) throw notKnown(copied)
    const { customerRemedy: _, ...shown } = entry
    return printAnswer(context, args, {
      json: { code: code ?? null, ...shown },
      lines: describe(label, entry),
    })
  },
}

function describe(title: string, entry: ProviderErrorEntry): readonly string[] {
  return [
    `${title}  ${entry.name}`,
    '',
    `What happened   ${entry.whatHappened}`,
    `Remedy          ${entry.remedy}`,
    `Who can fix it  ${entry.whoCanFix.replaceAll('_', ' ')}`,
  ]
}

function notKnown({ label, near, address }: CopiedError): Error {
  return new CommandFailure(
    'entra_error_unknown',
    `${label} is not in the table${near.length > 0 ? `; near it: ${near.join(', ')}` : ''}`,
    `Microsoft's own text: ${address}`,
  )
}
