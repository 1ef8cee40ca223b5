import type { OrganizationJson } from '../api/resources/organizations.ts'
import type { SsoPreviewJson } from '../api/resources/sso.ts'
import { EntradaError } from '../errors/errors.ts'
import { withAdministration } from './admin-connection.ts'
import {
  type CliArguments,
  type CliContext,
  type Command,
  devOption,
  type ExitCode,
  jsonOption,
  textOption,
} from './command.ts'
import { listOptions, listQuery, printTable } from './print-table.ts'

const common = { ...jsonOption, ...devOption }

export const enforcementCommands: readonly Command[] = [
  {
    name: 'organization require-sso',
    parameters: 'ORGANIZATION CONNECTION',
    summary: 'Show who would lose access; with --yes, let people in through this connection alone.',
    options: {
      ...common,
      ...listOptions,
      yes: { type: 'boolean', help: 'Do it. Sessions of the other connections end at once.' },
    },
    positionals: 2,
    run: (context, given) =>
      withAdministration(context, given, async ({ previewSso, requireSso }) => {
        const [id = '', connection = ''] = given.positionals
        if (given.values.yes) return printState(context, given, await requireSso(id, connection))
        return printPreview(
          context,
          given,
          await previewSso(id, { ...listQuery(given), connection }),
        )
      }),
  },
  {
    name: 'organization lift-sso',
    parameters: 'ORGANIZATION',
    summary: 'Let people in through every connection of the organization again.',
    options: common,
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ liftSso }) =>
        printState(context, given, await liftSso(given.positionals[0] ?? '')),
      ),
  },
  {
    name: 'organization bypass',
    parameters: 'ORGANIZATION',
    summary: 'Open the other connections for some hours, in an emergency.',
    options: {
      ...common,
      reason: { type: 'string', help: 'Why; kept in the audit trail.' },
      hours: { type: 'string', help: 'For how long, 1 to 72; ends by itself. Default 4.' },
      end: { type: 'boolean', help: 'Close it again, before its time.' },
    },
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ bypassSso, endSsoBypass }) => {
        const [id = ''] = given.positionals
        if (given.values.end) return printState(context, given, await endSsoBypass(id))
        const asked = { reason: textOption(given, 'reason') ?? '', hours: hoursOf(given) }
        return printState(context, given, await bypassSso(id, asked))
      }),
  },
]

/** @throws {EntradaError} `request_invalid` */
function hoursOf(given: CliArguments): number {
  const text = textOption(given, 'hours') ?? '4'
  if (/^\d{1,2}$/.test(text)) return Number(text)
  throw new EntradaError('request_invalid', { parameter: 'hours' })
}

/** Nothing was changed, which the exit code says as well. */
function printPreview(context: CliContext, given: CliArguments, preview: SsoPreviewJson): ExitCode {
  const { print } = context
  if (given.values.json) {
    print(JSON.stringify(preview))
    return 0
  }
  const { missing, administrator, losing, losers, sessionsThatEnd } = preview
  for (const one of missing) print(`missing: ${missingWords[one]}`)
  if (administrator) print(`shown to work by ${administrator.username}, ${administrator.at}`)
  print(`${losing} would lose access, ${sessionsThatEnd} sessions would end at once`)
  printTable(
    context,
    ['USER', 'USERNAME', 'NAME', 'LAST SIGN-IN', 'WHY'],
    losers.items.map(({ userId, username, displayName, lastSignInAt, why }) => [
      userId,
      username,
      displayName ?? '-',
      lastSignInAt ?? 'never',
      whyWords[why],
    ]),
  )
  if (losers.next !== null) print(`more: --cursor ${losers.next}`)
  print(missing.length === 0 ? 'Nothing was changed; --yes does it.' : 'Nothing was changed.')
  return 0
}

const missingWords = {
  connection_off: 'the connection is not on',
  administrator_sign_in:
    'no administrator of the organization (organization_admin) has signed in through it as it is now',
} as const
const whyWords = {
  other_directory: 'of another directory',
  never_signed_in: 'never signed in through it',
} as const

function printState(
  { print }: CliContext,
  given: CliArguments,
  organization: OrganizationJson,
): ExitCode {
  if (given.values.json) {
    print(JSON.stringify(organization))
    return 0
  }
  const { id, name, ssoRequired } = organization
  if (ssoRequired === null) {
    print(`${id}  ${name}: every connection is open`)
    return 0
  }
  print(`${id}  ${name}: only through ${ssoRequired.connectionId}, since ${ssoRequired.since}`)
  const { bypass } = ssoRequired
  if (bypass) print(`  others are open until ${bypass.until}: ${bypass.reason}`)
  return 0
}
