import type { UserJson } from '../api/resources/users.ts'
import { EntradaError, isEntradaError } from '../errors/errors.ts'
import { cannotBeRead } from '../errors/file-failure.ts'
import { formatPersonKey } from '../identity-provider/person-key.ts'
import { isGuid } from '../protocol/guid.ts'
import { withApi } from './admin-connection.ts'
import type { ApiConnection } from './api-connection.ts'
import {
  apiOptions,
  type CliArguments,
  type CliContext,
  type Command,
  type ExitCode,
  textOption,
} from './command.ts'
import { CommandFailure, notValid } from './command-failure.ts'
import { freeUsernames } from './free-usernames.ts'
import {
  type ImportedPerson,
  type ImportedRow,
  keyOfImported,
  type NotTaken,
  notTakenReasons,
  readImportedPeople,
} from './imported-people.ts'
import { createPersonIndex, type PersonIndex } from './person-index.ts'
import { type Columns, tableLines } from './print-table.ts'
import { createProgress, type Progress } from './progress.ts'

export const userImportCommand: Command = {
  name: 'user import',
  parameters: 'FILE',
  summary:
    'Import the users of another system by (tenant id, object id), from CSV, JSON lines or a JSON list. Shows what it would do; --apply does it. See docs/move-over.md.',
  options: {
    ...apiOptions,
    apply: { type: 'boolean', help: 'Create the users. Without it nothing is written.' },
    tenant: { help: 'Tenant id for rows without one; rows of other tenants are skipped.' },
  },
  positionals: 1,
  async run(context, args) {
    const tenant = textOption(args, 'tenant')
    if (tenant !== undefined && !isGuid(tenant)) throw notValid('tenant')
    const { rows, unknownColumns } = readImportedPeople(readFile(context, args), { tenant })
    if (rows.length === 0) throw fileEmpty()
    warnOfColumns(context, unknownColumns)
    return withApi(context, args, async (api) => {
      const outcomes = await importRows(api, rows, {
        apply: args.values.apply === true,
        progress: createProgress(context, {
          total: rows.length,
          noun: 'people',
          silent: args.values.json === true,
        }),
        onOutcome: (outcome) => {
          if (args.values.json) context.print(JSON.stringify(outcome))
        },
      })
      if (!args.values.json) printOutcomes(context, outcomes)
      return exitCodeOf(outcomes)
    })
  },
}

function fileEmpty(): CommandFailure {
  return new CommandFailure(
    'file_empty',
    'there is no user in this file',
    'Export the users again; docs/move-over.md describes the format.',
  )
}

/** A misspelt column has the same effect as a missing one, so columns that are not read are named. */
function warnOfColumns({ printError }: CliContext, columns: readonly string[]): void {
  if (columns.length === 0) return
  printError(`entrada: columns that are not read: ${columns.join(', ')}`)
}

/** If no user of a file could be imported, it is the wrong file or was exported in the wrong way. */
function exitCodeOf(outcomes: readonly Outcome[]): ExitCode {
  const isTaken = ({ outcome }: Outcome) => outcome !== 'not_taken' && outcome !== 'failed'
  if (outcomes.some(({ outcome }) => outcome === 'failed')) return 1
  return outcomes.some(isTaken) ? 0 : 1
}

function readFile(
  { readTextFile }: CliContext,
  { positionals: [path = ''] }: CliArguments,
): string {
  try {
    return readTextFile(path)
  } catch (cause) {
    const problems = [`this file ${cannotBeRead(cause)}`]
    throw new EntradaError('request_invalid', { parameter: 'FILE', problems }, { cause })
  }
}

type Outcome = {
  readonly line: number
  readonly oldId: string | null
  readonly outcome: 'created' | 'would_create' | 'here_already' | 'not_taken' | 'failed'
  readonly reason: NotTaken | string | null
  readonly userId: string | null
  readonly username: string | null
  readonly tid: string | null
  readonly oid: string | null
}

async function importRows(
  api: ApiConnection,
  rows: readonly ImportedRow[],
  {
    apply,
    progress,
    onOutcome,
  }: {
    readonly apply: boolean
    readonly progress: Progress
    readonly onOutcome: (outcome: Outcome) => void
  },
): Promise<readonly Outcome[]> {
  // A running server limits the rate of calls, which an import of thousands of users reaches.
  const client = api.retryingClient()
  const existing = createPersonIndex<UserJson>()
  const usernames: string[] = []
  for await (const user of client.all('listUsers', { query: { limit: 200 } })) {
    for (const key of user.identities) existing.add(key, user)
    usernames.push(...user.memberships.map(({ username }) => username))
  }
  const nextUsername = freeUsernames(usernames)
  const outcomes: Outcome[] = []
  for (const row of rows) {
    const outcome = await importRow(row, { ...api, client, existing, nextUsername, apply })
    outcomes.push(outcome)
    onOutcome(outcome)
    progress.show(outcomes.length)
  }
  progress.end()
  return outcomes
}

type Importing = Pick<ApiConnection, 'client' | 'refusalOf'> & {
  readonly existing: PersonIndex<UserJson>
  readonly nextUsername: (person: ImportedPerson) => string
  readonly apply: boolean
}

async function importRow(row: ImportedRow, importing: Importing): Promise<Outcome> {
  const { line, oldId = null } = row
  const about = { line, oldId, reason: null, userId: null, username: null, tid: null, oid: null }
  if (row.kind === 'not_taken') return { ...about, outcome: 'not_taken', reason: row.reason }
  const { tid, oid } = row.person
  const user = importing.existing.find(keyOfImported(row.person))
  if (user !== undefined) {
    const username = user.memberships[0]?.username ?? null
    return { ...about, tid, oid, outcome: 'here_already', userId: user.id, username }
  }
  const created = await createUnderFreeName(row.person, importing)
  return { ...about, tid, oid, ...created }
}

/** Creates the user under the first free name. Names of removed users are in no list: the server refuses them, and the next number is tried. */
async function createUnderFreeName(
  person: ImportedPerson,
  importing: Importing,
): Promise<Pick<Outcome, 'outcome' | 'username'> & Partial<Outcome>> {
  for (;;) {
    const username = importing.nextUsername(person)
    if (!importing.apply) return { outcome: 'would_create', username }
    const created = await create(person, username, importing)
    if (created.reason !== 'username_given_before') return { ...created, username }
  }
}

async function create(
  { tid, oid, space, displayName, email }: ImportedPerson,
  username: string,
  { client, refusalOf }: Importing,
): Promise<Pick<Outcome, 'outcome'> & Partial<Outcome>> {
  const person = {
    username,
    ...(space
      ? { person: formatPersonKey({ space, directory: tid, subject: oid }) }
      : { tid, oid }),
    ...(displayName ? { displayName } : {}),
    ...(email ? { email } : {}),
  }
  try {
    const { id } = await client.createUser({ body: person })
    return { outcome: 'created', userId: id }
  } catch (error) {
    const refusal = refusalOf(error)
    if (!isEntradaError(refusal) || refusal.code === 'storage_unavailable') throw refusal
    const { code, detail } = refusal
    const reason = typeof detail.parameter === 'string' ? `${code}: ${detail.parameter}` : code
    return { outcome: 'failed', reason }
  }
}

function printOutcomes(context: CliContext, outcomes: readonly Outcome[]): void {
  const { print } = context
  const count = (counted: Outcome['outcome']) =>
    outcomes.filter(({ outcome }) => outcome === counted).length
  const left = outcomes.filter(({ outcome }) => outcome === 'not_taken' || outcome === 'failed')
  if (left.length > 0) {
    for (const line of tableLines(notTakenColumns, left)) print(line)
    print('')
    for (const reason of new Set(left.map(({ reason }) => reason))) {
      if (reason && isNotTaken(reason)) print(`${reason}: ${notTakenReasons[reason]}`)
    }
    print('')
  }
  for (const [tid, people] of peopleByTenant(outcomes)) print(`tenant ${tid}: ${people}`)
  print(
    `created ${count('created')}, would create ${count('would_create')}, here already ${count('here_already')}, not taken ${count('not_taken')}, failed ${count('failed')}`,
  )
  if (count('would_create') > 0) print('Nothing was written. With --apply these users are created.')
}

const notTakenColumns: Columns<Outcome> = {
  LINE: ({ line }) => String(line),
  'OLD ID': ({ oldId }) => oldId,
  'NOT TAKEN': ({ reason }) => reason,
}

function isNotTaken(reason: string): reason is NotTaken {
  return Object.hasOwn(notTakenReasons, reason)
}

/** Counts the users of each tenant: users of a tenant that no connection accepts can never sign in. */
function peopleByTenant(outcomes: readonly Outcome[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { tid } of outcomes) if (tid) counts.set(tid, (counts.get(tid) ?? 0) + 1)
  return counts
}
