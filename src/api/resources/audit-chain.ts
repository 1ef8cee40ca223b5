/** The audit chain for operators: verifying it, and restarting it when it cannot continue. */
import * as v from 'valibot'
import { createAdministration } from '../../admin/administration.ts'
import { PLACE, parsePlace, placeText } from '../../audit/audit-chain.ts'
import { FROM, formatFrom, parseFrom } from '../../audit/audit-verification.ts'
import type { AuditProblem, Verification } from '../../audit/verify-audit-chain.ts'
import { parsed, reasonText } from '../../connections/schema-parts.ts'
import { strictObject } from '../../protocol/strict-object.ts'
import type { Services } from '../../services.ts'
import { operation } from '../operation.ts'

const verificationSchema = strictObject({
  problem: v.nullable(
    strictObject({
      reason: v.string(),
      sequence: v.nullable(v.number()),
      eventId: v.nullable(v.string()),
    }),
  ),
  place: v.nullable(v.string()),
  cutSequence: v.nullable(v.number()),
  links: v.number(),
  keyMissing: v.number(),
  events: v.number(),
  waiting: v.number(),
  next: v.pipe(
    v.nullable(v.string()),
    v.description(
      'The value for `from` in the next call. If there is no problem and no `next`, the whole trail is unchanged.',
    ),
  ),
})
export type VerificationJson = v.InferOutput<typeof verificationSchema>

export const auditChainSchemas = { Verification: verificationSchema }

export const auditChainOperations = {
  verifyAuditChain: operation({
    method: 'GET',
    path: '/audit-chain/verify',
    does: 'Verifies a part of the audit trail. `from`: the `next` of the previous part; `place`: a place from the log.',
    access: { scope: 'audit-chain:read', of: 'deployment' },
    query: {
      from: v.optional(
        parsed(parseFrom, 'must be the `next` of a stretch', { pattern: FROM, maxLength: 512 }),
      ),
      place: v.optional(
        parsed(parsePlace, 'must be a place that the log had', { pattern: PLACE, maxLength: 512 }),
      ),
    },
    answer: verificationSchema,
    async run(services, { query: { from, place } }) {
      const kept = place && (await administration(services).verifyPlace(place))
      const verification = await administration(services).verifyAuditTrail(from)
      return verificationJson(kept ? { ...verification, problem: kept } : verification)
    },
  }),
  restartAuditChain: operation({
    method: 'POST',
    path: '/audit-chain/restart',
    does: 'Starts a new audit chain when the old one cannot be continued.',
    access: { scope: 'audit-chain:write', of: 'deployment' },
    body: strictObject({
      reason: reasonText(500),
    }),
    run: (services, { by, body }) => administration(services).restartAuditChain(by, body.reason),
  }),
}

const administration = (services: Services) => createAdministration(async () => services)

function verificationJson({ problem, head, next, ...counted }: Verification): VerificationJson {
  return {
    problem: problem ? problemJson(problem) : null,
    place: head ? placeText(head) : null,
    cutSequence: head?.cutSequence ?? null,
    ...counted,
    next: next && !problem ? formatFrom(next) : null,
  }
}

function problemJson({ reason, sequence, eventId }: AuditProblem) {
  return { reason, sequence: sequence ?? null, eventId: eventId ?? null }
}
