/** The pages of docs/reference/, made from the tables of the code. */
import { auditEventTypes } from '../src/audit/audit-events.ts'
import { loadCommands } from '../src/cli/command-files.ts'
import type { ConnectionField, ConnectionFields } from '../src/connections/connection-field.ts'
import { connectionFields } from '../src/connections/connection-fields.ts'
import { rowsOf, toText } from '../src/connections/field-values.ts'
import { areas, findingsOf } from '../src/doctor/doctor.ts'
import { type ErrorEntry, errorTable } from '../src/errors/errors.ts'
import { formerCodes } from '../src/errors/former-codes.ts'
import { type Limit, limitTable } from '../src/http/rate-limit.ts'
import { entraErrors } from '../src/identity-provider/entra/protocol/entra-error-table.ts'
import { type Metric, metricTable } from '../src/metrics/metric-table.ts'
import { routes } from '../src/routes.ts'
import { describeSettings } from '../src/settings/config.ts'
import { libraryReference } from './library-reference.ts'

const commands = await loadCommands()
const MADE = '<!-- Made by `npm run docs` from the code. Do not edit. -->'

/** Path below docs/reference/ and text of each page. */
export function referencePages(): Readonly<Record<string, string>> {
  return {
    'settings.md': settingsPage(),
    'errors.md': errorsPage(),
    'addresses.md': addressesPage(),
    'audit-events.md': auditEventsPage(),
    'entra-errors.md': entraErrorsPage(),
    'commands.md': commandsPage(),
    'connection-fields.md': connectionFieldsPage(),
    'doctor.md': doctorPage(),
    'metrics.md': metricsPage(),
    'limits.md': limitsPage(),
    'library.md': libraryPage(),
  }
}

function libraryPage(): string {
  return page(
    'The library',
    'What an application imports, from the docstrings of the code. [embed.md](../embed.md) shows it at work.',
    libraryReference(),
  )
}

/** Makes the page of the settings. */
export function settingsPage(settings = describeSettings()): string {
  const rows = settings.map(({ env, twin, fallback, secret, fileToo, help }) => [
    `\`${env}\`${twin ? `<br>\`${twin}\`` : ''}`,
    fallback ? `\`${fallback}\`` : 'none',
    `${help}${secret ? ' Secret:' : ''}${fileToo ? ` \`${env}_FILE\` names a file instead.` : ''}`,
  ])
  return page(
    'Settings',
    `Environment variables, read once at the start. Every problem is reported at once; an unknown \`ENTRADA_\` name is an error.
Where two names stand in a row they mean the same; both set and different is an error.`,
    table(['setting', 'default', 'meaning'], rows),
  )
}

function errorsPage(): string {
  const rows = Object.entries<ErrorEntry>(errorTable).map(
    ([code, { status, shown, fix, fixByReason = {} }]) => [
      `<a id="${code}"></a>\`${code}\``,
      String(status),
      shown,
      [
        fix,
        ...Object.entries(fixByReason).map(([reason, remedy]) => `<br>\`${reason}\`: ${remedy}`),
      ].join(' '),
    ],
  )
  return page(
    'Errors',
    'Every refusal has a code, a sentence for the person and a remedy for the administrator. Programs get the code in `problem+json` (RFC 9457).',
    [
      table(['code', 'status', 'the person reads', 'the administrator does'], rows),
      '## Former names\n',
      'Audit events keep the name that their release used. Log lines have the former name in `formerCode` for one release.\n',
      table(
        ['former name', 'now'],
        Object.entries(formerCodes).map(([now, former]) => [
          `\`${former}\``,
          `[\`${now}\`](#${now})`,
        ]),
      ),
    ].join('\n'),
  )
}

function addressesPage(): string {
  const rows = routes.map(({ method, path, does, speaks }) => [
    method,
    `\`${path.replace(/:(\w+)/g, '{$1}')}\``,
    does,
    {
      page: 'page',
      json: 'problem+json',
      health: 'any Host',
      proxy: 'problem+json or page, any Host',
    }[speaks],
  ])
  return page(
    'Addresses',
    'All addresses of a server. Anything else is 404, any other method 405.',
    table(['method', 'path', 'does', 'refusals'], rows),
  )
}

function auditEventsPage(): string {
  const rows = Object.entries(auditEventTypes).map(([type, meaning]) => [`\`${type}\``, meaning])
  return page(
    'Audit events',
    `Each event has \`id\`, \`at\`, \`type\`, \`actor\`, and where they apply \`organizationId\`, \`connectionId\`, \`userId\`, \`sessionId\`,
\`correlationId\`, \`ip\`, \`userAgent\`, \`detail\`. The list is closed: no other type is written.`,
    table(['type', 'meaning'], rows),
  )
}

function entraErrorsPage(): string {
  const rows = Object.entries(entraErrors).map(([code, entry]) => [
    `AADSTS${code}`,
    entry.name,
    entry.whatHappened,
    entry.remedy,
    entry.whoCanFix.replaceAll('_', ' '),
  ])
  return page(
    "Microsoft's error numbers",
    'What `entrada explain` knows. Microsoft may change numbers and texts at any time; no decision of Entrada depends on them.',
    table(['number', 'name', 'what happened', 'remedy', 'who can fix it'], rows),
  )
}

function commandsPage(): string {
  const sections = commands.map(({ name, parameters, summary, options = {} }) => {
    const rows = Object.entries(options).map(([option, { help, type }]) => [
      `\`--${option}${type === 'boolean' ? '' : ` ${option.toUpperCase()}`}\``,
      help,
    ])
    const call = `entrada ${name}${parameters ? ` ${parameters}` : ''}`
    return `## \`${call}\`\n\n${summary}\n${rows.length > 0 ? `\n${table(['option', 'meaning'], rows)}` : ''}`
  })
  return page(
    'Commands',
    `In a clone, write \`npm run -s entrada -- …\` for \`entrada …\`. Exit codes: 0 done; 1 refused or failed, with a code on standard error; 2 wrong call.
The operator's verbs work through the API of the running server when that answers, else on the database itself.`,
    sections.join('\n'),
  )
}

/** Makes the page of a connection's fields. */
export function connectionFieldsPage(fields: ConnectionFields = connectionFields): string {
  const rows = rowsOf(fields).map(({ path, field }) => [
    `\`${path}\``,
    defaultOf(field),
    mayChange(field),
    field.option ? `\`--${field.option}\`` : '-',
    field.env ? `\`${field.env}\`` : '-',
    field.help,
  ])
  return page(
    'Fields of a connection',
    `Members of a connection in the API and in the file of \`entrada apply\`; \`null\` in JSON restores the default, and so does \`none\` on the command line for options whose help names it.
The variables are those of the connection that the environment describes; its tenant, client id and authority are among the [settings](settings.md). Its default is shown where it differs.`,
    table(['member', 'default', 'who may change it', 'option', 'variable', 'meaning'], rows),
  )
}

function mayChange({ may, offered }: ConnectionField): string {
  if (may === 'organization') return 'the organization'
  return offered
    ? 'operators; an organization only to a value that the deployment offers'
    : 'operators'
}

function defaultOf(field: ConnectionField): string {
  const text = (value: unknown) => (value === undefined ? 'none' : `\`${toText(field, value)}\``)
  const { environmentDefault } = field
  return environmentDefault === undefined
    ? text(field.default)
    : `${text(field.default)}; in the environment ${text(environmentDefault)}`
}

function metricsPage(): string {
  const rows = Object.entries<Metric>(metricTable).map(([name, { type, labels = [], help }]) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', ') || '-',
    help,
  ])
  return page(
    'Metrics',
    `The metrics of \`/metrics\`, in the format of Prometheus. Each replica has its own values unless the meaning states otherwise. No label contains a name, an address or an id.
Access and alerts: [monitoring](../monitoring.md).`,
    table(['metric', 'type', 'labels', 'meaning'], rows),
  )
}

function limitsPage(): string {
  const rows = Object.entries<Limit>(limitTable).map(([name, { uses, perSeconds, each, of }]) => [
    `\`${name}\``,
    `${uses} in ${perSeconds} s`,
    each,
    of,
  ])
  return page(
    'Limits',
    `Beyond a limit the response is 429 with \`Retry-After\`; each limit is counted separately. An \`address\` is one of IPv4, or a /64 of IPv6 (a /48 has ten times as much).
The first three are set by \`ENTRADA_RATE_LIMIT_SIGN_INS\`. With PostgreSQL replicas count together. More: [monitoring](../monitoring.md).`,
    table(['limit', 'uses', 'each', 'of'], rows),
  )
}

function doctorPage(): string {
  const sections = areas.map((area) => {
    const rows = Object.entries(findingsOf(area)).map(([id, row]) => [
      `<a id="${id}"></a>\`${id}\``,
      row.severity,
      row.what,
      ...(row.severity === 'ok'
        ? ['', '', '']
        : [row.why, row.fix, (row.whoCanFix ?? 'operator').replaceAll('_', ' ')]),
    ])
    const header = ['finding', 'severity', 'what', 'why it matters', 'what to do', 'who can do it']
    return `## ${area}\n\n${table(header, rows)}`
  })
  return page(
    'Findings of the doctor',
    'What `entrada doctor` can report, by area. `{…}` is replaced with what was found. The guide: [doctor.md](../doctor.md).',
    sections.join('\n'),
  )
}

function page(title: string, introduction: string, body: string): string {
  return `${MADE}\n\n# ${title}\n\n${introduction}\n\n${body.trimEnd()}\n`
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return `${[line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')}\n`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
