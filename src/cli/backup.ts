import { join } from 'node:path'
import { readSettings, type Settings } from '../config.ts'
import { backUpSqlite, restoreSqlite } from '../storage/sqlite-backup.ts'
import { type CliContext, type Command, devOption, type ExitCode, jsonOption } from './command.ts'
import { DATABASE_FILE, openDataFolder } from './data-folder.ts'
import { dataFolder } from './server-options.ts'

const options = {
  ...jsonOption,
  ...devOption,
  force: { type: 'boolean', help: 'Write over what is there.' },
} as const

export const backupCommands: readonly Command[] = [
  {
    name: 'backup',
    parameters: 'FILE',
    summary: 'Copy the embedded database to a file, also while the server runs.',
    options,
    positionals: 1,
    async run(context, { positionals: [to = ''], values }) {
      const { settings } = readSettings(context.environment, context.readTextFile)
      if (settings.databaseUrl && !values.dev) return useItsOwnTools(context)
      const { mode, folder } = placeOf(settings, values)
      const from = join(folder, DATABASE_FILE)
      const mark = await backUpSqlite({ from, to }, { force: values.force === true })
      context.print(
        values.json
          ? JSON.stringify({ file: to, mode, schemaVersion: mark.schemaVersion })
          : `backed up to ${to}; keep the key ring (secret-keys) too, and apart from it`,
      )
      return 0
    },
  },
  {
    name: 'restore',
    parameters: 'FILE',
    summary: 'Put a backup in the place of the embedded database, the server stopped.',
    options,
    positionals: 1,
    async run(context, { positionals: [from = ''], values }) {
      const { settings } = readSettings(context.environment, context.readTextFile)
      if (settings.databaseUrl && !values.dev) return useItsOwnTools(context)
      const { mode, folder } = placeOf(settings, values)
      openDataFolder(folder)
      const to = join(folder, DATABASE_FILE)
      const mark = await restoreSqlite({ from, to, mode }, { force: values.force === true })
      context.print(
        values.json
          ? JSON.stringify({ file: to, mode, schemaVersion: mark.schemaVersion })
          : `restored to ${to}; a database that was there is beside it as ${DATABASE_FILE}.before-restore (numbered, if there was one)`,
      )
      return 0
    },
  },
]

function placeOf(settings: Settings, values: Readonly<Record<string, unknown>>) {
  const mode = values.dev ? 'development' : 'production'
  return { mode, folder: dataFolder(settings, mode) } as const
}

function useItsOwnTools({ printError }: CliContext): ExitCode {
  printError('entrada: this deployment is on PostgreSQL: use pg_dump and pg_restore')
  printError('  docs/operate.md has the commands')
  return 1
}
