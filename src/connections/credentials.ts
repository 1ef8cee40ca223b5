/** The credentials of a customer's connection: several at once, so that a new one is tested before the old one is removed. */
import type { AdminCaller } from '../access/admin-caller.ts'
import type { ChangeServices } from '../audit/audit.ts'
import { EntradaError } from '../errors/errors.ts'
import { found } from '../errors/found.ts'
import { newId } from '../keys/ids.ts'
import type { Secret } from '../keys/secret.ts'
import { isGuid } from '../protocol/guid.ts'
import { CLIENT_SECRET } from '../protocol/text-patterns.ts'
import type { Services } from '../services.ts'
import type { Connection, ConnectionCredential } from '../storage/records.ts'
import { changeConnection } from './change-connection.ts'
import { openCredential, sealCredential } from './sealed-credentials.ts'

const MOST_CREDENTIALS = 10
/** The lifetime is long, so that a renewal is rare; Entrada warns before the end. */
const CERTIFICATE_DAYS = 730

export type NewClientSecret = {
  readonly value: Secret
  readonly expiresAt?: Date
  /** `pending` while it waits for a test and others are active; the first credential of a connection is active. */
  readonly state?: 'active' | 'pending'
}

/**
 * Seals a client secret and adds it to the existing ones. Returns the connection and the id of the new credential.
 *
 * @throws {EntradaError} `client_secret_is_id`, `request_invalid`, and those of `changeConnection`
 */
export async function addClientSecret(
  services: ChangeServices & Pick<Services, 'keyRing'>,
  caller: AdminCaller,
  { connectionId, secret }: { readonly connectionId: string; readonly secret: NewClientSecret },
): Promise<{ readonly connection: Connection; readonly credentialId: string }> {
  const credential = newClientSecretCredential(services, { connectionId, secret })
  const connection = await addCredential(services, caller, { connectionId, credential })
  return { connection, credentialId: credential.id }
}

/**
 * Returns the credential that has this secret already, so that a caller which stores secrets elsewhere can find out whether
 * anything changed.
 */
export function findClientSecret(
  { keyRing }: Pick<Services, 'keyRing'>,
  { id: connectionId, credentials }: Connection,
  value: Secret,
): ConnectionCredential | undefined {
  const secret = value.reveal().trim()
  return credentials.find(({ id: credentialId, kind, sealed }) => {
    if (kind !== 'client_secret' || sealed === undefined) return false
    return openCredential(keyRing, sealed, { connectionId, credentialId }) === secret
  })
}

/** Creates a credential from a client secret. @throws {EntradaError} `client_secret_is_id`, `request_invalid` */
export function newClientSecretCredential(
  services: Pick<Services, 'keyRing' | 'now' | 'randomBytes'>,
  { connectionId, secret }: { readonly connectionId: string; readonly secret: NewClientSecret },
): ConnectionCredential {
  const text = checkClientSecret(secret.value.reveal())
  const id = newId(services, 'crd')
  return {
    id,
    kind: 'client_secret',
    sealed: sealCredential(services.keyRing, text, { connectionId, credentialId: id }),
    ...(secret.expiresAt ? { expiresAt: secret.expiresAt } : {}),
    state: secret.state ?? 'active',
    createdAt: services.now(),
  }
}

/** Creates a key pair as a credential: the key is sealed, the certificate is for the customer to upload. */
export async function newCertificateCredential(
  services: Services,
  connectionId: string,
): Promise<ConnectionCredential> {
  const now = services.now()
  const { certificate, privateKey } = await services.certificates.create({
    now,
    days: CERTIFICATE_DAYS,
  })
  const id = newId(services, 'crd')
  const place = { connectionId, credentialId: id }
  return {
    id,
    kind: 'certificate',
    sealed: sealCredential(services.keyRing, privateKey.reveal(), place),
    certificate,
    expiresAt: services.certificates.describe(certificate).expiresAt,
    state: 'active',
    createdAt: now,
  }
}

/** Creates a credential for the token that the platform issues to this deployment; the token itself is not stored. */
export function newFederatedCredential(
  services: Pick<Services, 'now' | 'randomBytes'>,
): ConnectionCredential {
  const id = newId(services, 'crd')
  return { id, kind: 'federated_token_file', state: 'active', createdAt: services.now() }
}

/**
 * Adds a credential to a connection.
 *
 * @throws {EntradaError} those of `changeConnection`; `request_invalid` when there are too many
 */
export async function addCredential(
  services: ChangeServices,
  caller: AdminCaller,
  added: { readonly connectionId: string; readonly credential: ConnectionCredential },
): Promise<Connection> {
  const change = (before: Connection): Connection => {
    if (before.credentials.length >= MOST_CREDENTIALS) {
      throw new EntradaError('request_invalid', { parameter: 'credentials' })
    }
    return { ...before, credentials: [...before.credentials, added.credential] }
  }
  return changeConnection(services, caller, { id: added.connectionId, change })
}

/**
 * Sets the state of a credential. The last active one of a connection that is on stays active.
 *
 * @throws {EntradaError} `record_not_found`, `credential_in_use`, and those of `changeConnection`
 */
export async function setCredentialState(
  services: ChangeServices,
  caller: AdminCaller,
  target: {
    readonly connectionId: string
    readonly credentialId: string
    readonly state: ConnectionCredential['state']
  },
): Promise<Connection> {
  const { connectionId, credentialId, state } = target
  const change = (before: Connection): Connection => {
    if (!before.credentials.some(({ id }) => id === credentialId)) {
      throw new EntradaError('record_not_found')
    }
    const credentials = before.credentials.map((credential) =>
      credential.id === credentialId ? { ...credential, state } : credential,
    )
    checkStillUsable(before, credentials)
    return { ...before, credentials }
  }
  return changeConnection(services, caller, { id: connectionId, change })
}

/**
 * Removes the value of a credential for good. The last active one of a connection that is on stays.
 *
 * @throws {EntradaError} `credential_in_use`, `record_not_found`
 */
export async function removeCredential(
  services: ChangeServices,
  caller: AdminCaller,
  { connectionId, credentialId }: { readonly connectionId: string; readonly credentialId: string },
): Promise<Connection> {
  const change = (before: Connection): Connection => {
    found(before.credentials.find(({ id }) => id === credentialId))
    const credentials = before.credentials.filter(({ id }) => id !== credentialId)
    checkStillUsable(before, credentials)
    return { ...before, credentials }
  }
  return changeConnection(services, caller, { id: connectionId, change })
}

/** Checks that a connection that is on still has a usable credential. @throws {EntradaError} `credential_in_use` */
function checkStillUsable(before: Connection, after: Connection['credentials']): void {
  const isUsable = (credentials: Connection['credentials']) =>
    credentials.some(({ state }) => state === 'active')
  if (before.status === 'on' && isUsable(before.credentials) && !isUsable(after)) {
    throw new EntradaError('credential_in_use')
  }
}

/**
 * Checks a client secret: it has 16 to 64 characters, and is not a GUID, which would be its id.
 *
 * @throws {EntradaError} `client_secret_is_id`, `request_invalid`
 */
function checkClientSecret(value: string): string {
  const text = value.trim()
  if (isGuid(text)) throw new EntradaError('client_secret_is_id')
  if (!CLIENT_SECRET.test(text)) {
    throw new EntradaError('request_invalid', { parameter: 'clientSecret' })
  }
  return text
}
