/** The whole product on one machine with nothing configured: server, embedded database and a made-up directory. */

import type { CheckedOptions } from '../check-options.ts'
import {
  type Environment,
  givenEntraSettings,
  inspectSettings,
  isLoopbackHost,
  readSettings,
  type Settings,
} from '../config.ts'
import { type StartedEmulator, startEmulator } from '../emulator/start-emulator.ts'
import { EntradaError } from '../errors.ts'
import { createLog } from '../log.ts'
import { Secret } from '../secret.ts'
import type { CliContext, Command } from './command.ts'
import { productionReasons } from './production-environment.ts'
import { serveUntilStopped } from './serve.ts'
import { connectionRules, serverOptions } from './server-options.ts'

export const devCommand: Command = {
  name: 'dev',
  summary: 'Run everything on this machine with a made-up directory; nothing to configure.',
  async run(context) {
    const settings = readDevelopmentSettings(context)
    const log = createLog(context.environment.ENTRADA_LOG_LEVEL ? settings.logLevel : 'warn')
    const { options, operatorTokenPath } = serverOptions(context, settings, {
      mode: 'development',
      log,
    })
    const emulator = await startDevelopmentEmulator(settings)
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
        ready: () => announce(context, { settings, emulator, operatorTokenPath }),
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
  // Refused ones are not read: to hear that a further one is missing would lead the wrong way.
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
    ...givenEntraSettings(environment),
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

/** Beside the server's port if that is free, so that the address stays the same from start to start. */
async function startDevelopmentEmulator({ serverUrl }: Settings): Promise<StartedEmulator> {
  const port = Number(serverUrl.port || 80) + 1
  const emulator = await startEmulator({ port }).catch(() => startEmulator())
  const clientId = developmentApplication(emulator).clientId
  emulator.addRedirectUri(
    sharedApplication(emulator).clientId,
    `${serverUrl.origin}/login/callback`,
  )
  emulator.addRedirectUri(clientId, `${serverUrl.origin}/auth/entra/callback`)
  emulator.setApplication(clientId, {
    logoutUrl: `${serverUrl.origin}/auth/entra/frontchannel-logout`,
  })
  return emulator
}

function developmentApplication({ directory }: StartedEmulator) {
  const application = directory.applications.find(({ audience }) => audience === 'single_tenant')
  if (application === undefined)
    throw new Error('the made-up directory has no single-tenant application')
  return application
}

/** What customers of a development server may consent to in place of an application of their own. */
function sharedApplication({ directory }: StartedEmulator) {
  const application = directory.applications.find(({ audience }) => audience === 'multi_tenant')
  if (application === undefined)
    throw new Error('the made-up directory has no multi-tenant application')
  return application
}

function emulatedShared(emulator: StartedEmulator) {
  const { clientId, secrets } = sharedApplication(emulator)
  const clientSecret = new Secret(secrets[0]?.value ?? '')
  return { clientId, clientSecret, authority: new URL(emulator.origin) }
}

function emulatedEntra(emulator: StartedEmulator): NonNullable<CheckedOptions['entra']> {
  const { clientId, homeTenantId, secrets } = developmentApplication(emulator)
  return {
    tenantId: homeTenantId,
    clientId,
    clientSecret: new Secret(secrets[0]?.value ?? ''),
    authority: new URL(emulator.origin),
  }
}

function announce(
  { print }: CliContext,
  {
    settings,
    emulator,
    operatorTokenPath,
  }: {
    readonly settings: Settings
    readonly emulator: StartedEmulator
    readonly operatorTokenPath: string | undefined
  },
): void {
  print('DEVELOPMENT: a made-up directory, on this machine only')
  print(`Emulated Entra     ${emulator.origin}`)
  if (operatorTokenPath)
    print(`Operator token in  ${operatorTokenPath}  (for ${settings.serverUrl.origin}/login/token)`)
  print(`Open               ${settings.serverUrl.origin}`)
}
