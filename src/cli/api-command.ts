/**
 * Commands that call one operation of the API. A command is a row: the operation, where its arguments and options go, and what is printed
 * of the answer. A member that the path of the operation names goes there; the others go to the query of GET and DELETE, else to the body.
 */
import type { Answered, OperationId } from '../client/operation-types.ts'
import { paths } from '../client/paths.ts'
import { withApi } from './admin-connection.ts'
import {
  apiOptions,
  type CliArguments,
  type CliContext,
  type Command,
  type CommandOption,
} from './command.ts'
import { type Answer, printAnswer } from './print-answer.ts'
import { type Columns, pageLines } from './print-table.ts'

export type ApiCommand<Id extends OperationId> = Pick<Command, 'name' | 'summary' | 'options'> & {
  readonly operation: Id
  /** The arguments in their order, as the usage names them, each with the member of the request that it fills. */
  readonly arguments?: Readonly<Record<string, string>>
  /** The options that the usage names after the arguments, such as `--slug SLUG`. */
  readonly needs?: string
  /** Members that the command always sends. */
  readonly sends?: Readonly<Record<string, string>>
  /** Refuses a call before it is sent. */
  readonly check?: (args: CliArguments) => void
} & Printed<Answered<Id>>

/** What is printed of the result: a table of records, other lines, or a word such as `removed` before the last argument. */
type Printed<Answer> =
  | { readonly columns: Columns<RecordOf<Answer>> }
  | {
      readonly lines: (answer: Answer) => readonly string[]
      /** What `--json` prints; by default the whole result. */
      readonly json?: (answer: Answer) => unknown
    }
  | { readonly done: string }

/** The records of a list; a result that is not a list is itself the record. */
type RecordOf<Answer> = Answer extends { readonly items: readonly (infer Item)[] } ? Item : Answer

/** Creates a command from its row. */
export function apiCommand<const Id extends OperationId>(row: ApiCommand<Id>): Command {
  const { name, summary, operation, needs } = row
  const names = Object.keys(row.arguments ?? {})
  const parameters = [...names, ...(needs ? [needs] : [])].join(' ')
  return {
    name,
    summary,
    operation,
    ...(parameters ? { parameters } : {}),
    options: { ...apiOptions, ...row.options },
    positionals: names.length,
    members: membersOf(row),
    async run(context, args) {
      row.check?.(args)
      const request = requestOf(row, readMembers(row, context, args))
      return withApi(context, args, async ({ client }) => {
        const call = client[operation] as (request: object) => Promise<Answered<Id>> // the server checks the request
        return printAnswer(context, args, toPrint(row, args, await call(request)))
      })
    },
  }
}

type Row = Pick<ApiCommand<OperationId>, 'operation' | 'arguments' | 'options' | 'sends'>
type Members = Readonly<Record<string, unknown>>

/** Returns the names of all members that a command can send. */
function membersOf({ arguments: args = {}, options = {}, sends = {} }: Row): readonly string[] {
  const ofOptions = Object.entries(options).map(([name, { sentAs = name }]) => sentAs)
  return [...Object.keys(sends), ...Object.values(args), ...ofOptions]
}

function readMembers(
  { arguments: args = {}, options = {}, sends = {} }: Row,
  context: CliContext,
  { positionals, values }: CliArguments,
): Members {
  const members: Record<string, unknown> = { ...sends }
  for (const [at, name] of Object.values(args).entries()) members[name] = positionals[at]
  for (const [name, option] of Object.entries(options)) {
    const value = values[name]
    const isAbsent = value === undefined || (value === '' && option.mayBeEmpty)
    if (!isAbsent) members[option.sentAs ?? name] = readValue(value, option, context)
  }
  return members
}

function readValue(value: unknown, { read, flag }: CommandOption, context: CliContext): unknown {
  if (typeof value === 'string' && read) return read(value, context)
  return flag ?? value
}

function requestOf(row: Row, members: Members) {
  const [method = '', path = ''] = paths[row.operation].split(' ')
  const isInPath = (name: string) => path.split('/').includes(`:${name}`)
  const entries = Object.entries(members)
  const params = Object.fromEntries(entries.filter(([name]) => isInPath(name)))
  const others = Object.fromEntries(entries.filter(([name]) => !isInPath(name)))
  if (method === 'GET' || method === 'DELETE') return { params, query: others }
  return membersOf(row).every(isInPath) ? { params } : { params, body: nested(others) }
}

/** Makes a member `b` of the object `a` from the name `a.b`. */
function nested(members: Members): Members {
  const body: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(members)) {
    const [outer = '', inner] = name.split('.')
    const before = body[outer]
    if (inner === undefined) body[outer] = value
    else body[outer] = { ...(typeof before === 'object' ? before : {}), [inner]: value }
  }
  return body
}

function toPrint<Id extends OperationId>(
  row: ApiCommand<Id>,
  { positionals }: CliArguments,
  answer: Answered<Id>,
): Answer {
  if ('done' in row) {
    const last = positionals.at(-1)
    return { json: { [row.done]: last }, lines: [`${row.done} ${last}`] }
  }
  if ('lines' in row) return { json: row.json?.(answer) ?? answer, lines: row.lines(answer) }
  type Item = RecordOf<Answered<Id>>
  type Page = { readonly items?: readonly Item[]; readonly next?: string | null }
  const { items = [answer as Item], next = null } = answer as Page // a result without `items` is one record
  return { json: answer, lines: pageLines(row.columns, { items, next }) }
}
