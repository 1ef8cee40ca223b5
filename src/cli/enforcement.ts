import type { OrganizationJson } from '../api/resources/organizations.ts'
import type { SsoPreviewJson } from '../api/resources/sso.ts'
import { withApi } from './admin-connection.ts'
import { apiCommand } from './api-command.ts'
import { apiOptions, type Command, numberOption, pageOptions, textOption } from './command.ts'
import { printAnswer } from './print-answer.ts'
import { type Columns, pageLines } from './print-table.ts'

const DEFAULT_HOURS = 4

export const enforcementCommands: readonly Command[] = [
  {
    name: 'organization require-sso',
    parameters: 'ORGANIZATION CONNECTION',
    summary:
      'Require sign-in through this connection only. Shows who would lose access; --yes requires it.',
    options: {
      ...apiOptions,
      ...pageOptions,
      yes: { type: 'boolean', help: 'Require it. Sessions of the other connections end at once.' },
    },
    positionals: 2,
    run: (context, args) =>
      withApi(context, args, async ({ client }) => {
        const [id = '', connectionId = ''] = args.positionals
        const params = { id }
        if (args.values.yes) {
          const organization = await client.requireSso({ params, body: { connectionId } })
          return printAnswer(context, args, { json: organization, lines: stateLines(organization) })
        }
        const [limit, cursor] = [textOption(args, 'limit'), textOption(args, 'cursor')]
        const query = { limit, cursor, connection: connectionId }
        const preview = await client.previewSso({ params, query })
        return printAnswer(context, args, { json: preview, lines: previewLines(preview) })
      }),
  },
  apiCommand({
    name: 'organization lift-sso',
    summary: 'Allow sign-in through every connection of the organization again.',
    operation: 'liftSso',
    arguments: { ORGANIZATION: 'id' },
    lines: stateLines,
  }),
  {
    name: 'organization bypass',
    parameters: 'ORGANIZATION',
    summary: 'Allow sign-in through the other connections for some hours, in an emergency.',
    options: {
      ...apiOptions,
      reason: { help: 'The reason; it is stored in the audit trail.' },
      hours: { help: `Hours until it ends by itself, 1 to 72; default ${DEFAULT_HOURS}.` },
      end: { type: 'boolean', help: 'End it early.' },
    },
    positionals: 1,
    run: (context, args) =>
      withApi(context, args, async ({ client }) => {
        const [id = ''] = args.positionals
        const params = { id }
        const organization = args.values.end
          ? await client.endSsoBypass({ params })
          : await client.bypassSso({
              params,
              body: {
                reason: textOption(args, 'reason') ?? '',
                hours: numberOption(args, 'hours', { from: 0, to: 99 }) ?? DEFAULT_HOURS,
              },
            })
        return printAnswer(context, args, { json: organization, lines: stateLines(organization) })
      }),
  },
]

function previewLines(preview: SsoPreviewJson): readonly string[] {
  const { missing, administrator, losing, losers, sessionsThatEnd } = preview
  return [
    ...missing.map((missingPart) => `missing: ${missingWords[missingPart]}`),
    ...(administrator ? [`shown to work by ${administrator.username}, ${administrator.at}`] : []),
    `${losing} would lose access, ${sessionsThatEnd} sessions would end at once`,
    ...pageLines(loserColumns, losers),
    missing.length === 0 ? 'Nothing was changed; --yes does it.' : 'Nothing was changed.',
  ]
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

const loserColumns: Columns<SsoPreviewJson['losers']['items'][number]> = {
  USER: ({ userId }) => userId,
  USERNAME: ({ username }) => username,
  NAME: ({ displayName }) => displayName,
  'LAST SIGN-IN': ({ lastSignInAt }) => lastSignInAt ?? 'never',
  WHY: ({ why }) => whyWords[why],
}

function stateLines({ id, name, ssoRequired }: OrganizationJson): readonly string[] {
  if (ssoRequired === null) return [`${id}  ${name}: every connection is open`]
  const { connectionId, since, bypass } = ssoRequired
  return [
    `${id}  ${name}: only through ${connectionId}, since ${since}`,
    ...(bypass ? [`  others are open until ${bypass.until}: ${bypass.reason}`] : []),
  ]
}
