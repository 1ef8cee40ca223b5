/**
 *   restore FILE   → the file's place is taken, then as below
 *   restore finish → sessions end; what was taken away since the backup is taken away again
 */
import { join } from 'node:path'
import { finishRestore } from '../admin/finish-restore.ts'
import type { TakenAway } from '../admin/taken-away.ts'
import { errorEntry, isEntradaError } from '../errors/errors.ts'
import { silentLog } from '../log/log.ts'
import { openParts } from '../open-services.ts'
import { readSettings, type Settings } from '../settings/config.ts'
import { checkSqliteBackup, restoreSqlite } from '../storage/sqlite-backup.ts'
import type { DatabaseMark, StorageReader } from '../storage/storage.ts'
import { checkDatabaseExists } from './admin-connection.ts'
import { placeOf, postgresToolsNeeded } from './backup.ts'
import {
  type CliArguments,
  type CliContext,
  type Command,
  devOption,
  type ExitCode,
  jsonOption,
  textOption,
} from './command.ts'
import { DATABASE_FILE, openDataFolder } from './data-folder.ts'
import { describeRestore } from './describe-restore.ts'
import { lookAtReplaced, type ReplacedDatabase } from './replaced-database.ts'
import { serverOptions } from './server-options.ts'

const choices = {
  ...jsonOption,
  ...devOption,
  'keep-sessions': {
    type: 'boolean',
    help: 'Sessions of the backup live on, those that were ended since included.',
  },
  'keep-access': {
    type: 'boolean',
    help: 'Only print who was disabled and what was revoked since the backup.',
  },
} as const

export const restoreCommands: readonly Command[] = [
  {
    name: 'restore finish',
    summary:
      'After a restore by other tools: end its sessions, and disable and revoke again what was disabled and revoked since the backup.',
    options: {
      ...choices,
      before: {
        type: 'string',
        help: 'The database that was replaced: a file, or with PostgreSQL its name on the same server.',
      },
    },
    async run(context, given) {
      const { settings } = readSettings(context.environment, context.readTextFile)
      checkDatabaseExists(settings, placeOf(settings, given).mode)
      return finish(context, given, { settings, replaced: textOption(given, 'before') })
    },
  },
  {
    name: 'restore',
    parameters: 'FILE',
    summary:
      'Put a backup in the place of the embedded database, the server stopped. The one that was there is kept.',
    options: {
      ...choices,
      check: { type: 'boolean', help: 'Only check that the file is a whole backup.' },
      force: { type: 'boolean', help: 'Not needed any more, and accepted.' },
    },
    positionals: 1,
    async run(context, given) {
      const { settings } = readSettings(context.environment, context.readTextFile)
      if (settings.databaseUrl && !given.values.dev) throw postgresToolsNeeded()
      return given.values.check
        ? check(context, given, settings)
        : restore(context, given, settings)
    },
  },
]

async function check(
  context: CliContext,
  given: CliArguments,
  settings: Settings,
): Promise<ExitCode> {
  const [file = ''] = given.positionals
  const { mode } = placeOf(settings, given)
  const { schemaVersion } = await checkSqliteBackup(file, mode)
  context.print(
    given.values.json
      ? JSON.stringify({ file, mode, schemaVersion })
      : `${file} is a whole backup, schema ${schemaVersion}; nothing was restored`,
  )
  return 0
}

async function restore(
  context: CliContext,
  given: CliArguments,
  settings: Settings,
): Promise<ExitCode> {
  const { mode, folder } = placeOf(settings, given)
  openDataFolder(folder)
  const to = join(folder, DATABASE_FILE)
  const keepSessions = given.values['keep-sessions'] === true
  const from = given.positionals[0] ?? ''
  const restored = await restoreSqlite({ from, to, mode }, { keepSessions })
  const { mark, replaced, sessionsEnded: endedBefore } = restored
  if (replaced === undefined) {
    return printRestored(context, given, { file: to, mode, mark, sessionsEnded: endedBefore })
  }
  if (!given.values.json) {
    context.print(`restored to ${to}`)
    context.print(`the database that was there is now ${replaced}`)
  }
  try {
    return await finish(context, given, { settings, replaced, endedBefore, file: to })
  } catch (error) {
    if (given.values.json) throw error
    context.printError('entrada: restored, and not yet compared with the database that was there.')
    context.printError(`  Then: entrada restore finish --before ${replaced}`)
    throw error
  }
}

/** Nothing was replaced, so there is nothing to compare. The key ring may not have been put in place yet and is not needed. */
function printRestored(
  { print }: CliContext,
  { values }: CliArguments,
  { file, mode, mark: { schemaVersion }, sessionsEnded }: RestoredAlone,
): ExitCode {
  const finished = { sessionsEnded, applied: false }
  if (values.json) print(JSON.stringify({ file, mode, schemaVersion, ...finished }))
  else for (const line of [`restored to ${file}`, ...describeRestore(finished)]) print(line)
  return 0
}

type RestoredAlone = {
  readonly file: string
  readonly mode: DatabaseMark['mode']
  readonly mark: DatabaseMark
  readonly sessionsEnded: number
}

type Finish = {
  readonly settings: Settings
  readonly replaced: string | undefined
  readonly endedBefore?: number
  readonly file?: string
}

const commandLine = { actor: { kind: 'operator', id: 'command_line' } } as const

async function finish(
  context: CliContext,
  given: CliArguments,
  { settings, replaced, endedBefore = 0, file }: Finish,
): Promise<ExitCode> {
  const { mode } = placeOf(settings, given)
  const { options } = await serverOptions(context, settings, { mode, log: silentLog })
  const services = await openParts(options)
  try {
    const databaseUrl = mode === 'production' ? settings.databaseUrl : undefined
    const takenAway = replaced
      ? await compare(context, services.storage, {
          replaced,
          databaseUrl,
          isNamed: file === undefined,
        })
      : undefined
    const choices = { ...choicesOf(given, endedBefore), takenAway }
    const finished = await finishRestore(services, commandLine, choices)
    const { schemaVersion } = await services.storage.readMark()
    const database = { ...(file ? { file } : {}), mode, schemaVersion }
    if (given.values.json) context.print(JSON.stringify({ ...database, ...finished }))
    else for (const line of describeRestore(finished)) context.print(line)
    return 0
  } finally {
    await services.close()
  }
}

function choicesOf({ values }: CliArguments, endedBefore: number) {
  return {
    keepSessions: values['keep-sessions'] === true,
    keepAccess: values['keep-access'] === true,
    endedBefore,
  }
}

/** A database that an operator named has to be readable. One that was put aside may be broken: that is why people restore. */
async function compare(
  { printError }: CliContext,
  restored: StorageReader,
  { isNamed, ...replaced }: ReplacedDatabase & { readonly isNamed: boolean },
): Promise<TakenAway | undefined> {
  try {
    return await lookAtReplaced(restored, replaced)
  } catch (error) {
    if (isNamed || !isEntradaError(error)) throw error
    const { shown, fix } = errorEntry(error.code)
    printError(`entrada: ${error.code}: ${shown}`)
    printError(`  ${fix}`)
    return undefined
  }
}
