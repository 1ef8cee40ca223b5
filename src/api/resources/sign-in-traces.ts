import * as v from 'valibot'
import { pageJson, pageRequest, withoutUndefined } from '../../connections/page-json.ts'
import { recordJson } from '../../connections/record-json.ts'
import {
  organizationQuery,
  pageOf,
  pageQuery,
  text,
  timeAnswer,
  userIdQuery,
} from '../../connections/schema-parts.ts'
import { EntradaError } from '../../errors/errors.ts'
import { found } from '../../errors/found.ts'
import { strictObject } from '../../protocol/strict-object.ts'
import type { Services } from '../../services.ts'
import type { SignInTrace } from '../../storage/records.ts'
import { operation } from '../operation.ts'

const outcome = v.picklist(['signed_in', 'refused', 'failed'])

const signInTraceSchema = strictObject({
  id: v.string(),
  at: timeAnswer,
  outcome,
  code: v.pipe(
    v.nullable(v.string()),
    v.description('The error code of a refusal; see docs/reference/errors.md.'),
  ),
  organizationId: v.nullable(v.string()),
  connectionId: v.nullable(v.string()),
  userId: v.nullable(v.string()),
  correlationId: v.string(),
  steps: v.array(
    strictObject({
      step: v.string(),
      afterMs: v.number(),
      detail: v.optional(v.record(v.string(), v.unknown())),
    }),
  ),
})
export type SignInTraceJson = v.InferOutput<typeof signInTraceSchema>

export const signInTraceSchemas = { SignInTrace: signInTraceSchema }

export const signInTraceOperations = {
  listSignInTraces: operation({
    method: 'GET',
    path: '/sign-in-traces',
    does: 'Lists sign-ins with their steps, newest first.',
    access: { scope: 'sign-ins:read', of: 'own' },
    query: {
      ...pageQuery,
      ...organizationQuery,
      user: v.optional(userIdQuery),
      connection: v.optional(text(64)),
      outcome: v.optional(outcome),
      correlation_id: v.optional(text(64)),
    },
    answer: pageOf(signInTraceSchema),
    async run({ storage }, { query, within }) {
      const filter = withoutUndefined({
        userId: query.user,
        connectionId: query.connection,
        outcome: query.outcome,
        correlationId: query.correlation_id,
        organizationId: within,
      })
      return pageJson(await storage.listSignInTraces(filter, pageRequest(query)), signInTraceJson)
    },
  }),
  getSignInTrace: operation({
    method: 'GET',
    path: '/sign-in-traces/:id',
    does: 'Returns one sign-in with its steps.',
    access: { scope: 'sign-ins:read', of: 'own' },
    answer: signInTraceSchema,
    async run(services, { params, within }) {
      const trace = await getTrace(services, params.id)
      if (within !== undefined && trace.organizationId !== within) {
        throw new EntradaError('record_not_found')
      }
      return signInTraceJson(trace)
    },
  }),
}

/** Returns the trace with this id. @throws {EntradaError} `record_not_found` */
async function getTrace({ storage }: Pick<Services, 'storage'>, id: string): Promise<SignInTrace> {
  return found(await storage.findSignInTrace(id as SignInTrace['id'])) // any text: an unknown one finds nothing
}

/** Converts a sign-in trace to the JSON of the API. */
export function signInTraceJson(trace: SignInTrace): SignInTraceJson {
  return recordJson(signInTraceSchema, trace)
}
