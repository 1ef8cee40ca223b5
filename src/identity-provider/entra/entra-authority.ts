import { EntradaError } from '../../errors/errors.ts'
import { parseSigningKeys } from '../../protocol/signing-keys.ts'
import { keepFresh, within } from '../keep-fresh.ts'
import type { ProviderHttp } from '../provider-http.ts'
import { createPublishedKeys, type PublishedKeys } from '../published-keys.ts'
import { type EntraMetadata, parseDiscovery } from './protocol/discovery.ts'

const METADATA_LIFETIME_MS = 24 * 3_600_000

/** The metadata and keys that one authority publishes for one tenant, fetched when they are needed and kept. */
export type EntraAuthority = PublishedKeys & {
  metadata(signal?: AbortSignal): Promise<EntraMetadata>
}

/** Creates the authority of one tenant. Nothing is fetched before it is needed. */
export function createEntraAuthority(options: {
  readonly authority: URL
  readonly tenant: string
  readonly http: ProviderHttp
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

  const keys = createPublishedKeys(now, async () => {
    const { jwksUri } = await metadata.get()
    const { status, body } = await http.get(jwksUri, { endpoint: 'keys' })
    checkFound(status, 'keys')
    return parseSigningKeys(body)
  })
  return { metadata: (signal) => within(signal, metadata.get()), ...keys }
}

/** A response with another status is not the document, whatever it contains. */
function checkFound(status: number, endpoint: 'discovery' | 'keys'): void {
  if (status !== 200) throw new EntradaError('provider_answer_invalid', { endpoint, status })
}
