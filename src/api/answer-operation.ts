/**
 * Answers one call of the API: authorize the caller, check the input, do the work, respond.
 *
 *   answerOperation → authorizeCaller, decideRight → readQuery, readBody → resolveNames → checkOwner → runOnce → toResponse
 */

import { authorizeCaller, checkStillCalls } from '../access/authorize-call.ts'
import {
  type AccessDecision,
  type ApiCaller,
  decideRight,
  organizationOf,
} from '../access/decide-right.ts'
import { EntradaError } from '../errors/errors.ts'
import { found } from '../errors/found.ts'
import type { Exchange } from '../http/exchange.ts'
import { jsonResponse } from '../http/responses.ts'
import { singleHeader } from '../http/single-header.ts'
import { IF_MATCH } from '../protocol/text-patterns.ts'
import type { Services } from '../services.ts'
import type { OrganizationId } from '../storage/records.ts'
import type { StorageReader } from '../storage/storage.ts'
import { answerOnce, type Once } from './answer-once.ts'
import type { Call, Operation } from './operation.ts'
import { readBody, readParams, readQuery } from './read-input.ts'
import { resolveNames } from './resolve-names.ts'

/** Answers one call of an operation, after checking the caller, its rights and its input. */
export async function answerOperation(
  operation: Operation,
  services: Services,
  exchange: Exchange,
): Promise<Response> {
  const caller = await authorize(operation, services, exchange)
  const input = await resolveNames(operation, services, await readCall(operation, exchange))
  const checkStillMay = (reader: StorageReader) => checkStillCalls(services, reader, caller)
  if (operation.body !== undefined) await checkStillMay(services.storage)
  await checkOwner(operation, services, { caller, input })
  const call: Call = {
    ...input,
    caller,
    exchange,
    by: { actor: caller.actor, exchange, writesAs: writesAs(caller, exchange), checkStillMay },
    within: narrowed(caller, input.query),
    checkUnchanged: (json) => checkMatches(services, exchange, json),
  }
  return toResponse(services, exchange, {
    operation,
    ...(await runOnce(operation, services, call)),
  })
}

/** `entrada apply` identifies itself with this header; an organization's own members and keys may not use it. */
function writesAs(caller: ApiCaller, { request }: Exchange): 'api' | 'file' {
  const managedBy = singleHeader(request.headers, 'entrada-managed-by') ?? 'api'
  if (managedBy !== 'api' && managedBy !== 'file') {
    throw new EntradaError('request_invalid', { parameter: 'Entrada-Managed-By' })
  }
  return managedBy === 'file' && organizationOf(caller) === undefined ? 'file' : 'api'
}

/** Operations that create something accept `Idempotency-Key`; all others may be repeated without it. */
async function runOnce(operation: Operation, services: Services, call: Call): Promise<Once> {
  if (!operation.creates) return { answer: await operation.run(services, call), isRepeated: false }
  const { shownOnce = [] } = operation
  return answerOnce(services, { ...call, shownOnce }, (within) => operation.run(within, call))
}

/**
 * Authorizes the caller before anything else of the call is read: a caller without the right learns nothing from problems with the
 * rest. For operations that find the session themselves there is no caller.
 *
 * @throws {EntradaError} `access_not_granted`, and those of `authorizeCaller`
 */
async function authorize(
  { access }: Operation,
  services: Services,
  exchange: Exchange,
): Promise<ApiCaller> {
  if (typeof access === 'string') return { kind: 'operator', actor: { kind: 'anonymous' } }
  const caller = await authorizeCaller(services, exchange)
  const { scope, of } = access
  refuseUnless(decideRight(caller, scope, typeof of === 'function' ? 'own' : of), scope)
  return caller
}

const MOST_ID_LENGTH = 128

type Input = Pick<Call, 'params' | 'query' | 'body'>

async function readCall(
  { params: entries = {}, query, body }: Operation,
  exchange: Exchange,
): Promise<Input> {
  readParams(entries, exchange.params)
  const params = Object.entries(exchange.params).map(([name, id]) => [
    name,
    id.slice(0, MOST_ID_LENGTH),
  ])
  return {
    params: Object.fromEntries(params),
    query: readQuery(query, exchange),
    body: body && (await readBody(body, exchange)),
  }
}

/**
 * Checks that the record belongs to the caller's organization.
 *
 * @throws {EntradaError} `record_not_found` for a record that does not exist, and for one of another organization
 */
async function checkOwner(
  { access }: Operation,
  services: Services,
  { caller, input }: { readonly caller: ApiCaller; readonly input: Input },
): Promise<void> {
  if (typeof access === 'string' || typeof access.of !== 'function') return
  const organizationId = found(await access.of(services, input))
  // A record of the whole deployment is as hidden as another organization's. Only the refusal to create one may name the missing
  // right.
  const isNew = organizationId === 'deployment' && Object.keys(input.params).length === 0
  const target = isNew ? 'deployment' : { organizationId }
  refuseUnless(decideRight(caller, access.scope, target), access.scope)
}

function refuseUnless({ kind }: AccessDecision, scope: string): void {
  if (kind === 'forbidden') throw new EntradaError('access_not_granted', { scope })
  if (kind === 'hidden') throw new EntradaError('record_not_found')
}

/** Returns the organization of a list: the one in the query, if the caller may see it. @throws {EntradaError} `record_not_found` */
function narrowed(caller: ApiCaller, query: unknown): OrganizationId | undefined {
  const ownOrganization = organizationOf(caller)
  const { organization } = query as { readonly organization?: OrganizationId } // of any operation
  if (
    ownOrganization !== undefined &&
    organization !== undefined &&
    organization !== ownOrganization
  ) {
    throw new EntradaError('record_not_found')
  }
  return organization ?? ownOrganization
}

/**
 * Checks `If-Match` against the current record.
 *
 * @throws {EntradaError} `record_changed`, `request_invalid` when it is no list of entity tags
 * @see RFC 9110 §13.1.1
 */
function checkMatches(
  services: Pick<Services, 'sha256'>,
  { request }: Exchange,
  json: unknown,
): void {
  const ifMatch = request.headers.get('if-match')
  if (ifMatch === null || ifMatch.trim() === '*') return
  const tags = ifMatch.split(',').map((tag) => tag.trim())
  // A weak tag never matches here. Any other text was meant to protect the record but would not, so it is refused.
  if (!IF_MATCH.test(ifMatch.trim())) {
    throw new EntradaError('request_invalid', { parameter: 'If-Match' })
  }
  if (!tags.includes(entityTag(services, json))) throw new EntradaError('record_changed')
}

/** The tag is computed from the response itself, so equal responses have the same tag on every replica. */
function entityTag({ sha256 }: Pick<Services, 'sha256'>, json: unknown): string {
  return `"${sha256(JSON.stringify(json)).slice(0, 32)}"`
}

function toResponse(
  services: Pick<Services, 'sha256'>,
  { url }: Exchange,
  { operation, answer, isRepeated }: Once & { readonly operation: Operation },
): Response {
  if (operation.answer === undefined) return new Response(null, { status: 204 })
  const response = jsonResponse(answer, operation.creates ? 201 : 200)
  if (operation.versioned) response.headers.set('etag', entityTag(services, answer))
  if (isRepeated) response.headers.set('idempotent-replayed', 'true')
  const { id } = answer as { readonly id?: unknown } // of any operation
  if (operation.creates && typeof id === 'string') {
    response.headers.set('location', `${url.pathname}/${encodeURIComponent(id)}`)
  }
  return response
}
