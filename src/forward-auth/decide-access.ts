import type { SessionView } from '../storage/records.ts'
import { canonicalPath, foldPath } from './access-path.ts'

/** Who may open a page. */
export type Allowance =
  | { readonly kind: 'everyone' }
  | { readonly kind: 'signed_in' }
  | { readonly kind: 'nobody' }
  /** Of one of the organizations (ids or slugs, `*`: any), whoever holds one of the roles or is in one of the groups; without either all. */
  | {
      readonly kind: 'some'
      readonly organizations: readonly string[]
      readonly roles: readonly string[]
      readonly groups: readonly string[]
    }

/** What is absent matches everything. */
export type AccessRule = {
  readonly id: string
  readonly hosts?: readonly string[]
  readonly methods?: readonly string[]
  readonly paths?: readonly PathPattern[]
  readonly allow: Allowance
}
/** `below`: the path itself and everything under it. */
export type PathPattern = { readonly path: string; readonly below: boolean }

/** The first rule that matches decides. */
export type AccessRules = { readonly rules: readonly AccessRule[]; readonly otherwise: Allowance }

export type AskedPage = {
  readonly host: string
  /** What the proxy has in hand; absent when it does not say. */
  readonly original?: { readonly method: string; readonly uri: string }
}

export type AccessDecision =
  /** Without a session: everybody may, and nobody is signed in. */
  | { readonly kind: 'allowed'; readonly view?: SessionView }
  | { readonly kind: 'sign_in_needed' }
  | {
      readonly kind: 'denied'
      readonly code: 'access_denied' | 'path_unclear' | 'page_not_named'
      /** The rule that denied. */
      readonly ruleId?: string
      readonly groupsUnknown?: true
    }

/**
 * What no rule decides, where nothing else is said: the people of the environment's organization. Those of a customer's directory have the
 * names and addresses that their own administrator gave them.
 */
export const membersOfDefault: Allowance = {
  kind: 'some',
  organizations: ['default'],
  roles: [],
  groups: [],
}

/** Whether this person may have this page: all that any proxy needs to know. */
export function decideAccess(
  view: SessionView | undefined,
  { rules, otherwise }: AccessRules,
  page: AskedPage,
): AccessDecision {
  for (const rule of rules) {
    const match = matchRule(rule, page)
    // Going on to the next rule would let in by a rule that was meant for other pages.
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

/** Each organization names its roles itself: one of another must never open what was meant for ours. */
function isOfOneOf(organizations: readonly string[], { organization }: SessionView): boolean {
  if (organizations.includes('*')) return true
  const named = [organization?.id, organization?.slug]
  return named.some((name) => name !== undefined && organizations.includes(name))
}

/** Groups that Entra did not tell are not "no groups": the log says so. */
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
  { host, original }: AskedPage,
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
 * What opens a page to everybody is compared letter by letter; what keeps people out also as servers compare that ignore case, a slash at
 * the end, or how a letter is written.
 */
function matchesPath({ path, below }: PathPattern, asked: string, allow: Allowance): boolean {
  if (allow.kind === 'everyone') return asked === path || (below && isBelow(path, asked))
  const [wanted, given] = [foldPath(path), foldPath(asked)]
  return given === wanted || given === `${wanted}/` || (below && isBelow(wanted, given))
}

function isBelow(path: string, asked: string): boolean {
  return asked.startsWith(path.endsWith('/') ? path : `${path}/`)
}
