/**
 * Changes a deployment, through the API, so that it matches a file.
 *
 *   readCurrent → planOf (pure) → applyStep, one after another
 *
 * After an interruption or a refusal the command is run again; what is already done is no longer a step.
 */

import type { OrganizationJson } from '../api/resources/organizations.ts'
import { EntradaApiError, type EntradaClient } from '../client/client.ts'
import type { Asked } from '../client/operation-types.ts'
import type { ConnectionJson } from '../connections/connection-schema.ts'
import type { Configuration, FileCredential } from './configuration-file.ts'
import { type Current, type Step, secretKeyOf } from './plan.ts'

/** Reads the secret behind a reference. */
export type ReadSecret = (reference: string) => string

/** Reads everything that the plan is compared with. */
export async function readCurrent(
  client: EntradaClient,
  target: Configuration,
  readSecret: ReadSecret,
): Promise<Current> {
  const organizations = new Map<string, OrganizationJson>()
  for await (const organization of client.all('listOrganizations', { query: { limit: 200 } })) {
    organizations.set(organization.id, organization)
  }
  const connections = new Map<string, ConnectionJson>()
  for await (const connection of client.all('listConnections', { query: { limit: 200 } })) {
    connections.set(connection.id, connection)
  }
  const credentialBySecret = new Map<string, string>()
  for (const [id, reference] of secretsOf(target)) {
    if (!hasSecrets(connections.get(id))) continue
    const input = { params: { id }, body: { value: readSecret(reference) } }
    const { credentialId } = await client.findCredential(input)
    if (credentialId !== null) credentialBySecret.set(secretKeyOf(id, reference), credentialId)
  }
  return { organizations, connections, credentialBySecret }
}

/** Returns the connection and the reference of every secret in the file. */
export function secretsOf({
  organizations,
}: Configuration): readonly (readonly [string, string])[] {
  return organizations.flatMap(({ connections }) =>
    (connections ?? []).flatMap(({ id, credentials }) =>
      (credentials ?? []).flatMap((credential) =>
        credential.kind === 'client_secret' ? [[id, credential.from] as const] : [],
      ),
    ),
  )
}

function hasSecrets(connection: ConnectionJson | undefined): boolean {
  return connection?.credentials.some(({ kind }) => kind === 'client_secret') ?? false
}

/** Performs one step. `waiting` means that nothing is wrong, but the connection cannot be turned on until it has been tested. */
export async function applyStep(
  client: EntradaClient,
  step: Step,
  readSecret: ReadSecret,
): Promise<'done' | 'waiting'> {
  try {
    await callFor(client, step, readSecret)
    return 'done'
  } catch (error) {
    const isUntested = error instanceof EntradaApiError && error.code === 'connection_not_tested'
    if (isUntested && step.kind === 'turn_on') return 'waiting'
    throw error
  }
}

/** The bodies are parts of a file that was checked with the schemas of these operations. */
async function callFor(
  client: EntradaClient,
  step: Step,
  readSecret: ReadSecret,
): Promise<unknown> {
  const params = { id: step.id }
  switch (step.kind) {
    case 'create_organization':
      return client.createOrganization({ body: step.body as Asked<'createOrganization'>['body'] })
    case 'change_organization':
      return client.changeOrganization({ params, body: step.body })
    case 'create_connection':
      return client.createConnection({ body: step.body as Asked<'createConnection'>['body'] })
    case 'take_over':
      return client.changeConnection({ params, body: { managedBy: 'file' } })
    case 'change_connection':
      return client.changeConnection({ params, body: step.body })
    case 'add_credential':
      return client.addCredential({ params, body: credentialBody(step.credential, readSecret) })
    case 'set_credential':
      return client.changeCredential({
        params: { ...params, credential: step.credentialId },
        body: { state: step.state },
      })
    case 'turn_on':
      return client.turnConnectionOn({ params })
    case 'turn_off':
      return client.turnConnectionOff({ params })
    case 'remove_credential':
      return client.removeCredential({ params: { ...params, credential: step.credentialId } })
    case 'remove_connection':
      return client.removeConnection({ params })
  }
}

function credentialBody(
  credential: FileCredential,
  readSecret: ReadSecret,
): Asked<'addCredential'>['body'] {
  if (credential.kind !== 'client_secret') return credential
  const { kind, from, expiresAt, state } = credential
  return {
    kind,
    value: readSecret(from),
    ...(expiresAt ? { expiresAt } : {}),
    ...(state === 'pending' ? { state } : {}),
  }
}
