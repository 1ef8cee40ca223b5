import { join } from 'node:path'
import { openDatabase } from '../open-services.ts'
import { readSettings } from '../settings/config.ts'
import { apiOptions, type Command } from './command.ts'
import { DATABASE_FILE, openDataFolder } from './data-folder.ts'
import { placeOf } from './local-services.ts'
import { printAnswer } from './print-answer.ts'

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'Migrate the database to the schema of this release, as `serve` does when it starts.',
  options: apiOptions,
  async run(context, args) {
    const { settings } = readSettings(context.environment, context.readTextFile)
    const { mode, folder } = placeOf(settings, args)
    const databaseUrl = mode === 'production' ? settings.databaseUrl : undefined
    if (databaseUrl === undefined) openDataFolder(folder)
    const database = databaseUrl ?? join(folder, DATABASE_FILE)
    const storage = await openDatabase({ database, mode })
    try {
      const { schemaVersion, oldestProgram } = await storage.readMark()
      const { kind, migrated } = storage
      return printAnswer(context, args, {
        json: { database: kind, migrated, schemaVersion, oldestProgram },
        lines: [
          ...migrated.map((name) => `ran ${name}`),
          `${kind}: schema ${schemaVersion}, admits programs from ${oldestProgram} on`,
        ],
      })
    } finally {
      await storage.close()
    }
  },
}
