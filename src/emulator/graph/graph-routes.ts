// The part of Microsoft Graph that applications usually read after a sign-in: people, groups and their members.
//   answerGraph      token, then object, then the response; faults may come before it
//   graph-list.ts    lists: $filter, $search, $orderby, $count, paging, $select
//   graph-batch.ts   $batch
import type { Context, Hono } from 'hono'
import type { EmulatorState } from '../state.ts'
import { answerGraph, answerGraphPreflight, type Resource } from './answer-graph.ts'
import { answerBatch } from './graph-batch.ts'
import {
  answerObject,
  answerObjectsById,
  answerOrganizations,
  findMember,
} from './graph-directory.ts'
import { badRequest, type GraphError, graphErrors, isGraphError, notFound } from './graph-errors.ts'
import type { GraphExchange } from './graph-exchange.ts'
import { answerGroup, findGroup, listGroups, listMembers } from './graph-groups.ts'
import { type Answer, answerCount, answerList, type GraphList } from './graph-list.ts'
import {
  answerMemberCheck,
  answerMemberGroups,
  answerMemberObjects,
  listMemberships,
  type Member,
} from './graph-memberships.ts'
import { answerPerson, findSubject, listPeople } from './graph-people.ts'
import { answerUserinfo } from './graph-userinfo.ts'

type Add = (path: string, resource: Resource) => void

/** Adds Graph's addresses: under `/graph/v1.0`, and under `/v1.0` for a separate host. */
export function addGraphRoutes(app: Hono, state: EmulatorState): void {
  for (const root of ['/graph', '']) {
    const base = `${root}/v1.0`
    const at = (resource: Resource) => (context: Context) =>
      answerGraph(state, { context, base }, resource)
    app.options(`${base}/*`, answerGraphPreflight)
    const get: Add = (path, resource) => void app.get(`${base}${path}`, at(resource))
    const post: Add = (path, resource) => void app.post(`${base}${path}`, at(resource))

    post('/$batch', (_, exchange) => answerBatch(state, exchange, (part) => app.fetch(part)))
    addLists(get, '/users', listPeople)
    addLists(get, '/groups', listGroups)
    addPerson(get, post, '/me')
    addPerson(get, post, '/users/:id')
    addGroup(get, post)
    get('/organization', answerOrganizations)
    post('/directoryObjects/getByIds', answerObjectsById)
    get('/directoryObjects/:id', answerObject)
    addMemberActions(post, '/directoryObjects/:id', findMember)
    app.all(`${base}/*`, at(unknownResource))
    app.all(`${root === '' ? '/beta' : root}/*`, at(unknownVersion))
  }
  app.options('/oidc/userinfo', answerGraphPreflight)
  app.on(['GET', 'POST'], '/oidc/userinfo', (context) =>
    answerGraph(state, { context, base: '/oidc' }, answerUserinfo),
  )
}

type ListOf = (
  state: EmulatorState,
  exchange: GraphExchange,
  id: string | undefined,
) => GraphList | GraphError

/** Adds a list, and its number under `$count`. */
function addLists(get: Add, path: string, listOf: ListOf): void {
  const withList =
    (
      answer: (state: EmulatorState, exchange: GraphExchange, list: GraphList) => Answer,
    ): Resource =>
    (state, exchange, id) => {
      const list = listOf(state, exchange, id)
      return isGraphError(list) ? list : answer(state, exchange, list)
    }
  get(
    `${path}/$count`,
    withList((_, exchange, list) => answerCount(exchange, list)),
  )
  get(path, withList(answerList))
}

function addPerson(get: Add, post: Add, path: string): void {
  get(path, (state, exchange, id) => {
    const person = findSubject(state, exchange, id)
    return isGraphError(person) ? person : answerPerson(state, exchange, person)
  })
  addMemberships(get, path, findSubject)
  addMemberActions(post, path, findSubject)
  get(`${path}/manager`, () => notFound('manager'))
  for (const photo of ['photo', 'photo/$value', 'photos/:size/$value']) {
    get(`${path}/${photo}`, () => graphErrors.noPhoto)
  }
}

function addGroup(get: Add, post: Add): void {
  const path = '/groups/:id'
  get(path, (state, exchange, id) => {
    const group = findGroup(state, exchange, id ?? '')
    return isGraphError(group) ? group : answerGroup(state, exchange, group)
  })
  const find = (state: EmulatorState, exchange: GraphExchange, id: string | undefined) =>
    findGroup(state, exchange, id ?? '')
  addMemberships(get, path, find)
  addMemberActions(post, path, find)
  for (const name of ['members', 'transitiveMembers'] as const) {
    for (const cast of [undefined, 'user', 'group'] as const) {
      addLists(get, `${path}/${name}${castSegment(cast)}`, (state, exchange, id) => {
        const group = findGroup(state, exchange, id ?? '')
        if (isGraphError(group)) return group
        return listMembers(exchange, group, { isDirect: name === 'members', ...castOf(cast) })
      })
    }
  }
}

type FindMember = (
  state: EmulatorState,
  exchange: GraphExchange,
  id: string | undefined,
) => Member | GraphError

function addMemberships(get: Add, path: string, find: FindMember): void {
  for (const name of ['memberOf', 'transitiveMemberOf'] as const) {
    for (const cast of [undefined, 'group'] as const) {
      const suffix = `/${name}${castSegment(cast)}`
      addLists(get, `${path}${suffix}`, (state, exchange, id) => {
        const member = find(state, exchange, id)
        if (isGraphError(member)) return member
        const below = path.replace(':id', encodeURIComponent(id ?? ''))
        const relation = { path: `${below}${suffix}`, isDirect: name === 'memberOf' }
        return listMemberships(exchange, member, { ...relation, ...castOf(cast) })
      })
    }
  }
}

function addMemberActions(post: Add, path: string, find: FindMember): void {
  const add = (name: string, answer: (...args: MemberCall) => Answer) =>
    post(`${path}/${name}`, (state, exchange, id) => {
      const member = find(state, exchange, id)
      return isGraphError(member) ? member : answer(state, exchange, member)
    })
  add('getMemberObjects', answerMemberObjects)
  add('getMemberGroups', answerMemberGroups)
  add('checkMemberGroups', (state, exchange, member) =>
    answerMemberCheck(state, exchange, { member, parameter: 'groupIds' }),
  )
  add('checkMemberObjects', (state, exchange, member) =>
    answerMemberCheck(state, exchange, { member, parameter: 'ids' }),
  )
}

type MemberCall = [state: EmulatorState, exchange: GraphExchange, member: Member]

function castSegment(cast: 'user' | 'group' | undefined): string {
  return cast === undefined ? '' : `/microsoft.graph.${cast}`
}

function castOf(cast: 'user' | 'group' | undefined): { readonly cast?: 'user' | 'group' } {
  return cast === undefined ? {} : { cast }
}

/** Returns the error for an address that is unknown, or that this Graph does not write to. */
function unknownResource(_: EmulatorState, { request, versionUrl }: GraphExchange): GraphError {
  const path = request.url.slice(versionUrl.length).split('?')[0] ?? ''
  const [, collection = ''] = path.split('/')
  const isKnown = ['me', 'users', 'groups', 'organization', 'directoryObjects'].includes(collection)
  if (isKnown && request.method !== 'GET' && request.method !== 'POST') return graphErrors.readsOnly
  if (isKnown && request.method === 'POST' && !path.includes('/', 1)) return graphErrors.readsOnly
  const segment = path.split('/').at(-1) ?? ''
  return badRequest(`Resource not found for the segment '${segment.slice(0, 100)}'.`)
}

function unknownVersion(_: EmulatorState, { request }: GraphExchange): GraphError {
  const version = new URL(request.url).pathname.replace(/^\/graph(?=\/)/, '').split('/')[1] ?? ''
  return badRequest(`Invalid version: ${version.slice(0, 50)}. The emulator has v1.0.`)
}
