/** Judges what happens to requests between a public address and the server. */
import { version as ownVersion } from '../http/version.ts'
import type { KeyRingFacts, PassedFacts, ServerFacts } from './facts.ts'
import { type Finding, newFinding } from './finding.ts'

/** Judges the server that answers at an address, and the proxy in front of it. */
export function diagnoseServer(
  origin: string,
  server: ServerFacts,
  keyRing: KeyRingFacts | undefined,
): readonly Finding[] {
  const troubles = [...anyProxy(origin, server), ...provenProxy(origin, server)]
  const isExamined = server.passed !== undefined && server.passedAgain !== undefined
  return [
    ...troubles,
    ...identity(origin, server, keyRing),
    ...(isExamined && troubles.length === 0
      ? [newFinding('proxy_passes_requests', { origin })]
      : []),
  ]
}

function identity(
  origin: string,
  { token, isDirect, version, keyIds }: ServerFacts,
  keyRing: KeyRingFacts | undefined,
): readonly Finding[] {
  if (token === 'another') return [newFinding('server_has_other_token', { origin })]
  if (token === 'not_at_hand') return isDirect ? [] : [newFinding('proxy_not_examined', { origin })]
  const isOther = version !== undefined && version !== ownVersion
  return [
    ...(isOther
      ? [newFinding('server_has_other_version', { origin, running: version, own: ownVersion })]
      : []),
    ...keyRings(origin, keyIds ?? [], keyRing),
  ]
}

function keyRings(
  origin: string,
  running: readonly string[],
  keyRing: KeyRingFacts | undefined,
): readonly Finding[] {
  const ownKeyIds =
    keyRing?.inSettings ?? (keyRing?.inFile.kind === 'held' ? keyRing.inFile.keyIds : [])
  if (ownKeyIds.length === 0 || running.join() === ownKeyIds.join()) return []
  const id = running.some((keyId) => ownKeyIds.includes(keyId))
    ? 'server_has_older_key_ring'
    : 'server_has_other_key_ring'
  return [
    newFinding(
      id,
      { origin },
      running.map((keyId) => `key ${keyId}`),
    ),
  ]
}

/** Judges what a client can see. */
function anyProxy(origin: string, server: ServerFacts): readonly Finding[] {
  const { hiddenPaths, repeatedHeaders, changedHeaders, largeCookies, isCached } = server
  return [
    ...(isCached ? [newFinding('proxy_caches_pages', { origin })] : []),
    ...(hiddenPaths.length > 0 ? [newFinding('proxy_hides_paths', { origin }, hiddenPaths)] : []),
    ...(largeCookies === undefined
      ? []
      : [newFinding('proxy_refuses_large_cookies', { origin, answer: largeCookies })]),
    ...(changedHeaders.length > 0
      ? [newFinding('proxy_changes_policies', { origin }, changedHeaders)]
      : []),
    ...(repeatedHeaders.length > 0
      ? [newFinding('proxy_repeats_policies', { origin }, repeatedHeaders)]
      : []),
  ]
}

/** Judges what the server reported of the requests that arrived. */
function provenProxy(origin: string, server: ServerFacts): readonly Finding[] {
  const { passed, passedAgain, isDirect } = server
  return [
    ...(passed && !isDirect ? clientAddress(origin, passed) : []),
    ...(passed ? requestParts(origin, passed) : []),
    ...(passedAgain?.authorization === false
      ? [newFinding('proxy_drops_authorization', { origin })]
      : []),
    ...(passedAgain?.forgedClient && !isDirect
      ? [newFinding('proxy_passes_forged_address', { origin })]
      : []),
  ]
}

function clientAddress(
  origin: string,
  { isTrustedProxy, namesClient, remoteAddress: address }: PassedFacts,
): readonly Finding[] {
  if (!isTrustedProxy) return [newFinding('proxy_not_trusted', { origin, address })]
  return namesClient ? [] : [newFinding('proxy_sends_no_client_address', { origin, address })]
}

function requestParts(origin: string, passed: PassedFacts): readonly Finding[] {
  const { cookie, setCookie, target, origin: hasOrigin, fetchSite } = passed
  const dropped = [...(hasOrigin ? [] : ['Origin']), ...(fetchSite ? [] : ['Sec-Fetch-Site'])]
  return [
    ...(cookie ? [] : [newFinding('proxy_drops_cookies', { origin })]),
    ...(setCookie === 'dropped' ? [newFinding('proxy_drops_set_cookie', { origin })] : []),
    ...(setCookie === 'changed' ? [newFinding('proxy_changes_cookies', { origin })] : []),
    ...(target.sent === target.received
      ? []
      : [newFinding('proxy_changes_addresses', { origin }, [target.sent, target.received])]),
    ...(dropped.length > 0 ? [newFinding('proxy_drops_headers', { origin }, dropped)] : []),
  ]
}
