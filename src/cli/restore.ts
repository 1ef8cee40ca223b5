/**
 *   restore FILE   → replaces the database, then continues as `restore finish`
 *   restore finish → ends the sessions of the backup, and disables and revokes again what was disabled and revoked since
 */
import { join } from 'node:path'
import { finishRestore } from '../admin/finish-restore.ts'
import type { TakenAway } from '../admin/taken-away.ts'
import { errorEntry, isEntradaError } from '../errors/errors.ts'
import { readSettings, type Settings } from '../settings/config.ts'
import { checkSqliteBackup, restoreSqlite } from '../storage/sqlite-backup.ts'
import type { DatabaseMark, StorageReader } from '../storage/storage.ts'
import { checkDatabaseExists } from './admin-connection.ts'
import { postgresToolsNeeded } from './backup.ts'
import {
  apiOptions,
  type CliArguments,
  type CliContext,
  type Command,
  type ExitCode,
  textOption,
} from './command.ts'
import { DATABASE_FILE, openDataFolder } from './data-folder.ts'
import { describeRestore } from './describe-restore.ts'
import { placeOf, withServices } from './local-services.ts'
import { printAnswer } from './print-answer.ts'
import { lookAtReplaced, type ReplacedDatabase } from './replaced-database.ts'

const choices = {
  ...apiOptions,
  'keep-sessions': {
    type: 'boolean',
    help: 'Keep the sessions of the backup, including those that have ended since.',
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
        help: 'The database that was replaced: a file, or with PostgreSQL its name on the same server.',
      },
    },
    async run(context, args) {
      const { settings } = readSettings(context.environment, context.readTextFile)
      checkDatabaseExists(settings, placeOf(settings, args).mode)
      return finish(context, args, { settings, replaced: textOption(args, 'before') })
    },
  },
  {
    name: 'restore',
    parameters: 'FILE',
    summary:
      'Replace the embedded database with a backup, while the server is stopped. The replaced database is kept.',
    options: {
      ...choices,
      check: { type: 'boolean', help: 'Only check that the file is a complete backup.' },
      force: { type: 'boolean', help: 'No longer needed; accepted and ignored.' },
    },
    positionals: 1,
    async run(context, args) {
      const { settings } = readSettings(context.environment, context.readTextFile)
      if (settings.databaseUrl && !args.values.dev) throw postgresToolsNeeded()
      return args.values.check ? check(context, args, settings) : restore(context, args, settings)
    },
  },
]

async function check(
  context: CliContext,
  args: CliArguments,
  settings: Settings,
): Promise<ExitCode> {
  const [file = ''] = args.positionals
  const { mode } = placeOf(settings, args)
  const { schemaVersion } = await checkSqliteBackup(file, mode)
  return printAnswer(context, args, {
    json: { file, mode, schemaVersion },
    lines: [`${file} is a whole backup, schema ${schemaVersion}; nothing was restored`],
  })
}

async function restore(
  context: CliContext,
  args: CliArguments,
  settings: Settings,
): Promise<ExitCode> {
  const { mode, folder } = placeOf(settings, args)
  openDataFolder(folder)
  const to = join(folder, DATABASE_FILE)
  const keepSessions = args.values['keep-sessions'] === true
  const from = args.positionals[0] ?? ''
  const restored = await restoreSqlite({ from, to, mode }, { keepSessions })
  const { mark, replaced, sessionsEnded: endedBefore } = restored
  if (replaced === undefined) {
    return printRestored(context, args, { file: to, mode, mark, sessionsEnded: endedBefore })
  }
  if (!args.values.json) {
    context.print(`restored to ${to}`)
    context.print(`the database that was there is now ${replaced}`)
  }
  try {
    return await finish(context, args, { settings, replaced, endedBefore, file: to })
  } catch (error) {
    if (args.values.json) throw error
    context.printError('entrada: restored, and not yet compared with the database that was there.')
    context.printError(`  Then: entrada restore finish --before ${replaced}`)
    throw error
  }
}

/** No database was replaced, so there is nothing to compare. The key ring is not needed; it may still be missing. */
function printRestored(
  context: CliContext,
  args: CliArguments,
  { file, mode, mark: { schemaVersion }, sessionsEnded }: RestoredAlone,
): ExitCode {
  const finished = { sessionsEnded, applied: false }
  return printAnswer(context, args, {
    json: { file, mode, schemaVersion, ...finished },
    lines: [`restored to ${file}`, ...describeRestore(finished)],
  })
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
  args: CliArguments,
  { settings, replaced, endedBefore = 0, file }: Finish,
): Promise<ExitCode> {
  const { mode } = placeOf(settings, args)
  const databaseUrl = mode === 'production' ? settings.databaseUrl : undefined
  return withServices(context, { settings, args }, async (services) => {
    const takenAway = replaced
      ? await compare(context, services.storage, {
          replaced,
          databaseUrl,
          isNamed: file === undefined,
        })
      : undefined
    const choices = { ...choicesOf(args, endedBefore), takenAway }
    const finished = await finishRestore(services, commandLine, choices)
    const { schemaVersion } = await services.storage.readMark()
    return printAnswer(context, args, {
      json: { ...(file ? { file } : {}), mode, schemaVersion, ...finished },
      lines: describeRestore(finished),
    })
  })
}

function choicesOf({ values }: CliArguments, endedBefore: number) {
  return {
    keepSessions: values['keep-sessions'] === true,
    keepAccess: values['keep-access'] === true,
    endedBefore,
  }
}

/** A database that the operator named must be readable. The replaced one may be broken, which is a reason to restore. */
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
