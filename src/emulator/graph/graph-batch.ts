// POST $batch: up to 20 requests in one body.
//   answerBatch      checks the whole, then answers each part like a request of its own
import * as v from 'valibot'
import { newTrace } from '../refusals.ts'
import { rememberStatus } from '../request-log.ts'
import type { EmulatorState } from '../state.ts'
import { badRequest, errorBody, type GraphError, isGraphError } from './graph-errors.ts'
import type { GraphExchange } from './graph-exchange.ts'
import type { GraphAnswer } from './graph-list.ts'

/** Answers one request, as the emulator answers requests from outside. */
export type Dispatch = (request: Request) => Response | Promise<Response>

const partSchema = v.looseObject({
  id: v.pipe(v.string(), v.minLength(1)),
  method: v.string(),
  url: v.pipe(v.string(), v.minLength(1)),
  headers: v.optional(v.record(v.string(), v.string()), {}),
  body: v.optional(v.unknown()),
  dependsOn: v.optional(v.array(v.string()), []),
})
const batchSchema = v.looseObject({ requests: v.array(partSchema) })

type Part = v.InferOutput<typeof partSchema>
type PartAnswer = {
  readonly id: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

const MOST_PARTS = 20

/**
 * Answers `$batch`: the responses have the order of the requests; one whose dependency failed is 424. Parts are answered one after
 * the other, so that faults affect them in their order.
 *
 * @see https://learn.microsoft.com/graph/json-batching
 */
export async function answerBatch(
  state: EmulatorState,
  exchange: GraphExchange,
  dispatch: Dispatch,
): Promise<GraphAnswer | GraphError> {
  const parts = parseBatch(exchange.body)
  if (isGraphError(parts)) return parts
  const answers = new Map<string, PartAnswer>()
  for (const part of inOrder(parts)) {
    const failed = part.dependsOn.find((id) => (answers.get(id)?.status ?? 0) >= 400)
    const answer =
      failed === undefined
        ? await answerPart(exchange, part, dispatch)
        : dependencyFailed(state, part, failed)
    answers.set(part.id, answer)
  }
  return { responses: parts.flatMap(({ id }) => answers.get(id) ?? []) }
}

function parseBatch(body: unknown): readonly Part[] | GraphError {
  const parsed = v.safeParse(batchSchema, body)
  if (!parsed.success) {
    const where = v.getDotPath(parsed.issues[0]) ?? 'requests'
    return badRequest(`Invalid batch payload format: ${where}: ${parsed.issues[0].message}`)
  }
  const { requests } = parsed.output
  if (requests.length === 0) return badRequest('Invalid batch payload format: requests is empty.')
  if (requests.length > MOST_PARTS) {
    return badRequest(
      `Number of batch request steps exceeds the maximum value: ${MOST_PARTS}. It has ${requests.length}.`,
    )
  }
  return findUnusable(requests) ?? requests
}

function findUnusable(parts: readonly Part[]): GraphError | undefined {
  const ids = parts.map(({ id }) => id.toLowerCase())
  if (new Set(ids).size < ids.length) return badRequest('Request Id has to be unique in a batch.')
  const bodiless = parts.find(isWithoutBody)
  if (bodiless !== undefined) {
    return badRequest(
      `Write request id : ${bodiless.id} does not contain Content-Type header or body.`,
    )
  }
  const absolute = parts.find(({ url }) => /^([a-z][a-z0-9+.-]*:|\/\/)/i.test(url))
  if (absolute !== undefined) {
    return badRequest(`Request id : ${absolute.id}: url has to be relative, such as /me.`)
  }
  const partIds = new Set(parts.map(({ id }) => id))
  const lost = parts.flatMap(({ dependsOn }) => dependsOn).find((id) => !partIds.has(id))
  if (lost !== undefined) return badRequest(`dependsOn names ${lost}, which is not in the batch.`)
  return inOrder(parts).length < parts.length
    ? badRequest('The dependsOn of the requests form a circle.')
    : undefined
}

function isWithoutBody({ method, headers, body }: Part): boolean {
  if (!['POST', 'PUT', 'PATCH'].includes(method.toUpperCase())) return false
  return body === undefined || contentTypeIn(headers) === undefined
}

/** Sorts the parts so that each follows those that it depends on; parts that depend on each other are left out. */
function inOrder(parts: readonly Part[]): readonly Part[] {
  const ordered = new Map<string, Part>()
  for (let before = -1; before < ordered.size; ) {
    before = ordered.size
    for (const part of parts) {
      const isReady = part.dependsOn.every((id) => ordered.has(id))
      if (isReady && !ordered.has(part.id)) ordered.set(part.id, part)
    }
  }
  return [...ordered.values()]
}

async function answerPart(
  { request, versionUrl }: GraphExchange,
  part: Part,
  dispatch: Dispatch,
): Promise<PartAnswer> {
  const { id } = part
  const target = new URL(`${versionUrl}/${part.url.replace(/^\//, '')}`)
  // A path with `..` could lead from Graph to the emulator's other addresses.
  const isWithin = target.href.startsWith(`${versionUrl}/`)
  if (!isWithin || target.pathname.endsWith('/$batch')) {
    return partError(id, { ...badRequest(`Resource not found for ${part.url.slice(0, 100)}.`) })
  }
  const inner = toRequest(target, part, request)
  const response = await dispatch(inner)
  rememberStatus(inner, response)
  return toPartAnswer(id, response)
}

function toRequest(target: URL, { method, headers, body }: Part, outer: Request): Request {
  const all = new Headers({ ...headers })
  const authorization = outer.headers.get('authorization')
  if (authorization !== null && !all.has('authorization')) all.set('authorization', authorization)
  const isSent = body !== undefined && !['GET', 'HEAD'].includes(method.toUpperCase())
  return new Request(target, {
    method: method.toUpperCase(),
    headers: all,
    signal: outer.signal,
    ...(isSent ? { body: toBytes(body) } : {}),
  })
}

/** A JSON body is included as JSON, any other as base64. */
function toBytes(body: unknown): string | Uint8Array<ArrayBuffer> {
  return typeof body === 'string'
    ? Uint8Array.from(Buffer.from(body, 'base64'))
    : JSON.stringify(body)
}

async function toPartAnswer(id: string, response: Response): Promise<PartAnswer> {
  const { status } = response
  const headers = Object.fromEntries(
    [...response.headers].map(([name, value]) => [toTitleCase(name), value]),
  )
  try {
    const bytes = Buffer.from(await response.arrayBuffer())
    if (bytes.length === 0) return { id, status, headers }
    return { id, status, headers, body: toJsonOrBase64(bytes, contentTypeIn(headers)) }
  } catch {
    // A fault cut the response. Within a batch the connection is Graph's own, and the client sees a bad gateway.
    return partError(id, { status: 502, code: 'BadGateway', message: 'The answer was cut.' })
  }
}

function toJsonOrBase64(bytes: Buffer, contentType: string | undefined): unknown {
  if (contentType?.toLowerCase().includes('json')) {
    try {
      return JSON.parse(bytes.toString('utf8'))
    } catch {
      // The body is not JSON although its type claims it, for example because of a fault, so it is passed on as bytes.
    }
  }
  return bytes.toString('base64')
}

function dependencyFailed({ now }: EmulatorState, { id }: Part, dependency: string): PartAnswer {
  const message = `The request ${dependency}, on which this one depends, failed.`
  return partError(id, { status: 424, code: 'FailedDependency', message }, now())
}

function partError(id: string, error: GraphError, at = new Date()): PartAnswer {
  const headers = { 'Cache-Control': 'no-cache', 'Content-Type': 'application/json' }
  return { id, status: error.status, headers, body: errorBody(error, newTrace(null, at)) }
}

function contentTypeIn(headers: Readonly<Record<string, string>>): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1]
}

/** Clients look for `Retry-After` in JSON, where letter case counts; Graph's own ids are in lower case. */
function toTitleCase(name: string): string {
  if (name.endsWith('request-id')) return name
  return name.replaceAll(/(^|-)([a-z])/g, (part) => part.toUpperCase())
}
