import { join } from 'node:path'
import {
  type Directory,
  keepCertificate,
  parseDirectory,
  type StartEmulatorOptions,
  type StartedEmulator,
  seededDirectory,
  startEmulator,
} from '../emulator/start-emulator.ts'
import { EntradaError } from '../errors/errors.ts'
import { inspectSettings } from '../settings/config.ts'
import {
  type CliArguments,
  type CliContext,
  type Command,
  numberOption,
  textOption,
} from './command.ts'
import { notValid } from './command-failure.ts'
import {
  describeApplication,
  type EmulatorAddress,
  emulatorEnvironment,
  exportLines,
  shellWord,
  trustReaders,
} from './emulator-environment.ts'
import { listenError } from './http-server.ts'
import { printAnswer } from './print-answer.ts'
import { productionReasons } from './production-environment.ts'

const DEFAULT_PORT = 3001
const ports = {
  from: 0,
  to: 65_535,
  problem: 'must be a whole number from 0 to 65535; with 0 the system chooses',
}
const seconds = {
  from: -99_999_999,
  to: 99_999_999,
  problem: 'must be a whole number of seconds from -99999999 to 99999999',
}

export const emulatorCommand: Command = {
  name: 'emulator',
  summary: 'Run only the emulated Entra, on loopback.',
  options: {
    port: { help: `Port to listen on; default ${DEFAULT_PORT}.` },
    https: {
      type: 'boolean',
      help: 'Listen with https. The certificate is created once and kept; the printed lines make programs trust it.',
    },
    'public-origin': {
      help: 'Origin under which clients reach the emulator, such as https://entra.localhost:8443; issuers and endpoints start with it.',
    },
    data: { help: 'Folder of the certificate; default: emulator in ENTRADA_DATA_DIR.' },
    directory: { help: 'JSON file of tenants, people and applications.' },
    'sign-in-as': { help: 'Sign this user in without showing the sign-in page.' },
    'clock-offset': { help: 'Seconds by which its clock is wrong, such as --clock-offset=-600.' },
    'print-directory': { type: 'boolean', help: 'Print the directory as JSON and stop.' },
    env: {
      type: 'boolean',
      help: 'Print `export` lines of addresses, ids, secrets and certificate for a shell, and stop.',
    },
    json: { type: 'boolean', help: 'Print addresses, applications and variables as JSON.' },
  },
  async run(context, args) {
    const { print } = context
    const directory = readDirectory(context, textOption(args, 'directory'))
    if (args.values['print-directory']) {
      for (const line of JSON.stringify(directory, undefined, 2).split('\n')) print(line)
      return 0
    }
    checkNotProduction(context)
    checkPerson(directory, textOption(args, 'sign-in-as'))
    const options = { ...readOptions(context, args), directory }
    if (args.values.env) {
      for (const line of exportLines(futureAddress(options))) print(line)
      return 0
    }
    await runUntilStopped(context, args, options)
    return 0
  },
}

type Options = StartEmulatorOptions & { readonly port: number; readonly directory: Directory }

/** @throws {EntradaError} `request_invalid` */
function readOptions(context: CliContext, args: CliArguments): Omit<Options, 'directory'> {
  const https = args.values.https === true
  const publicOrigin = parseOrigin(textOption(args, 'public-origin'))
  if (https && publicOrigin?.startsWith('http:')) {
    throw notValid('public-origin', 'With --https it has to start with https://.')
  }
  return {
    port: numberOption(args, 'port', ports) ?? DEFAULT_PORT,
    clockOffsetSeconds: numberOption(args, 'clock-offset', seconds),
    publicOrigin,
    https: https ? { folder: dataFolder(context, args) } : undefined,
  }
}

function dataFolder({ environment, readTextFile }: CliContext, args: CliArguments): string {
  const { dataDir = '.' } = inspectSettings(environment, readTextFile).settings
  return textOption(args, 'data') ?? join(dataDir, 'emulator')
}

/** Returns the address of an emulator that is started with these options. @throws {EntradaError} `request_invalid` */
function futureAddress(options: Options): EmulatorAddress {
  const { port, publicOrigin, https, directory } = options
  if (port === 0 && publicOrigin === undefined) {
    throw notValid('port', 'With --env the port has to be known before the start.')
  }
  const scheme = https === undefined ? 'http' : 'https'
  // `URL.origin` leaves out the default port of the scheme, as the running emulator does.
  const { origin } = new URL(publicOrigin ?? `${scheme}://localhost:${port}`)
  const trust = https && keepingCertificate(() => keepCertificate(options, https).trust)
  return { origin, directory, trust }
}

async function runUntilStopped(
  context: CliContext,
  args: CliArguments,
  options: Options,
): Promise<void> {
  const { https } = options
  // The certificate is created before the start, so that an unusable folder is reported as such.
  if (https !== undefined) keepingCertificate(() => keepCertificate(options, https))
  const emulator = await startEmulator(options).catch((cause) => {
    throw listenError(cause, { host: '127.0.0.1', port: options.port })
  })
  emulator.signInAutomaticallyAs(textOption(args, 'sign-in-as'))
  printAnswer(context, args, { json: toJson(emulator), lines: describe(emulator) })
  await context.stopRequested()
  await emulator.close()
}

/** @throws {EntradaError} `data_folder_unusable` */
function keepingCertificate<T>(keep: () => T): T {
  try {
    return keep()
  } catch (cause) {
    throw new EntradaError('data_folder_unusable', {}, { cause })
  }
}

function toJson(emulator: StartedEmulator) {
  const { origin, directory, trust } = emulator
  return {
    authority: origin,
    administration: `${origin}/emulator`,
    applications: directory.applications.map((application) => ({
      clientId: application.clientId,
      displayName: application.displayName,
      homeTenantId: application.homeTenantId,
      redirectUris: application.redirectUris,
      spaRedirectUris: application.spaRedirectUris,
      nativeRedirectUris: application.nativeRedirectUris,
      identifierUris: application.identifierUris,
      secrets: application.secrets.map(({ value }) => value),
    })),
    environment: emulatorEnvironment(emulator),
    trust: trust ?? null,
  }
}

function describe(emulator: StartedEmulator): readonly string[] {
  const { origin, directory, trust } = emulator
  return [
    'DEVELOPMENT: a made-up directory, on this machine only',
    ...directory.applications.map(describeApplication),
    ...(trust === undefined ? [] : describeTrust(emulator)),
    `Administer at ${origin}/emulator`,
    `Authority ${origin}`,
  ]
}

function describeTrust(emulator: StartedEmulator): readonly string[] {
  const environment = emulatorEnvironment(emulator)
  return [
    `Certificate authority ${emulator.trust?.certificate}; programs trust it by these variables:`,
    ...Object.entries(trustReaders).map(
      ([name, readers]) => `  export ${name}=${shellWord(environment[name] ?? '')}  # ${readers}`,
    ),
  ]
}

/** Refuses in production, because every client that reaches the emulator can sign in as any user. @throws {EntradaError} `development_mode_refused` */
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
  const lowerCase = name.toLowerCase()
  const isKnown = tenants.some(({ users }) =>
    users.some(
      ({ id, userPrincipalName }) =>
        id === lowerCase || userPrincipalName.toLowerCase() === lowerCase,
    ),
  )
  if (isKnown) return
  throw notValid(
    'sign-in-as',
    'the directory has no such user; `--print-directory` lists the users',
  )
}

/** @throws {EntradaError} `request_invalid` */
function parseOrigin(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const url = URL.parse(text)
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href
  if (!isOrigin) {
    const problem = 'It is a scheme, a host and a port, such as https://localhost:8443.'
    throw notValid('public-origin', problem)
  }
  return url.origin
}
