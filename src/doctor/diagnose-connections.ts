/** Connections held against each other. */
import type { Facts, SeenConnection } from './facts.ts'
import { type Finding, newFinding } from './finding.ts'
import { seenIn } from './seen.ts'

/** Connections that are on and that one of them would be enough for. */
export function diagnoseConnections(facts: Facts): readonly Finding[] {
  const connections = seenIn(facts)?.connections ?? []
  const shared = connections.filter((one) => connections.some((other) => isSame(one, other)))
  if (shared.length === 0) return []
  const items = shared.map(
    ({ id, name, organizationId, clientId }) =>
      `${id} (${name}) of ${organizationId}: application ${clientId}`,
  )
  return [newFinding('connections_share_application', {}, items)]
}

/** The deployment's own multi-tenant application is made for that. */
function isSame(one: SeenConnection, other: SeenConnection): boolean {
  return (
    one.organizationId !== other.organizationId &&
    one.clientId === other.clientId &&
    !one.usesSharedApplication &&
    one.tenants.some((tenant) => other.tenants.includes(tenant))
  )
}
