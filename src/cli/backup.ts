import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readSettings } from '../settings/config.ts'
import { backUpSqlite } from '../storage/sqlite-backup.ts'
import { newBackupName, removeOldBackups } from './backup-folder.ts'
import { apiOptions, type CliArguments, type Command, textOption } from './command.ts'
import { CommandFailure, wrongCall } from './command-failure.ts'
import { DATABASE_FILE } from './data-folder.ts'
import { placeOf } from './local-services.ts'
import { printAnswer } from './print-answer.ts'

export const backupCommand: Command = {
  name: 'backup',
  parameters: 'PLACE',
  summary:
    'Copy the embedded database to a file, or into a folder as a file named after the time. The server may be running.',
  options: {
    ...apiOptions,
    force: { type: 'boolean', help: 'Replace a file that exists.' },
    keep: {
      help: 'In a folder: how many backups to keep. Older ones are removed after the new one has been checked.',
    },
  },
  positionals: 1,
  async run(context, args) {
    const { settings } = readSettings(context.environment, context.readTextFile)
    if (settings.databaseUrl && !args.values.dev) throw postgresToolsNeeded()
    const place = args.positionals[0] ?? ''
    const isIntoFolder = await isFolder(place)
    const keep = keepOf(args)
    if (keep === 'invalid' || (keep !== undefined && !isIntoFolder)) {
      throw wrongCall('--keep takes a number from 1 on, and a folder to back up into')
    }
    const to = isIntoFolder ? join(place, newBackupName(place, context.now())) : place
    const { mode, folder } = placeOf(settings, args)
    const force = args.values.force === true
    const mark = await backUpSqlite({ from: join(folder, DATABASE_FILE), to }, { force })
    const removed = keep === undefined ? [] : await removeOldBackups(place, keep)
    return printAnswer(context, args, {
      json: { file: to, mode, schemaVersion: mark.schemaVersion, removed },
      lines: [
        `backed up to ${to}, and checked`,
        ...removed.map((name) => `removed ${name}`),
        'keep the key ring (secret-keys) too, and apart from it',
      ],
    })
  },
}

async function isFolder(place: string): Promise<boolean> {
  const found = await stat(place).catch(() => undefined)
  return found?.isDirectory() === true
}

function keepOf(args: CliArguments): number | undefined | 'invalid' {
  const text = textOption(args, 'keep')
  if (text === undefined) return undefined
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 'invalid'
}

/** Creates the refusal for a deployment on PostgreSQL, which has tools of its own for backups. */
export function postgresToolsNeeded(): CommandFailure {
  return new CommandFailure(
    'postgresql_tools_needed',
    'this deployment is on PostgreSQL: use pg_dump and pg_restore',
    'docs/operate.md has the commands',
  )
}
