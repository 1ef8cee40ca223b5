/** Requests from the directory what a sign-in requests, its description and its keys, and compares its clock. */

import { EntradaError } from '../../errors/errors.ts'
import {
  type EntraMetadata,
  issuerForTenant,
  parseDiscovery,
} from '../../identity-provider/entra/protocol/discovery.ts'
import { isExternalId } from '../../identity-provider/entra/protocol/entra-hosts.ts'
import { mayKeySignFor } from '../../identity-provider/entra/protocol/key-issuer.ts'
import { parseSigningKeys } from '../../protocol/signing-keys.ts'
import { type AskContext, type Asked, ask, jsonOf } from '../ask.ts'
import type { DiscoveryFacts, EntraFacts, KeysFacts } from '../facts.ts'
import { describeFailure } from '../failure.ts'

export type EntraTarget = {
  readonly authority: URL
  readonly tenant: string
  readonly clientId: string
  /** Authorities of the clouds we know. */
  readonly clouds: readonly string[]
}

/** Probes the directory without its keys, for which no other probe waits. */
export async function probeEntra(context: AskContext, target: EntraTarget): Promise<EntraFacts> {
  const { authority, tenant, clientId, clouds } = target
  const discoveryUrl = discoveryUrlOf(authority.origin, tenant)
  const answer = await ask(context, discoveryUrl)
  const discovery = readDiscovery(answer, authority)
  const isMicrosoft = clouds.includes(authority.origin) || isExternalId(authority)
  const foundAt =
    discovery.kind === 'tenant_unknown' && isMicrosoft
      ? await findInOtherCloud(context, target)
      : undefined
  const clock = clockOf(answer)
  return {
    authority: authority.origin,
    isMicrosoft,
    tenant,
    clientId,
    discoveryUrl,
    discovery,
    ...(clock ? { clock } : {}),
    ...(foundAt ? { foundAt } : {}),
  }
}

function discoveryUrlOf(origin: string, tenant: string): string {
  return `${origin}/${encodeURIComponent(tenant)}/v2.0/.well-known/openid-configuration`
}

function readDiscovery(reply: Asked, authority: URL): DiscoveryFacts {
  if (reply.kind === 'failed') return { kind: 'unreachable', failure: reply }
  const { status } = reply
  const document = jsonOf(reply)
  if (status >= 500 || status === 429) return { kind: 'failing', status }
  // Entra answers with JSON; a page with the same status comes from another server.
  if ((status === 400 || status === 404) && typeof document?.error === 'string') {
    return { kind: 'tenant_unknown' }
  }
  if (status !== 200 || document === undefined) return { kind: 'not_understood', status }
  try {
    return { kind: 'found', metadata: parseDiscovery(document, authority) }
  } catch (error) {
    if (!(error instanceof EntradaError)) throw error
    return error.code === 'entra_metadata_invalid'
      ? { kind: 'of_another_party', member: String(error.detail.member) }
      : { kind: 'not_understood', status }
  }
}

/** Probes the keys with which the directory signs tokens. */
export async function probeKeys(context: AskContext, metadata: EntraMetadata): Promise<KeysFacts> {
  const url = metadata.jwksUri
  const { tenantId = '' } = metadata
  const issuer = issuerForTenant(metadata.issuer, tenantId)
  const answer = await ask(context, url)
  if (answer.kind === 'failed') {
    return { url, issuer, kind: 'unreachable', reason: describeFailure(answer) }
  }
  if (answer.status !== 200) {
    return { url, issuer, kind: 'unreachable', reason: `the answer was ${answer.status}` }
  }
  try {
    const keys = [...parseSigningKeys(jsonOf(answer)).keys.values()]
    const signing = keys.filter((key) => mayKeySignFor(key, issuer, tenantId)).length
    return { url, issuer, kind: 'published', usable: keys.length, signing }
  } catch {
    return { url, issuer, kind: 'empty' }
  }
}

/** What a directory publishes about itself is public in every cloud. */
async function findInOtherCloud(
  context: AskContext,
  { authority, tenant, clouds }: EntraTarget,
): Promise<string | undefined> {
  const others = clouds.filter((origin) => origin !== authority.origin)
  const answers = await Promise.all(
    others.map(async (origin) => {
      const answer = await ask(context, discoveryUrlOf(origin, tenant))
      return readDiscovery(answer, new URL(origin)).kind === 'found' ? origin : undefined
    }),
  )
  return answers.find((origin) => origin !== undefined)
}

function clockOf(reply: Asked): EntraFacts['clock'] {
  if (reply.kind === 'failed') return undefined
  const theirs = new Date(reply.headers.date ?? '')
  if (Number.isNaN(theirs.getTime())) return undefined
  return { theirs, ours: reply.at, tookMs: reply.tookMs }
}
