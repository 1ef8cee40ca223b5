import {
  type Directory,
  parseDirectory,
  seededDirectory,
  startEmulator,
} from '../emulator/start-emulator.ts'
import { EntradaError } from '../errors.ts'
import { type CliContext, type Command, textOption } from './command.ts'
import { listenError } from './http-server.ts'
import { productionReasons } from './production-environment.ts'

const DEFAULT_PORT = 3001

export const emulatorCommand: Command = {
  name: 'emulator',
  summary: 'Run the emulated Entra alone, on loopback.',
  options: {
    port: { type: 'string', help: `Port to listen on; default ${DEFAULT_PORT}.` },
    directory: { type: 'string', help: 'JSON file of tenants, people and applications.' },
    'sign-in-as': { type: 'string', help: 'Sign this person in without asking.' },
    'clock-offset': {
      type: 'string',
      help: 'Seconds it is wrong by, such as --clock-offset=-600.',
    },
    'print-directory': { type: 'boolean', help: 'Print the directory as JSON and stop.' },
    json: { type: 'boolean', help: 'Print addresses and applications as JSON.' },
  },
  async run(context, given) {
    const { print, stopRequested } = context
    const directory = readDirectory(context, textOption(given, 'directory'))
    if (given.values['print-directory']) {
      for (const line of JSON.stringify(directory, undefined, 2).split('\n')) print(line)
      return 0
    }
    checkNotProduction(context)
    const port = parsePort(textOption(given, 'port'))
    const clockOffsetSeconds = parseSeconds(textOption(given, 'clock-offset'))
    checkPerson(directory, textOption(given, 'sign-in-as'))
    const emulator = await startEmulator({ port, directory, clockOffsetSeconds }).catch((cause) => {
      throw listenError(cause, { host: '127.0.0.1', port })
    })
    emulator.signInAutomaticallyAs(textOption(given, 'sign-in-as'))
    const applications = emulator.directory.applications.map(
      ({ clientId, displayName, homeTenantId, redirectUris }) => ({
        clientId,
        displayName,
        homeTenantId,
        redirectUris,
      }),
    )
    const administration = `${emulator.origin}/emulator`
    if (given.values.json)
      print(JSON.stringify({ authority: emulator.origin, administration, applications }))
    else printApplications(print, emulator.origin, applications)
    await stopRequested()
    await emulator.close()
    return 0
  },
}

function printApplications(
  print: (line: string) => void,
  origin: string,
  applications: readonly { clientId: string; displayName: string; homeTenantId: string }[],
): void {
  print('DEVELOPMENT: a made-up directory, on this machine only')
  for (const { clientId, displayName, homeTenantId } of applications) {
    print(`${displayName}: client ${clientId}, tenant ${homeTenantId}`)
  }
  print(`Administer at ${origin}/emulator`)
  print(`Authority ${origin}`)
}

/** Whoever can reach the emulator signs in as anybody. @throws {EntradaError} `development_mode_refused` */
function checkNotProduction({ environment }: CliContext): void {
  const problems = productionReasons(environment)
  if (problems.length > 0) throw new EntradaError('development_mode_refused', { problems })
}

/** @throws {EntradaError} `request_invalid` */
function readDirectory({ readTextFile }: CliContext, path: string | undefined): Directory {
  if (path === undefined) return seededDirectory()
  try {
    return parseDirectory(JSON.parse(readTextFile(path)))
  } catch (cause) {
    const problems = cause instanceof Error ? cause.message.split('\n') : []
    throw new EntradaError('request_invalid', { parameter: 'directory', problems }, { cause })
  }
}

/** @throws {EntradaError} `request_invalid` */
function checkPerson({ tenants }: Directory, name: string | undefined): void {
  if (name === undefined) return
  const wanted = name.toLowerCase()
  const isKnown = tenants.some(({ users }) =>
    users.some(({ userPrincipalName }) => userPrincipalName.toLowerCase() === wanted),
  )
  if (!isKnown) throw new EntradaError('request_invalid', { parameter: 'sign-in-as' })
}

/** @throws {EntradaError} `request_invalid` */
function parseSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^-?\d{1,8}$/.test(text))
    throw new EntradaError('request_invalid', { parameter: 'clock-offset' })
  return Number(text)
}

function parsePort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new EntradaError('request_invalid', { parameter: 'port' })
  return port
}
