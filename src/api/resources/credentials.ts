import * as v from 'valibot'
import { credentialJson } from '../../connections/connection-json.ts'
import { credentialSchema } from '../../connections/connection-schema.ts'
import {
  addClientSecret,
  addCredential,
  findClientSecret,
  newCertificateCredential,
  newFederatedCredential,
  removeCredential,
  setCredentialState,
} from '../../connections/credentials.ts'
import { withoutUndefined } from '../../connections/page-json.ts'
import { text, time } from '../../connections/schema-parts.ts'
import { found } from '../../errors/found.ts'
import { Secret } from '../../keys/secret.ts'
import { strictObject } from '../../protocol/strict-object.ts'
import { CLIENT_SECRET } from '../../protocol/text-patterns.ts'
import type { Connection } from '../../storage/records.ts'
import { operation } from '../operation.ts'
import { ownerOfConnection } from './connections.ts'

const state = v.pipe(
  v.optional(v.picklist(['active', 'pending']), 'active'),
  v.description(
    '`pending`: stored in addition to the active credentials, and not used until a test sign-in with it has succeeded.',
  ),
)
const newCredentialSchema = v.variant('kind', [
  strictObject({
    kind: v.literal('client_secret'),
    value: v.pipe(
      text(512),
      v.regex(CLIENT_SECRET, 'must be 8 to 256 visible ASCII characters'),
      v.description('The value of the secret, not its id. It is never returned.'),
    ),
    expiresAt: v.optional(time),
    state,
  }),
  strictObject({
    kind: v.pipe(
      v.literal('certificate'),
      v.description(
        'Entrada generates a key pair; upload the `certificate` of the response to Entra.',
      ),
    ),
    state,
  }),
  strictObject({
    kind: v.pipe(
      v.literal('federated_token_file'),
      v.description(
        "No secret: the token of the deployment's own platform, which the customer trusts.",
      ),
    ),
    state,
  }),
])
const changeSchema = strictObject({ state: v.picklist(['active', 'pending', 'retired']) })

export const credentialSchemas = {
  Credential: credentialSchema,
  NewCredential: newCredentialSchema,
  CredentialChange: changeSchema,
}

const access = { scope: 'connections:write', of: ownerOfConnection } as const

export const credentialOperations = {
  addCredential: operation({
    method: 'POST',
    path: '/connections/:id/credentials',
    does: 'Adds a credential to a connection; existing ones are kept. Its value is stored sealed and never returned.',
    access,
    body: newCredentialSchema,
    answer: credentialSchema,
    creates: true,
    refusals: ['client_secret_is_id', 'connection_read_only'],
    async run(services, { by, params: { id: connectionId }, body }) {
      if (body.kind === 'client_secret') {
        const { value, expiresAt, state } = body
        const secret = { value: new Secret(value), state, ...withoutUndefined({ expiresAt }) }
        const added = await addClientSecret(services, by, { connectionId, secret })
        return credentialJson(getCredential(added.connection, added.credentialId))
      }
      const made =
        body.kind === 'certificate'
          ? await newCertificateCredential(services, connectionId)
          : newFederatedCredential(services)
      const credential = { ...made, state: body.state }
      await addCredential(services, by, { connectionId, credential })
      return credentialJson(credential)
    },
  }),
  findCredential: operation({
    method: 'POST',
    path: '/connections/:id/find-credential',
    does: 'Finds the credential with this secret, if there is one, so that a caller knows whether to add it.',
    access,
    body: strictObject({ value: text(256) }),
    answer: strictObject({ credentialId: v.nullable(v.string()) }),
    async run(services, { params, body }) {
      const connection = found(await services.storage.findConnection(params.id))
      const credential = findClientSecret(services, connection, new Secret(body.value))
      return { credentialId: credential?.id ?? null }
    },
  }),
  changeCredential: operation({
    method: 'PATCH',
    path: '/connections/:id/credentials/:credential',
    does: 'Activates a credential, or retires it without removing it.',
    access,
    body: changeSchema,
    answer: credentialSchema,
    refusals: ['connection_read_only', 'credential_in_use'],
    async run(services, { by, params: { id: connectionId, credential: credentialId }, body }) {
      const input = { connectionId, credentialId, state: body.state }
      const connection = await setCredentialState(services, by, input)
      return credentialJson(getCredential(connection, credentialId))
    },
  }),
  removeCredential: operation({
    method: 'DELETE',
    path: '/connections/:id/credentials/:credential',
    does: 'Removes a credential permanently.',
    access,
    refusals: ['connection_read_only', 'credential_in_use'],
    async run(services, { by, params: { id: connectionId, credential: credentialId } }) {
      await removeCredential(services, by, { connectionId, credentialId })
    },
  }),
}

function getCredential({ credentials }: Connection, id: string) {
  return found(credentials.find((candidate) => candidate.id === id))
}
