import type { Context } from 'hono'
import { type Exchange, readExchange } from '../exchange.ts'
import { homeOf } from '../find-in-directory.ts'
import { withMembersFault } from '../members-fault.ts'
import { readBody } from '../read-body.ts'
import { rememberRequest } from '../request-log.ts'
import type { EmulatorState } from '../state.ts'
import { answerDespiteFault } from '../transport-faults.ts'
import { graphErrorResponse, graphHeaders, isGraphError } from './graph-errors.ts'
import { findAccess, type GraphExchange } from './graph-exchange.ts'
import type { Answer } from './graph-list.ts'

/** Answers requests of one address of Graph whose access token is valid; `id` is the object in its path. */
export type Resource = (
  state: EmulatorState,
  exchange: GraphExchange,
  id: string | undefined,
) => Answer | Promise<Answer>

/** Answers a request to Graph, or breaks the response as the next matching fault demands. */
export async function answerGraph(
  state: EmulatorState,
  { context, base }: { readonly context: Context; readonly base: string },
  resource: Resource,
): Promise<Response> {
  const request = context.req.raw
  const body = await readJson(request)
  const exchange = await readExchange(state, request)
  rememberRequest(state, 'graph', exchange)
  const hit = { on: 'graph', names: namesOf(state, request) } as const
  const response = await answerDespiteFault(state, { hit, request }, async () => {
    const versionUrl = `${new URL(request.url).origin}${base}`
    const call = { exchange, body, versionUrl, id: context.req.param('id') }
    const answer = await answerHonestly(state, call, resource)
    const { trace } = exchange
    if (isGraphError(answer)) return graphErrorResponse(answer, { origin: state.origin, trace })
    if (isText(answer)) return textResponse(answer.text, graphHeaders(trace))
    return Response.json(withMembersFault(state, hit, answer), { headers: graphHeaders(trace) })
  })
  for (const [name, value] of Object.entries(crossOrigin)) response.headers.set(name, value)
  return response
}

/** Answers a CORS preflight; Graph allows every origin to read it. */
export function answerGraphPreflight({ req }: Context): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...crossOrigin,
      'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE, OPTIONS',
      'Access-Control-Allow-Headers': req.header('access-control-request-headers') ?? '*',
      'Access-Control-Max-Age': '3600',
    },
  })
}

const crossOrigin = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'request-id, client-request-id, Retry-After, WWW-Authenticate',
}

async function answerHonestly(
  state: EmulatorState,
  call: {
    readonly exchange: Exchange
    readonly body: unknown
    readonly versionUrl: string
    readonly id: string | undefined
  },
  resource: Resource,
): Promise<Answer> {
  const { request, parameters } = call.exchange
  const access = findAccess(state, request)
  if (isGraphError(access)) return access
  const { body, versionUrl, id } = call
  return resource(state, { ...access, query: parameters, body, versionUrl }, id)
}

function namesOf(state: EmulatorState, request: Request): readonly string[] {
  const access = findAccess(state, request)
  if (isGraphError(access) || access.caller === undefined) return []
  const home = homeOf(state.directory, access.caller)
  return [access.caller.user.userPrincipalName, home.user.userPrincipalName]
}

function isText(answer: object): answer is { readonly text: string } {
  return 'text' in answer && Object.keys(answer).length === 1
}

function textResponse(text: string, headers: Readonly<Record<string, string>>): Response {
  return new Response(text, { headers: { ...headers, 'Content-Type': 'text/plain' } })
}

// Graph accepts 4 MB, which a batch may need.
const MOST_BYTES = 4 * 1024 * 1024

async function readJson(request: Request): Promise<unknown> {
  const isJson = request.headers.get('content-type')?.toLowerCase().startsWith('application/json')
  if (request.method !== 'POST' || !isJson) return undefined
  try {
    return JSON.parse((await readBody(request, MOST_BYTES)) ?? '')
  } catch {
    return undefined
  }
}
