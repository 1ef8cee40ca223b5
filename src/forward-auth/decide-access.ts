import type { SessionView } from '../storage/records.ts'
import { canonicalPath, foldPath } from './access-path.ts'

/** Who may open a page. */
export type Allowance =
  | { readonly kind: 'everyone' }
  | { readonly kind: 'signed_in' }
  | { readonly kind: 'nobody' }
  /**
   * Users of one of the organizations (ids or slugs, or `*` for any) who have one of the roles or groups; all of them if there are
   * neither roles nor groups.
   */
  | {
      readonly kind: 'some'
      readonly organizations: readonly string[]
      readonly roles: readonly string[]
      readonly groups: readonly string[]
    }

/** A condition that is absent matches everything. */
export type AccessRule = {
  readonly id: string
  readonly hosts?: readonly string[]
  readonly methods?: readonly string[]
  readonly paths?: readonly PathPattern[]
  readonly allow: Allowance
}
/** `below` means the path itself and everything below it. */
export type PathPattern = { readonly path: string; readonly below: boolean }

/** The first rule that matches decides. */
export type AccessRules = { readonly rules: readonly AccessRule[]; readonly otherwise: Allowance }

export type RequestedPage = {
  readonly host: string
  /** The request that the proxy is about to pass on; absent if the proxy does not name it. */
  readonly original?: { readonly method: string; readonly uri: string }
}

export type AccessDecision =
  /** Without a view, the page is open to everyone and no user is signed in. */
  | { readonly kind: 'allowed'; readonly view?: SessionView }
  | { readonly kind: 'sign_in_needed' }
  | {
      readonly kind: 'denied'
      readonly code: 'access_denied' | 'path_unclear' | 'page_not_named'
      /** The rule that denied access. */
      readonly ruleId?: string
      readonly groupsUnknown?: true
    }

/**
 * The users of the environment's organization: the default where no rule matches. Users of a customer's directory have names and
 * addresses that their own administrator chose.
 */
export const membersOfDefault: Allowance = {
  kind: 'some',
  organizations: ['default'],
  roles: [],
  groups: [],
}

/** Decides whether this user may open this page, which is all that any proxy needs to know. */
export function decidePageAccess(
  view: SessionView | undefined,
  { rules, otherwise }: AccessRules,
  page: RequestedPage,
): AccessDecision {
  for (const rule of rules) {
    const match = matchRule(rule, page)
    // Continuing with the next rule could allow access by a rule that was meant for other pages.
    if (match === 'path_unclear' || match === 'page_not_named')
      return { kind: 'denied', code: match }
    if (match) return decideBy(rule.allow, view, rule.id)
  }
  return decideBy(otherwise, view, 'otherwise')
}

function decideBy(allow: Allowance, view: SessionView | undefined, ruleId: string): AccessDecision {
  switch (allow.kind) {
    case 'everyone':
      return view === undefined ? { kind: 'allowed' } : { kind: 'allowed', view }
    case 'nobody':
      return { kind: 'denied', code: 'access_denied', ruleId }
    case 'signed_in':
      return view === undefined ? { kind: 'sign_in_needed' } : { kind: 'allowed', view }
    case 'some':
      if (view === undefined) return { kind: 'sign_in_needed' }
      return holdsOneOf(allow, view) ? { kind: 'allowed', view } : deniedTo(view, allow, ruleId)
  }
}

function holdsOneOf(
  { organizations, roles, groups }: Extract<Allowance, { kind: 'some' }>,
  view: SessionView,
): boolean {
  if (!isOfOneOf(organizations, view)) return false
  if (roles.length + groups.length === 0) return true
  return (
    roles.some((role) => view.roles.includes(role)) ||
    groups.some((group) => view.groups?.groups.includes(group))
  )
}

/** Each organization names its roles itself, so a role of another organization must never open what was meant for ours. */
function isOfOneOf(organizations: readonly string[], { organization }: SessionView): boolean {
  if (organizations.includes('*')) return true
  const named = [organization?.id, organization?.slug]
  return named.some((name) => name !== undefined && organizations.includes(name))
}

/** Groups that Entra did not send are not the same as no groups; the log shows the difference. */
function deniedTo(
  { groups: known }: SessionView,
  { groups }: Extract<Allowance, { kind: 'some' }>,
  ruleId: string,
): AccessDecision {
  const groupsUnknown = groups.length > 0 && known?.complete === false
  const denied = { kind: 'denied', code: 'access_denied', ruleId } as const
  return groupsUnknown ? { ...denied, groupsUnknown } : denied
}

function matchRule(
  rule: AccessRule,
  { host, original }: RequestedPage,
): boolean | 'path_unclear' | 'page_not_named' {
  const { hosts, methods, paths, allow } = rule
  if (hosts !== undefined && !hosts.includes(host)) return false
  if (methods === undefined && paths === undefined) return true
  if (original === undefined) return 'page_not_named'
  if (methods !== undefined && !matchesMethod(methods, original.method)) return false
  if (paths === undefined) return true
  const path = canonicalPath(original.uri)
  if (path === undefined) return 'path_unclear'
  return paths.some((pattern) => matchesPath(pattern, path, allow))
}

/** HEAD asks for the same thing as GET. */
function matchesMethod(methods: readonly string[], method: string): boolean {
  return methods.includes(method === 'HEAD' ? 'GET' : method)
}

/**
 * A path that is open to everyone is compared letter by letter. A path that is protected is also compared in the way of servers
 * that ignore letter case, a slash at the end, or how a letter is written.
 */
function matchesPath({ path, below }: PathPattern, requestPath: string, allow: Allowance): boolean {
  if (allow.kind === 'everyone')
    return requestPath === path || (below && isBelow(path, requestPath))
  const [wanted, actual] = [foldPath(path), foldPath(requestPath)]
  return actual === wanted || actual === `${wanted}/` || (below && isBelow(wanted, actual))
}

function isBelow(path: string, requestPath: string): boolean {
  return requestPath.startsWith(path.endsWith('/') ? path : `${path}/`)
}
