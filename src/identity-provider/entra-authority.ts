import { EntradaError } from '../errors.ts'
import { type EntraMetadata, parseDiscovery } from '../protocol/discovery.ts'
import { parseSigningKeys, type SigningKey } from '../protocol/signing-keys.ts'
import type { EntraHttp } from './entra-http.ts'

const METADATA_LIFETIME_MS = 24 * 3_600_000
const KEYS_LIFETIME_MS = 3_600_000
/** A key id nobody knows makes us ask again, but not more often than this, however many tokens claim one. */
const UNKNOWN_KEY_INTERVAL_MS = 5_000
/** While the authority is down, what is kept serves everybody; only one in this time waits for a new try. */
const RETRY_INTERVAL_MS = 5_000

/** What one authority publishes for one tenant, fetched when needed and kept. */
export type EntraAuthority = {
  metadata(signal?: AbortSignal): Promise<EntraMetadata>
  /** `undefined`: the authority does not publish such a key, also after asking again. */
  findSigningKey(kid: string, signal?: AbortSignal): Promise<SigningKey | undefined>
}

type Kept<T> = { readonly value: T; readonly fetchedAt: number }

/**
 * One caller fetches, the others wait for the same answer; what was good stays in use while the authority is down.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/signing-key-rollover
 */
export function createEntraAuthority(options: {
  readonly authority: URL
  readonly tenant: string
  readonly http: EntraHttp
  readonly now: () => Date
}): EntraAuthority {
  const { authority, tenant, http, now } = options

  const metadata = keepFresh(METADATA_LIFETIME_MS, now, async () => {
    const url = `${authority.origin}/${encodeURIComponent(tenant)}/v2.0/.well-known/openid-configuration`
    const { status, body } = await http.get(url, { endpoint: 'discovery' })
    if (status === 400 || status === 404)
      throw new EntradaError('entra_tenant_not_found', { status })
    return parseDiscovery(body, authority)
  })

  const keys = keepFresh(KEYS_LIFETIME_MS, now, async () => {
    const { jwksUri } = await metadata.get()
    const { body } = await http.get(jwksUri, { endpoint: 'keys' })
    return parseSigningKeys(body)
  })

  let askedAgainAt = Number.NEGATIVE_INFINITY
  return {
    metadata: (signal) => within(signal, metadata.get()),
    async findSigningKey(kid, signal) {
      const known = (await within(signal, keys.get())).get(kid)
      const time = now().getTime()
      if (known !== undefined) return known
      if (time - askedAgainAt < UNKNOWN_KEY_INTERVAL_MS) {
        // Somebody asked a moment ago; if that answer is still on its way, it counts for us too.
        return (await within(signal, keys.underway() ?? keys.get())).get(kid)
      }
      askedAgainAt = time
      return (await within(signal, keys.renew())).get(kid)
    },
  }
}

type Fresh<T> = {
  get(): Promise<T>
  renew(): Promise<T>
  underway(): Promise<T> | undefined
}

function keepFresh<T>(lifetimeMs: number, now: () => Date, load: () => Promise<T>): Fresh<T> {
  let kept: Kept<T> | undefined
  let loading: Promise<T> | undefined
  let failedAt = Number.NEGATIVE_INFINITY

  async function loadAndKeep(): Promise<T> {
    try {
      const value = await load()
      kept = { value, fetchedAt: now().getTime() }
      return value
    } catch (error) {
      failedAt = now().getTime()
      throw error
    } finally {
      loading = undefined
    }
  }

  const renew = () => {
    loading ??= loadAndKeep()
    return loading
  }

  return {
    renew,
    underway: () => loading,
    async get() {
      const held = kept
      if (held === undefined) return renew()
      const time = now().getTime()
      if (time - held.fetchedAt < lifetimeMs || time - failedAt < RETRY_INTERVAL_MS) {
        return held.value
      }
      return renew().catch(() => held.value)
    },
  }
}

/** Ends the waiting, not the fetch: others may be waiting for it too. */
async function within<T>(signal: AbortSignal | undefined, promise: Promise<T>): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const giveUp = () =>
      reject(new EntradaError('entra_timeout', { endpoint: 'discovery or keys' }))
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}
