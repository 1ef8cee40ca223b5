/** The whole product on one machine without configuration: server, embedded database and a made-up directory. */

import { EntradaError } from '../errors/errors.ts'
import {
  type Environment,
  entraSettingNames,
  inspectSettings,
  isLoopbackHost,
  readSettings,
  type Settings,
} from '../settings/config.ts'
import type { CliContext, Command } from './command.ts'
import {
  type DevelopmentEmulator,
  emulatedEntra,
  emulatedShared,
  startDevelopmentEmulator,
} from './development-emulator.ts'
import { keptDirectory } from './kept-directory.ts'
import { productionReasons } from './production-environment.ts'
import { serverLog, serveUntilStopped } from './serve.ts'
import { connectionRules, dataFolder, serverOptions } from './server-options.ts'

export const devCommand: Command = {
  name: 'dev',
  summary: 'Run everything on this machine with a made-up directory. Needs no configuration.',
  options: {
    reset: {
      type: 'boolean',
      help: 'Restore the original made-up directory. The database is kept.',
    },
  },
  async run(context, { values }) {
    const settings = readDevelopmentSettings(context)
    const log = serverLog(
      context,
      context.environment.ENTRADA_LOG_LEVEL ? settings.logLevel : 'warn',
    )
    const { options, operatorTokenPath } = await serverOptions(context, settings, {
      mode: 'development',
      log,
    })
    const kept = keptDirectory(dataFolder(settings, 'development'))
    if (values.reset) kept.forget()
    const development = await startDevelopmentEmulator(settings.serverUrl, kept)
    const { emulator } = development
    try {
      await serveUntilStopped(context, {
        options: {
          ...options,
          sharedApplication: emulatedShared(emulator),
          entra: { ...emulatedEntra(emulator), ...connectionRules(settings, context.readTextFile) },
        },
        settings,
        log,
        operatorTokenPath,
        // After the lines of the log that belong to the start, which are written in the next turn of the event loop.
        ready: () =>
          void setImmediate(() => announce(context, { settings, development, operatorTokenPath })),
      })
    } finally {
      await emulator.close()
    }
    return 0
  },
}

/** @throws {EntradaError} `development_mode_refused`, `settings_invalid` */
function readDevelopmentSettings({ environment, readTextFile }: CliContext): Settings {
  const refused = refusedNames(environment)
  // Refused settings are not read: a message that a further one is missing would mislead.
  const others = Object.fromEntries(
    Object.entries(environment).filter(([name]) => !refused.includes(name)),
  )
  const reasons = [
    ...refused.map((name) => `${name} is set`),
    ...productionReasons(environment),
    ...addressReasons(inspectSettings(others, readTextFile).settings),
  ]
  if (reasons.length > 0) throw new EntradaError('development_mode_refused', { problems: reasons })
  return readSettings(others, readTextFile).settings
}

function refusedNames(environment: Environment): readonly string[] {
  const database = ['ENTRADA_DATABASE_URL', 'ENTRADA_DATABASE_URL_FILE']
  return [
    ...entraSettingNames(environment),
    ...database.filter((name) => environment[name]?.trim()),
  ]
}

function addressReasons({ serverUrl, listen }: Partial<Settings>): readonly string[] {
  const reasons: string[] = []
  if (serverUrl && !isLoopbackHost(serverUrl.hostname)) {
    reasons.push('ENTRADA_SERVER_URL is not loopback')
  } else if (serverUrl?.protocol === 'https:') {
    reasons.push('ENTRADA_SERVER_URL is https, and development serves http')
  }
  if (listen && !isLoopbackHost(bracketed(listen.host))) {
    reasons.push('ENTRADA_LISTEN is not loopback')
  }
  return reasons
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function announce(
  { print }: CliContext,
  {
    settings,
    development: { emulator, takenPort },
    operatorTokenPath,
  }: {
    readonly settings: Settings
    readonly development: DevelopmentEmulator
    readonly operatorTokenPath: string | undefined
  },
): void {
  print('DEVELOPMENT: a made-up directory, on this machine only')
  print(`Emulated Entra     ${emulator.origin}  (change it at ${emulator.origin}/emulator)`)
  if (takenPort !== undefined) {
    print(
      `                   Port ${takenPort} is taken: customers who were connected to the emulated Entra there do not`,
    )
    print(
      '                   reach it here. Stop the other program and start again to have its address back.',
    )
  }
  if (operatorTokenPath)
    print(`Operator token in  ${operatorTokenPath}  (for ${settings.serverUrl.origin}/login/token)`)
  print(`Open               ${settings.serverUrl.origin}`)
}
