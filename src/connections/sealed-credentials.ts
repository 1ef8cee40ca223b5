import type { KeyRing } from '../keys/key-ring.ts'
import type { Connection, ConnectionCredential, ConnectionId } from '../storage/records.ts'

/** The row of a sealed credential; it cannot be opened in another row (design rule 15). */
type Place = { readonly connectionId: ConnectionId; readonly credentialId: string }

/** Seals the value of a credential for its row. */
export function sealCredential(keyRing: KeyRing, value: string, place: Place): string {
  return keyRing.seal('connection-credential', value, boundTo(place))
}

/** Opens the value of a credential. @throws {EntradaError} `sealed_value_invalid`, `secret_key_missing` */
export function openCredential(keyRing: KeyRing, sealed: string, place: Place): string {
  return keyRing.open('connection-credential', sealed, boundTo(place))
}

/**
 * Returns the connection with every credential sealed under the first key, and how many were sealed under another one.
 *
 * @throws {EntradaError} `sealed_value_invalid`, `secret_key_missing`
 */
export function resealCredentials(
  keyRing: KeyRing,
  connection: Connection,
): { readonly connection: Connection; readonly resealed: number } {
  let resealed = 0
  const credentials = connection.credentials.map((credential): ConnectionCredential => {
    const { id: credentialId, sealed } = credential
    if (sealed === undefined || keyRing.isNewest(sealed)) return credential
    const place = { connectionId: connection.id, credentialId }
    resealed += 1
    return {
      ...credential,
      sealed: sealCredential(keyRing, openCredential(keyRing, sealed, place), place),
    }
  })
  return { connection: { ...connection, credentials }, resealed }
}

function boundTo({ connectionId, credentialId }: Place): string {
  return `connections.credentials:${connectionId}:${credentialId}`
}
