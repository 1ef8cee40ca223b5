/**
 * Reads a person's groups through Microsoft Graph, with the access token of that person's own sign-in.
 *
 *   readGroups → only ids: one POST to getMemberObjects
 *              → direct groups, or with names: a list in pages
 *
 * It returns the reason for a failure and never throws: whether unknown groups refuse a sign-in is decided elsewhere.
 */
import { EntradaError } from '../../errors/errors.ts'
import { isGuid } from '../../protocol/guid.ts'
import type { GraphProblem, GroupsClaim } from '../identity-provider.ts'
import type { ProviderAnswer, ProviderHttp } from '../provider-http.ts'
import type { GroupReading } from './entra-permissions.ts'

/** Time limit for Graph; the deadline of the sign-in ends it earlier if less time is left. */
const TIME_LIMIT_MS = 3_000
/** If Graph asks for a longer pause, it counts as throttled. */
const LONGEST_PAUSE_MS = 1_000
const PAGE_SIZE = 999
const MOST_PAGES = 11
const MOST_GROUPS = 10_000
const MOST_NAME_LENGTH = 256

export type GraphAccess = {
  readonly http: ProviderHttp
  /** The host from our own table or from the authority, see `graph-origin.ts`. */
  readonly origin: string | undefined
  readonly accessToken: string
  /** Scopes of the access token. */
  readonly scopes: readonly string[]
  readonly deadline: AbortSignal
}

/** Reads the groups of the token's person. @see https://learn.microsoft.com/graph/api/directoryobject-getmemberobjects */
export async function readGroups(
  access: GraphAccess,
  reading: Pick<GroupReading, 'nested' | 'names'>,
): Promise<GroupsClaim> {
  const { origin, deadline } = access
  if (origin === undefined) return { kind: 'unreadable', reason: 'graph_host_unknown' }
  const limited = {
    ...access,
    deadline: AbortSignal.any([deadline, AbortSignal.timeout(TIME_LIMIT_MS)]),
  }
  try {
    const names = reading.names && mayReadNames(access)
    const groups =
      reading.nested && !names
        ? await readIds(limited, origin)
        : await readList(limited, origin, { nested: reading.nested, names })
    return { kind: 'known', from: 'graph', ...groups }
  } catch (error) {
    return unreadable(error)
  }
}

type Groups = { readonly ids: readonly string[]; readonly names?: Readonly<Record<string, string>> }

/** Without the permission every name would be null. */
function mayReadNames({ scopes }: GraphAccess): boolean {
  const names = scopes.map((scope) => scope.split('/').at(-1)?.toLowerCase())
  return ['groupmember.read.all', 'group.read.all', 'directory.read.all'].some((permission) =>
    names.includes(permission),
  )
}

async function readIds(access: GraphAccess, origin: string): Promise<Groups> {
  const url = `${origin}/v1.0/me/getMemberObjects`
  const body = { securityEnabledOnly: true }
  const answer = await ask(access, (options) => access.http.postJson(url, body, options))
  // A POST has no next page, so a response that names one is incomplete.
  if (answer.body['@odata.nextLink'] !== undefined) throw problem('graph_answer_invalid')
  return { ids: checkedIds(listOf(answer)) }
}

/** Reads a list in pages. @see https://learn.microsoft.com/graph/api/user-list-transitivememberof */
async function readList(
  access: GraphAccess,
  origin: string,
  { nested, names }: { readonly nested: boolean; readonly names: boolean },
): Promise<Groups> {
  const found = new Map<string, string>()
  let missing = 0
  let url: string | undefined = listAddress(origin, { nested, names })
  for (let pages = 0; url !== undefined; pages += 1) {
    if (pages === MOST_PAGES) throw problem('too_many_groups')
    const page: string = url
    const answer = await ask(access, (options) => access.http.get(page, options))
    const groups = listOf(answer)
    // Only the first page contains the count.
    missing += countIn(answer) - groups.length
    for (const group of groups) {
      const { id, displayName, securityEnabled } = checkedGroup(group)
      // This matches the groups of the token and of getMemberObjects.
      if (securityEnabled === false) continue
      found.set(id, displayName ?? '')
    }
    if (found.size > MOST_GROUPS) throw problem('too_many_groups')
    url = nextPage(answer, origin)
  }
  if (missing > 0) throw problem('graph_answer_invalid')
  const ids = [...found.keys()]
  return names ? { ids, names: namesOf(found) } : { ids }
}

function listAddress(
  origin: string,
  { nested, names }: { readonly nested: boolean; readonly names: boolean },
): string {
  const list = nested ? 'transitiveMemberOf' : 'memberOf'
  const select = names ? 'id,displayName,securityEnabled' : 'id,securityEnabled'
  // The cast to groups alone is an advanced query, which `$count` and the header below allow.
  return `${origin}/v1.0/me/${list}/microsoft.graph.group?$select=${select}&$top=${PAGE_SIZE}&$count=true`
}

/** A next page is followed only on our own Graph, because the access token is sent with it. */
function nextPage({ body }: ProviderAnswer, origin: string): string | undefined {
  const next = body['@odata.nextLink']
  if (next === undefined) return undefined
  const url = typeof next === 'string' ? URL.parse(next) : null
  if (url?.origin !== origin || url.username !== '') throw problem('graph_answer_invalid')
  return url.href
}

type Ask = (options: {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}) => Promise<ProviderAnswer>

/** Sends the request, and repeats it once if Graph names a short pause. */
async function ask({ accessToken, deadline }: GraphAccess, send: Ask): Promise<ProviderAnswer> {
  const headers = { authorization: `Bearer ${accessToken}`, consistencylevel: 'eventual' }
  const options = { endpoint: 'graph', headers, signal: deadline }
  try {
    return checked(await send(options))
  } catch (error) {
    const pauseMs = pauseAskedFor(error)
    if (pauseMs === undefined) throw error
    await pause(pauseMs, deadline)
    return checked(await send(options))
  }
}

function checked(answer: ProviderAnswer): ProviderAnswer {
  const { status, body } = answer
  if (status === 200) return answer
  const { code } = Object(body.error) as { readonly code?: unknown } // any JSON
  const graphCode = typeof code === 'string' ? code.slice(0, 100) : undefined
  if (graphCode === 'Directory_ResultSizeLimitExceeded')
    throw problem('too_many_groups', { status })
  const reason = status === 401 || status === 403 ? 'graph_forbidden' : 'graph_answer_invalid'
  throw problem(reason, { status, graphCode })
}

function pauseAskedFor(error: unknown): number | undefined {
  if (!(error instanceof EntradaError) || error.detail.status !== 429) return undefined
  const { retryAfter } = error.detail
  const pauseMs =
    typeof retryAfter === 'string' && /^\d{1,4}$/.test(retryAfter)
      ? Number(retryAfter) * 1000
      : Number.NaN
  return pauseMs <= LONGEST_PAUSE_MS ? pauseMs : undefined
}

function pause(milliseconds: number, deadline: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds)
    const giveUp = () => {
      clearTimeout(timer)
      reject(new EntradaError('provider_timeout', { endpoint: 'graph' }))
    }
    if (deadline.aborted) giveUp()
    deadline.addEventListener('abort', giveUp, { once: true })
  })
}

function listOf({ body }: ProviderAnswer): readonly unknown[] {
  if (!Array.isArray(body.value)) throw problem('graph_answer_invalid')
  return body.value
}

function checkedIds(values: readonly unknown[]): readonly string[] {
  if (values.length > MOST_GROUPS) throw problem('too_many_groups')
  return [...new Set(values.map(checkedId))]
}

/** Returns the total count of the list, if the response contains it. */
function countIn({ body }: ProviderAnswer): number {
  const count = body['@odata.count'] ?? 0
  if (typeof count !== 'number') throw problem('graph_answer_invalid')
  return count
}

type ListedGroup = {
  readonly id: string
  readonly displayName: string | undefined
  readonly securityEnabled: boolean | undefined
}

/** Without the right to read names, both members besides the id are null. */
function checkedGroup(group: unknown): ListedGroup {
  const { id, displayName, securityEnabled } = Object(group) as Readonly<Record<string, unknown>> // any JSON
  const isName = typeof displayName === 'string'
  const isFlag = typeof securityEnabled === 'boolean'
  if (!(isName || isAbsent(displayName)) || !(isFlag || isAbsent(securityEnabled))) {
    throw problem('graph_answer_invalid')
  }
  return {
    id: checkedId(id),
    displayName: isName ? displayName : undefined,
    securityEnabled: isFlag ? securityEnabled : undefined,
  }
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

function checkedId(value: unknown): string {
  if (!isGuid(value)) throw problem('graph_answer_invalid')
  return value.toLowerCase()
}

function namesOf(found: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const named = [...found].filter(([, name]) => name !== '')
  return Object.fromEntries(named.map(([id, name]) => [id, name.slice(0, MOST_NAME_LENGTH)]))
}

/** This error carries the reason to {@link unreadable}, which turns it into the result. */
function problem(
  reason: GraphProblem,
  evidence: { readonly status?: number; readonly graphCode?: string | undefined } = {},
): EntradaError {
  return new EntradaError('groups_not_known', { reason, ...evidence })
}

function unreadable(error: unknown): GroupsClaim {
  if (!(error instanceof EntradaError)) throw error
  const { status, graphCode } = error.detail
  return {
    kind: 'unreadable',
    reason: reasonOf(error),
    ...(typeof status === 'number' ? { status } : {}),
    ...(typeof graphCode === 'string' ? { graphCode } : {}),
  }
}

function reasonOf({ code, detail }: EntradaError): GraphProblem {
  if (code === 'groups_not_known') return detail.reason as GraphProblem // problem()'s own
  if (code === 'provider_answer_invalid') return 'graph_answer_invalid'
  return detail.status === 429 ? 'graph_throttled' : 'graph_unreachable'
}
