/** The audit chain for operators: is the trail as it was written, and beginning anew when it cannot be. */
import * as v from 'valibot'
import { parsePlace, placeText } from '../audit/audit-chain.ts'
import type { AuditProblem, Verification, VerifyFrom } from '../audit/verify-audit-chain.ts'
import { EntradaError } from '../errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { readJson } from '../http/form.ts'
import { jsonResponse } from '../http/responses.ts'
import type { Services } from '../services.ts'
import { createAdministration } from './administration.ts'
import { authorizeOperator, authorizeOperatorChange } from './authorize-operator.ts'

const restart = v.strictObject({
  reason: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(500)),
})

export async function verifyAudit(services: Services, exchange: Exchange): Promise<Response> {
  await authorizeOperator(services, exchange)
  const { from, place } = readQuery(exchange)
  const administration = createAdministration(async () => services)
  const kept = place && (await administration.verifyPlace(place))
  const verification = await administration.verifyAuditTrail(from)
  return jsonResponse(verificationJson(kept ? { ...verification, problem: kept } : verification))
}

export async function restartAuditChain(services: Services, exchange: Exchange): Promise<Response> {
  const { actor } = await authorizeOperatorChange(services, exchange)
  const { success, output } = v.safeParse(restart, await readJson(exchange))
  if (!success) throw new EntradaError('request_invalid', { parameter: 'reason' })
  const administration = createAdministration(async () => services)
  await administration.restartAuditChain({ actor, exchange }, output.reason)
  return new Response(null, { status: 204 })
}

/** One stretch of the trail. `next` goes into `from`; without a problem and without `next` all of it is as it was written. */
export function verificationJson({ problem, head, next, ...counted }: Verification) {
  return {
    problem: problem ? problemJson(problem) : null,
    place: head ? placeText(head) : null,
    cutSequence: head?.cutSequence ?? null,
    ...counted,
    next: next && !problem ? fromText(next) : null,
  }
}

function problemJson({ reason, sequence, eventId }: AuditProblem) {
  return { reason, sequence: sequence ?? null, eventId: eventId ?? null }
}

function readQuery({ url }: Exchange) {
  const given = new Map<string, string>()
  for (const [name, value] of url.searchParams) {
    if (given.has(name) || !['from', 'place'].includes(name)) throw invalid(name)
    given.set(name, value)
  }
  const from = given.get('from')
  const place = given.get('place')
  return {
    from: from === undefined ? undefined : (parseFrom(from) ?? refuse('from')),
    place: place === undefined ? undefined : (parsePlace(place) ?? refuse('place')),
  }
}

function fromText(from: VerifyFrom): string {
  return from.kind === 'link' ? placeText(from.place) : `event.${from.id}`
}

function parseFrom(text: string): VerifyFrom | undefined {
  const [, id] = /^event\.([\w-]{0,64})$/.exec(text) ?? []
  if (id !== undefined) return { kind: 'event', id }
  const place = parsePlace(text)
  return place && { kind: 'link', place }
}

function refuse(parameter: string): never {
  throw invalid(parameter)
}

function invalid(parameter: string): EntradaError {
  return new EntradaError('request_invalid', { parameter })
}
