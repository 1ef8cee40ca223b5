import { join } from 'node:path'
import { openDatabase } from '../open-services.ts'
import { readSettings } from '../settings/config.ts'
import { type Command, devOption, jsonOption } from './command.ts'
import { DATABASE_FILE, openDataFolder } from './data-folder.ts'
import { dataFolder } from './server-options.ts'

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'Bring the database to the schema of this release, as `serve` does at its start.',
  options: { ...jsonOption, ...devOption },
  async run(context, { values }) {
    const { settings } = readSettings(context.environment, context.readTextFile)
    const mode = values.dev ? 'development' : 'production'
    const folder = dataFolder(settings, mode)
    const databaseUrl = values.dev ? undefined : settings.databaseUrl
    if (databaseUrl === undefined) openDataFolder(folder)
    const database = databaseUrl ?? join(folder, DATABASE_FILE)
    const storage = await openDatabase({ database, mode })
    try {
      const { schemaVersion, oldestProgram } = await storage.readMark()
      const { kind, migrated } = storage
      if (values.json) {
        context.print(JSON.stringify({ database: kind, migrated, schemaVersion, oldestProgram }))
      } else {
        for (const name of migrated) context.print(`ran ${name}`)
        context.print(`${kind}: schema ${schemaVersion}, admits programs from ${oldestProgram} on`)
      }
      return 0
    } finally {
      await storage.close()
    }
  },
}
