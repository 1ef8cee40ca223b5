/**
 * What a server loads after it listens. Routes, pages, MSAL and Node's Web requests are most of the program, and none of them is needed to
 * listen; the first user must not wait for them either.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Entrada } from '../entrada.ts'
import { asEntradaError } from '../errors/errors.ts'
import type { RunningServices } from '../open-services.ts'
import type { CheckedOptions } from '../settings/check-options.ts'

/** The time limit for what is fetched from the identity provider. A sign-in fetches it again. */
const WARM_UP_MS = 10_000

/** A proxy or a script that waits for the server asks at least this often. */
const QUIET_MS = 100

/** Creates the handler of requests, which loads the routes with the first request, or before it by {@link warmUp}. */
export function createEntradaLater(
  options: CheckedOptions,
  services: RunningServices,
): Pick<Entrada, 'fetch'> & { readonly load: () => Promise<Entrada> } {
  let loading: Promise<Entrada> | undefined
  const load = () => {
    loading ??= import('../entrada.ts').then(({ createEntrada }) =>
      createEntrada(options, services),
    )
    return loading
  }
  return { load, fetch: async (request, remote) => (await load()).fetch(request, remote) }
}

/** Warms up after a moment in which the first requests are answered: loading a part of the program keeps them waiting. */
export async function warmUpSoon(...given: Parameters<typeof warmUp>): Promise<void> {
  const [, , stopped] = given
  await sleep(QUIET_MS, undefined, { ref: false })
  if (!stopped.aborted) await warmUp(...given)
}

/**
 * Loads what the first request needs, and what the first sign-in through the configured connection needs. Never rejects: a provider that
 * cannot be reached now is asked again by the first sign-in.
 */
export async function warmUp(
  services: Pick<RunningServices, 'deployment' | 'storage' | 'identityProviderFor' | 'log'>,
  load: () => Promise<unknown>,
  stopped: AbortSignal,
): Promise<void> {
  // A request that already waits is answered between two steps.
  await nextTurn()
  await load()
  await nextTurn()
  await import('@hono/node-server')
  new Response('') // Node loads its Web requests with the first use.
  await nextTurn()
  if (!stopped.aborted) await warmUpProvider(services, stopped)
}

async function warmUpProvider(
  {
    deployment: { defaultConnectionId },
    storage,
    identityProviderFor,
    log,
  }: Parameters<typeof warmUp>[0],
  stopped: AbortSignal,
): Promise<void> {
  if (defaultConnectionId === undefined) return
  try {
    const connection = await storage.findConnection(defaultConnectionId)
    if (connection === undefined) return
    const deadline = AbortSignal.any([stopped, AbortSignal.timeout(WARM_UP_MS)])
    await identityProviderFor(connection).warmUp?.(deadline)
  } catch (cause) {
    if (stopped.aborted) return
    const { code } = asEntradaError(cause)
    log.warn('provider_not_reached', { code, connectionId: defaultConnectionId, error: cause })
  }
}
