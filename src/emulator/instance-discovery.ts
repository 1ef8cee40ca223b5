import type { Exchange } from './exchange.ts'
import { findAuthority } from './find-in-directory.ts'
import { refusal, refusalResponse } from './refusals.ts'
import type { EmulatorState } from './state.ts'

/**
 * Confirms to Microsoft's libraries that they may trust the host of an authority, and returns the address of its discovery
 * document. They ask the real Entra about unknown hosts, unless they are configured not to.
 */
export function answerInstanceDiscovery(
  state: EmulatorState,
  { parameters, trace }: Exchange,
): Response {
  const { host, origin } = new URL(state.origin)
  const endpoint = URL.parse(parameters.get('authorization_endpoint') ?? '')
  const segment = endpoint?.pathname.split('/')[1] ?? ''
  const isOurs = endpoint?.host === host && findAuthority(state.directory, segment) !== undefined
  if (!isOurs) return refusalResponse(refusal(50049), state.origin, trace)
  return Response.json({
    tenant_discovery_endpoint: `${origin}/${segment}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  })
}
