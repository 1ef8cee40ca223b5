import { EntradaError } from '../../errors/errors.ts'
import { type Fresh, keepFresh, within } from '../keep-fresh.ts'
import type { EntraHttp } from '../provider-http.ts'
import { type EntraMetadata, parseDiscovery } from './protocol/discovery.ts'
import {
  findTrusted,
  isChanging,
  type KnownKeys,
  mergeSigningKeys,
} from './protocol/merge-signing-keys.ts'
import {
  isOtherKey,
  type PublishedKeys,
  parseSigningKeys,
  type SigningKey,
} from './protocol/signing-keys.ts'

const METADATA_LIFETIME_MS = 24 * 3_600_000
const KEYS_LIFETIME_MS = 3_600_000
/** While the authority's servers disagree about the keys, they are asked this often. */
const CHANGING_KEYS_LIFETIME_MS = 60_000
/** A token with an unknown key id makes this server ask again, but not more often than this, however many such tokens come. */
const UNKNOWN_KEY_INTERVAL_MS = 5_000

/** What one authority publishes for one tenant, fetched when needed and kept. */
export type EntraAuthority = {
  metadata(signal?: AbortSignal): Promise<EntraMetadata>
  /**
   * `undefined`: the authority does not publish such a key, also after asking again.
   *
   * @throws {EntradaError} `signing_key_awaited` when it was asked a moment ago, or its servers disagree about the keys
   */
  findSigningKey(kid: string, signal?: AbortSignal): Promise<SigningKey | undefined>
  /** The key that the authority publishes now under the same id, if it is another one: some servers give an id again. */
  findReplacement(key: SigningKey, signal?: AbortSignal): Promise<SigningKey | undefined>
}

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
    checkFound(status, 'discovery')
    return parseDiscovery(body, authority)
  })

  const keys = createKeys(now, async () => {
    const { jwksUri } = await metadata.get()
    const { status, body } = await http.get(jwksUri, { endpoint: 'keys' })
    checkFound(status, 'keys')
    return parseSigningKeys(body)
  })
  return { metadata: (signal) => within(signal, metadata.get()), ...keys }
}

/** A refusal is not what was asked for, whatever else is in it. */
function checkFound(status: number, endpoint: 'discovery' | 'keys'): void {
  if (status !== 200) throw new EntradaError('provider_answer_invalid', { endpoint, status })
}

/** @see https://learn.microsoft.com/entra/identity-platform/signing-key-rollover */
function createKeys(
  now: () => Date,
  load: () => Promise<PublishedKeys>,
): Pick<EntraAuthority, 'findSigningKey' | 'findReplacement'> {
  const time = () => now().getTime()
  const lifetime = (among: KnownKeys) =>
    isChanging(among, time()) ? CHANGING_KEYS_LIFETIME_MS : KEYS_LIFETIME_MS
  let known: KnownKeys = new Map()
  const keys = keepFresh(lifetime, now, async () => {
    known = mergeSigningKeys(known, await load(), time())
    return known
  })
  const askAgain = notMoreOftenThan(UNKNOWN_KEY_INTERVAL_MS, now, keys)

  return {
    async findSigningKey(kid, signal) {
      const key = findTrusted(await within(signal, keys.get()), kid, time())
      if (key !== undefined) return key
      const published = await within(signal, askAgain())
      const found = published && findTrusted(published, kid, time())
      if (found !== undefined) return found
      if (published !== undefined && !isChanging(published, time())) return undefined
      throw new EntradaError('signing_key_awaited', { kid })
    },
    async findReplacement(key, signal) {
      await within(signal, askAgain())
      const found = findTrusted(known, key.kid, time())
      return found && isOtherKey(found, key) ? found : undefined
    },
  }
}

/** Fetches again; `undefined` when that was done a moment ago. An answer that is still on its way counts for this caller too. */
function notMoreOftenThan<T>(
  intervalMs: number,
  now: () => Date,
  fresh: Fresh<T>,
): () => Promise<T | undefined> {
  let askedAt = Number.NEGATIVE_INFINITY
  return async () => {
    const time = now().getTime()
    if (time - askedAt < intervalMs) return fresh.underway()
    askedAt = time
    return fresh.renew()
  }
}
