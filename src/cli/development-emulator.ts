import {
  type Application,
  type Directory,
  type StartedEmulator,
  seededDirectory,
  startEmulator,
} from '../emulator/start-emulator.ts'
import { EntradaError } from '../errors/errors.ts'
import { Secret } from '../keys/secret.ts'
import type { CheckedOptions } from '../settings/check-options.ts'
import type { KeptDirectory } from './kept-directory.ts'

// The two applications of the built-in directory that the development server uses for sign-ins.
const OWN_CLIENT_ID = '33333333-3333-4333-8333-333333333333'
const SHARED_CLIENT_ID = '44444444-4444-4444-8444-444444444444'

/** The emulated Entra of a development server, and whether it had to use another port than before. */
export type DevelopmentEmulator = {
  readonly emulator: StartedEmulator
  /** The usual port, if another program uses it and the emulator had to choose another one. */
  readonly takenPort: number | undefined
}

/**
 * Starts the emulated Entra with the directory of the last start. Its port is the one after the server's, so that its
 * address, which connections store, is the same at every start.
 *
 * @throws {EntradaError} `development_directory_invalid`
 */
export async function startDevelopmentEmulator(
  serverUrl: URL,
  kept: KeptDirectory,
): Promise<DevelopmentEmulator> {
  const last = kept.find()
  const resumed = last && withServerAddresses(last, serverUrl)
  const options = {
    directory: withServerAddresses(seededDirectory(), serverUrl),
    onDirectoryChange: kept.save,
  }
  const port = Number(serverUrl.port || 80) + 1
  const there = await startEmulator({ port, ...options }).catch(() => undefined)
  const emulator = there ?? (await startEmulator(options))
  // The emulator starts with the original directory, because its reset restores the directory that it started with.
  if (resumed !== undefined) emulator.replaceDirectory(resumed)
  return { emulator, takenPort: there === undefined ? port : undefined }
}

/** Returns the default connection of a development server, which uses the application of Contoso. */
export function emulatedEntra(emulator: StartedEmulator): NonNullable<CheckedOptions['entra']> {
  const { clientId, homeTenantId, secrets } = getApplication(emulator.directory, OWN_CLIENT_ID)
  return {
    tenantId: homeTenantId,
    clientId,
    clientSecret: new Secret(secrets[0]?.value ?? ''),
    authority: new URL(emulator.origin),
  }
}

/** Returns the application that customers of a development server may consent to instead of registering their own. */
export function emulatedShared(emulator: StartedEmulator) {
  const { clientId, secrets } = getApplication(emulator.directory, SHARED_CLIENT_ID)
  const clientSecret = new Secret(secrets[0]?.value ?? '')
  return { clientId, clientSecret, authority: new URL(emulator.origin) }
}

/** Returns the directory with the addresses of this server registered in both applications, whichever port it uses. */
function withServerAddresses(directory: Directory, { origin }: URL): Directory {
  const own = getApplication(directory, OWN_CLIENT_ID)
  const shared = getApplication(directory, SHARED_CLIENT_ID)
  const changed = new Map<Application, Application>([
    [
      own,
      {
        ...withRedirectUri(own, `${origin}/auth/entra/callback`),
        logoutUrl: `${origin}/auth/entra/frontchannel-logout`,
      },
    ],
    [shared, withRedirectUri(shared, `${origin}/login/callback`)],
  ])
  const applications = directory.applications.map(
    (application) => changed.get(application) ?? application,
  )
  return { ...directory, applications }
}

function withRedirectUri(application: Application, uri: string): Application {
  const { redirectUris } = application
  return redirectUris.includes(uri)
    ? application
    : { ...application, redirectUris: [...redirectUris, uri] }
}

/** @throws {EntradaError} `development_directory_invalid` */
function getApplication({ applications }: Directory, clientId: string): Application {
  const application = applications.find((candidate) => candidate.clientId === clientId)
  if (application !== undefined) return application
  const problem = `The application ${clientId}, which the server signs in with, is not in it.`
  throw new EntradaError('development_directory_invalid', { problems: [problem] })
}
