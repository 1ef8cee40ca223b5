import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Directory } from './directory.ts'
import { createEmulator, type Emulator } from './emulator.ts'
import {
  keepServerCertificate,
  type ServerCertificate,
  type TrustFiles,
} from './server-certificate.ts'

export type {
  Application,
  Changes,
  Directory,
  Emulator,
  EmulatorHandles,
  EmulatorOptions,
  EmulatorRequest,
  Endpoint,
  Fault,
  FederatedTokenOptions,
  Group,
  NewApplication,
  NewFederatedCredential,
  NewGroup,
  NewUser,
  Permissions,
  Platform,
  Policy,
  Tenant,
  User,
} from './emulator.ts'
export { createEmulator, parseDirectory, seededDirectory } from './emulator.ts'
export type { TrustFiles } from './server-certificate.ts'
export {
  type Fetch,
  type SignedIn,
  type SignInThroughOptions,
  signInThrough,
} from './sign-in-through.ts'

export type StartEmulatorOptions = {
  /** A loopback address. The emulator signs in any user, so it listens on no other address. */
  readonly hostname?: string | undefined
  /** The port; 0, the default, is any free port. */
  readonly port?: number | undefined
  /** The origin in all addresses; `http://localhost:<port>` by default. */
  readonly publicOrigin?: string | undefined
  /**
   * Serves https, with a certificate that is created at the first start and stored in this folder. It is valid for localhost,
   * 127.0.0.1, ::1 and the host of the public origin.
   */
  readonly https?: { readonly folder: string } | undefined
  /** A separate host for Microsoft Graph, which has to lead to this port. */
  readonly graphOrigin?: string | undefined
  readonly directory?: Directory | undefined
  readonly clockOffsetSeconds?: number | undefined
  readonly now?: (() => Date) | undefined
  /** Called with every changed directory before the change takes effect; if it throws, nothing changes. */
  readonly onDirectoryChange?: ((directory: Directory) => void) | undefined
}

export type StartedEmulator = Omit<Emulator, 'close'> & {
  readonly port: number
  /** The files with which other programs trust the certificate, if the emulator serves https. */
  readonly trust: TrustFiles | undefined
  /** Stops listening and ends every connection, including those that hang. */
  close(): Promise<void>
}

/** Starts an emulator on a port of this machine. */
export async function startEmulator(options: StartEmulatorOptions = {}): Promise<StartedEmulator> {
  const hostname = options.hostname ?? '127.0.0.1'
  if (!isLoopback(hostname)) throw new Error(`the emulator listens on loopback, not on ${hostname}`)

  // The origin contains the port, which is known only after the server listens.
  let emulator: Emulator | undefined
  const tls = options.https && keepCertificate(options, options.https)
  const limits = { headersTimeout: 10_000, requestTimeout: 30_000, maxHeaderSize: 65_536 }
  const adaptor = {
    // This rejects when the client has disconnected, so the response is not read.
    fetch: async (request: Request) =>
      (await emulator?.fetch(request).catch(unavailable)) ?? unavailable(),
    overrideGlobalObjects: false,
  }
  const server =
    tls === undefined
      ? createAdaptorServer({ ...adaptor, serverOptions: limits })
      : createAdaptorServer({
          ...adaptor,
          createServer,
          serverOptions: { ...limits, key: tls.key, cert: tls.certificate },
        })
  const port = await listen(server, { hostname, port: options.port ?? 0 })
  const scheme = tls === undefined ? 'http' : 'https'
  const origin = options.publicOrigin ?? `${scheme}://localhost:${port}`
  emulator = createEmulator({ ...options, origin })
  return started(emulator, { port, server, trust: tls?.trust })
}

/** Returns the certificate of an emulator, and creates it unless the folder has one for its host names. */
export function keepCertificate(
  { publicOrigin, now }: Pick<StartEmulatorOptions, 'publicOrigin' | 'now'>,
  { folder }: { readonly folder: string },
): ServerCertificate {
  const publicHost = publicOrigin && new URL(publicOrigin).hostname.replace(/^\[(.*)\]$/, '$1')
  const hostnames = ['localhost', '127.0.0.1', '::1', ...(publicHost ? [publicHost] : [])]
  return keepServerCertificate({ folder, hostnames, now: now?.() ?? new Date() })
}

type ServerLike = ReturnType<typeof createAdaptorServer>

function started(
  emulator: Emulator,
  {
    port,
    server,
    trust,
  }: {
    readonly port: number
    readonly server: ServerLike
    readonly trust: TrustFiles | undefined
  },
): StartedEmulator {
  return {
    ...emulator,
    // These are getters again, because the spread copied their current values.
    get directory() {
      return emulator.directory
    },
    get faults() {
      return emulator.faults
    },
    port,
    trust,
    async close() {
      emulator.close()
      await stop(server)
    },
  }
}

function unavailable(): Response {
  return new Response(null, { status: 503 })
}

async function listen(
  server: ServerLike,
  address: { readonly hostname: string; readonly port: number },
): Promise<number> {
  server.listen(address.port, address.hostname)
  await once(server, 'listening') // rejects on `error`, such as a port in use
  return portOf(server)
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address()
  if (address === null || typeof address === 'string') throw new Error('the emulator has no port')
  return address.port
}

async function stop(server: ServerLike): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  if ('closeAllConnections' in server) server.closeAllConnections()
  await closed
}

function isLoopback(hostname: string): boolean {
  return ['127.0.0.1', '::1', 'localhost'].includes(hostname)
}
