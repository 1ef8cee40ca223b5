/** The JSON API for operators. @see docs/reference/addresses.md */
import * as v from 'valibot'
import { auditEventTypes } from '../audit/audit-events.ts'
import { EntradaError } from '../errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { readJson } from '../http/form.ts'
import { jsonResponse } from '../http/responses.ts'
import type { Services } from '../services.ts'
import type {
  AuditFilter,
  Page,
  PageRequest,
  SessionFilter,
  TraceFilter,
} from '../storage/storage.ts'
import {
  auditEventJson,
  pageJson,
  sessionRecordJson,
  signInTraceJson,
  userJson,
} from './admin-json.ts'
import { createAdministration } from './administration.ts'
import { authorizeOperator, authorizeOperatorChange, type Operator } from './authorize-operator.ts'

const text = (max: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(max))
const page = {
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^\d{1,3}$/), v.transform(Number), v.minValue(1), v.maxValue(200)),
    '50',
  ),
  cursor: v.optional(text(512)),
}
const time = v.pipe(
  v.string(),
  v.isoTimestamp(),
  v.transform((value) => new Date(value)),
)
const userId = v.custom<`usr_${string}`>(
  (value) => typeof value === 'string' && /^usr_[\w-]{1,64}$/.test(value),
)

const usersQuery = v.strictObject({ ...page, search: v.optional(text(200)) })
const sessionsQuery = v.strictObject({ ...page, user: v.optional(userId) })
const tracesQuery = v.strictObject({
  ...page,
  user: v.optional(userId),
  outcome: v.optional(v.picklist(['signed_in', 'refused', 'failed'])),
  correlation_id: v.optional(text(64)),
})
const auditQuery = v.strictObject({
  ...page,
  type: v.optional(v.picklist(Object.keys(auditEventTypes))),
  user: v.optional(userId),
  correlation_id: v.optional(text(64)),
  since: v.optional(time),
  until: v.optional(time),
})
const newUser = v.strictObject({
  username: text(50),
  tid: v.optional(text(64)),
  oid: v.optional(text(64)),
  displayName: v.optional(text(256)),
  email: v.optional(v.pipe(v.string(), v.maxLength(254), v.email())),
})

export async function listUsers(services: Services, exchange: Exchange): Promise<Response> {
  await authorizeOperator(services, exchange)
  const { search, ...asked } = readQuery(usersQuery, exchange)
  const request = { ...pageRequest(asked), ...(search ? { search } : {}) }
  return listResponse(await administration(services).listUsers(request), userJson)
}

export async function createUser(services: Services, exchange: Exchange): Promise<Response> {
  const caller = callerOf(await authorizeOperatorChange(services, exchange), exchange)
  const asked = parse(newUser, await readJson(exchange))
  const user = withoutUndefined(asked)
  return jsonResponse(userJson(await administration(services).createUser(caller, user)), 201)
}

export async function showUser(services: Services, exchange: Exchange): Promise<Response> {
  await authorizeOperator(services, exchange)
  return jsonResponse(userJson(await administration(services).getUser(idOf(exchange))))
}

export async function disableUser(services: Services, exchange: Exchange): Promise<Response> {
  const caller = callerOf(await authorizeOperatorChange(services, exchange), exchange)
  const user = await administration(services).disableUser(caller, idOf(exchange))
  return jsonResponse(userJson(user))
}

export async function enableUser(services: Services, exchange: Exchange): Promise<Response> {
  const caller = callerOf(await authorizeOperatorChange(services, exchange), exchange)
  const user = await administration(services).enableUser(caller, idOf(exchange))
  return jsonResponse(userJson(user))
}

export async function listSessions(services: Services, exchange: Exchange): Promise<Response> {
  await authorizeOperator(services, exchange)
  const { user, ...asked } = readQuery(sessionsQuery, exchange)
  const filter: SessionFilter = user ? { userId: user } : {}
  const sessions = await administration(services).listSessions(filter, pageRequest(asked))
  return listResponse(sessions, sessionRecordJson)
}

export async function endSession(services: Services, exchange: Exchange): Promise<Response> {
  const caller = callerOf(await authorizeOperatorChange(services, exchange), exchange)
  await administration(services).endSession(caller, idOf(exchange))
  return new Response(null, { status: 204 })
}

export async function listAuditEvents(services: Services, exchange: Exchange): Promise<Response> {
  await authorizeOperator(services, exchange)
  const {
    limit,
    cursor,
    user,
    correlation_id: correlationId,
    ...rest
  } = readQuery(auditQuery, exchange)
  const filter: AuditFilter = withoutUndefined({ ...rest, userId: user, correlationId })
  const events = await administration(services).listAuditEvents(
    filter,
    pageRequest({ limit, cursor }),
  )
  return listResponse(events, auditEventJson)
}

export async function listSignInTraces(services: Services, exchange: Exchange): Promise<Response> {
  await authorizeOperator(services, exchange)
  const {
    user,
    outcome,
    correlation_id: correlationId,
    ...asked
  } = readQuery(tracesQuery, exchange)
  const filter: TraceFilter = withoutUndefined({ userId: user, outcome, correlationId })
  const traces = await administration(services).listSignInTraces(filter, pageRequest(asked))
  return listResponse(traces, signInTraceJson)
}

export async function showSignInTrace(services: Services, exchange: Exchange): Promise<Response> {
  await authorizeOperator(services, exchange)
  return jsonResponse(
    signInTraceJson(await administration(services).getSignInTrace(idOf(exchange))),
  )
}

const administration = (services: Services) => createAdministration(async () => services)

function callerOf({ actor }: Operator, exchange: Exchange) {
  return { actor, exchange }
}

function idOf({ params }: Exchange): string {
  return (params.id ?? '').slice(0, 128)
}

function listResponse<T>(page: Page<T>, toJson: (item: T) => unknown): Response {
  return jsonResponse(pageJson(page, toJson))
}

function pageRequest({
  limit,
  cursor,
}: {
  limit: number
  cursor?: string | undefined
}): PageRequest {
  return { limit, ...(cursor ? { after: cursor } : {}) }
}

function readQuery<S extends v.GenericSchema>(schema: S, { url }: Exchange): v.InferOutput<S> {
  const names = [...url.searchParams.keys()]
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) throw new EntradaError('request_invalid', { parameter: repeated })
  return parse(schema, Object.fromEntries(url.searchParams))
}

function parse<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  const [issue] = result.issues
  throw new EntradaError('request_invalid', { parameter: v.getDotPath(issue) ?? '(body)' })
}

type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> }
/** The same object without the members that are `undefined`. */
function withoutUndefined<T extends object>(
  value: T,
): Partial<Given<T>> & Given<Pick<T, RequiredKeys<T>>> {
  const given = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(given) as Partial<Given<T>> & Given<Pick<T, RequiredKeys<T>>> // the same members, fewer
}
type RequiredKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? never : K }[keyof T]
