// Microsoft Graph, as far as a sign-in needs it: who somebody is, and which groups they are in.
//   answerGraph      token, then person, then the answer; faults may come before it
import type { Context, Hono } from 'hono'
import { type Exchange, readExchange } from '../exchange.ts'
import { findPersonById, homeOf } from '../find-in-directory.ts'
import { pairwiseSubject } from '../id-token-claims.ts'
import { withMembersFault } from '../members-fault.ts'
import { readBody } from '../read-body.ts'
import { rememberRequest } from '../request-log.ts'
import { hasScope } from '../scopes.ts'
import type { EmulatorState } from '../state.ts'
import { answerDespiteFault } from '../transport-faults.ts'
import {
  badRequest,
  type GraphError,
  graphErrorResponse,
  graphErrors,
  graphHeaders,
  isGraphError,
} from './graph-errors.ts'
import { findAccess, type GraphExchange } from './graph-exchange.ts'
import { answerMemberObjects, answerMemberships } from './graph-memberships.ts'
import { answerPerson, findSubject, type GraphAnswer } from './graph-people.ts'

type Resource = (state: EmulatorState, exchange: GraphExchange, id: string | undefined) => Answer
type Answer = GraphAnswer | GraphError

/** Adds Graph's addresses: under `/graph/v1.0`, and under `/v1.0` for a host of its own. */
export function addGraphRoutes(app: Hono, state: EmulatorState): void {
  const at = (resource: Resource) => (context: Context) => answerGraph(state, context, resource)
  for (const base of ['/graph/v1.0', '/v1.0']) {
    for (const person of ['/me', '/users/:id']) {
      app.get(`${base}${person}`, at(forPerson(answerPerson)))
      app.post(`${base}${person}/getMemberObjects`, at(forPerson(answerMemberObjects)))
      for (const list of ['transitiveMemberOf', 'memberOf'] as const) {
        app.get(`${base}${person}/${list}`, at(memberships({ list, isCast: false })))
        const cast = `${base}${person}/${list}/microsoft.graph.group`
        app.get(cast, at(memberships({ list, isCast: true })))
      }
    }
    app.all(`${base}/*`, at(unknownResource))
  }
  app.on(['GET', 'POST'], '/oidc/userinfo', at(userinfo))
}

async function answerGraph(
  state: EmulatorState,
  context: Context,
  resource: Resource,
): Promise<Response> {
  const request = context.req.raw
  const body = await readJson(request)
  const exchange = await readExchange(state, request)
  rememberRequest(state, 'graph', exchange)
  const hit = { on: 'graph', names: namesOf(state, request) } as const
  return answerDespiteFault(state, { hit, request }, () => {
    const answer = answerHonestly(state, { exchange, body, id: context.req.param('id') }, resource)
    const { origin } = state
    if (isGraphError(answer)) return graphErrorResponse(answer, { origin, trace: exchange.trace })
    const sent = withMembersFault(state, hit, answer)
    return Response.json(sent, { headers: graphHeaders(exchange.trace) })
  })
}

function answerHonestly(
  state: EmulatorState,
  given: { readonly exchange: Exchange; readonly body: unknown; readonly id: string | undefined },
  resource: Resource,
): Answer {
  const { request, parameters } = given.exchange
  const access = findAccess(state, request)
  if ('status' in access) return access
  return resource(state, { ...access, query: parameters, body: given.body }, given.id)
}

function namesOf(state: EmulatorState, request: Request): readonly string[] {
  const access = findAccess(state, request)
  if ('status' in access || access.caller === undefined) return []
  const home = homeOf(state.directory, access.caller)
  return [access.caller.user.userPrincipalName, home.user.userPrincipalName]
}

function forPerson(
  answer: (
    state: EmulatorState,
    exchange: GraphExchange,
    person: NonNullable<GraphExchange['caller']>,
  ) => Answer,
): Resource {
  return (state, exchange, id) => {
    const person = findSubject(state, exchange, id)
    return 'status' in person ? person : answer(state, exchange, person)
  }
}

function memberships({
  list,
  isCast,
}: {
  readonly list: 'transitiveMemberOf' | 'memberOf'
  readonly isCast: boolean
}): Resource {
  return (state, exchange, id) => {
    const person = findSubject(state, exchange, id)
    if ('status' in person) return person
    const subject = id === undefined ? '/me' : `/users/${encodeURIComponent(id)}`
    const cast = isCast ? '/microsoft.graph.group' : ''
    const address = `${subject}/${list}${cast}`
    const isDirect = list === 'memberOf'
    return answerMemberships(state, exchange, { person, address, isCast, isDirect })
  }
}

/**
 * The claims of the person of the token.
 *
 * @see OpenID Connect Core §5.3
 */
function userinfo(state: EmulatorState, { token, application, caller }: GraphExchange): Answer {
  const person = caller && findPersonById(state.directory, caller.user.id)
  if (person === undefined || !hasScope(token.scopes, 'openid')) return graphErrors.denied
  const { user } = person
  const profile = {
    name: user.displayName,
    family_name: user.familyName,
    given_name: user.givenName,
  }
  return {
    sub: pairwiseSubject(user, application),
    ...(hasScope(token.scopes, 'profile') ? profile : {}),
    ...(hasScope(token.scopes, 'email') ? { email: user.mail } : {}),
  }
}

function unknownResource(_: EmulatorState, { request }: GraphExchange): GraphError {
  const segment = new URL(request.url).pathname.split('/').at(-1) ?? ''
  return badRequest(`Resource not found for the segment '${segment.slice(0, 100)}'.`)
}

const MOST_BYTES = 65_536

async function readJson(request: Request): Promise<unknown> {
  const isJson = request.headers.get('content-type')?.toLowerCase().startsWith('application/json')
  if (request.method !== 'POST' || !isJson) return undefined
  try {
    return JSON.parse((await readBody(request, MOST_BYTES)) ?? '')
  } catch {
    return undefined
  }
}
