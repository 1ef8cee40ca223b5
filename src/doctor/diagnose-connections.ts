/** Compares connections with each other. */
import type { Facts, SeenConnection } from './facts.ts'
import { type Finding, newFinding } from './finding.ts'
import { seenIn } from './seen.ts'

/** Reports connections that are on and have the same directory and application. */
export function diagnoseConnections(facts: Facts): readonly Finding[] {
  const connections = seenIn(facts)?.connections ?? []
  const shared = connections.filter((connection) =>
    connections.some((other) => isSame(connection, other)),
  )
  if (shared.length === 0) return []
  const items = shared.map(
    ({ id, name, organizationId, clientId }) =>
      `${id} (${name}) of ${organizationId}: application ${clientId}`,
  )
  return [newFinding('connections_share_application', {}, items)]
}

/** The deployment's multi-tenant application is meant to be shared, so it does not count. */
function isSame(connection: SeenConnection, other: SeenConnection): boolean {
  return (
    connection.organizationId !== other.organizationId &&
    connection.clientId === other.clientId &&
    !connection.usesSharedApplication &&
    connection.tenants.some((tenant) => other.tenants.includes(tenant))
  )
}
