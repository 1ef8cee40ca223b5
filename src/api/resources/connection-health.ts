import * as v from 'valibot'
import { recordJson } from '../../connections/record-json.ts'
import { timeAnswer } from '../../connections/schema-parts.ts'
import { currentCode } from '../../errors/former-codes.ts'
import { strictObject } from '../../protocol/strict-object.ts'
import { operation } from '../operation.ts'
import { ownerOfConnection } from './connections.ts'

/**
 * The health is separate from the connection: it changes with every sign-in, which must not affect `If-Match` on the connection.
 */
const connectionHealthSchema = strictObject({
  lastSuccessAt: v.nullable(timeAnswer),
  lastFailureAt: v.nullable(timeAnswer),
  lastFailureCode: v.pipe(
    v.nullable(v.string()),
    v.description(
      'Why sign-ins fail: an error of Entra or of the network, or a refused credential. A user who is refused by a policy is not a failure of the connection.',
    ),
  ),
  failuresInARow: v.pipe(v.number(), v.description('Since the last success.')),
  failingSince: v.nullable(timeAnswer),
})

export const connectionHealthSchemas = { ConnectionHealth: connectionHealthSchema }

export const connectionHealthOperations = {
  getConnectionHealth: operation({
    method: 'GET',
    path: '/connections/:id/health',
    does: 'Returns the recent successes and failures of sign-ins through a connection, with a delay of a few seconds.',
    access: { scope: 'connections:read', of: ownerOfConnection },
    answer: connectionHealthSchema,
    async run({ storage }, { params: { id } }) {
      const health = (await storage.findConnectionHealth([id])).get(id)
      const code = health?.lastFailureCode
      return recordJson(connectionHealthSchema, {
        failuresInARow: 0,
        ...health,
        lastFailureCode: code === undefined ? undefined : currentCode(code),
      })
    },
  }),
}
