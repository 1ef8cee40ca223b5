/** Decides what a caller of the API may do. Pure. */
import type { Actor, OrganizationId, SessionView } from '../storage/records.ts'
import { type Scope, type ScopeRow, scopeTable } from './scope-table.ts'

export type ApiCaller =
  /** An operator token, its session, or a listed user. May do everything. */
  | { readonly kind: 'operator'; readonly actor: Actor; readonly view?: SessionView }
  /** A program. A key without an organization sees all organizations. */
  | {
      readonly kind: 'api_key'
      readonly actor: Extract<Actor, { kind: 'api_key' }>
      readonly scopes: readonly string[]
      readonly organizationId: OrganizationId | undefined
    }
  /** A user in their own organization. */
  | {
      readonly kind: 'member'
      readonly actor: Actor
      readonly view: SessionView
      readonly organizationId: OrganizationId
      readonly roles: readonly string[]
    }

/** `deployment` is what belongs to no single organization. `own` is a list, which is narrowed to the caller's organization. */
export type AccessTarget = 'deployment' | 'own' | { readonly organizationId: string | undefined }

export type AccessDecision =
  | { readonly kind: 'allowed' }
  /** The caller lacks the right; the refusal may reveal that the record exists. */
  | { readonly kind: 'forbidden' }
  /** The record belongs to another organization: the answer is as if it did not exist (design rule 19). */
  | { readonly kind: 'hidden' }

/** Decides whether a caller may use a right on a target. No other place decides it. */
export function decideRight(caller: ApiCaller, scope: Scope, target: AccessTarget): AccessDecision {
  if (!holdsScope(caller, scope)) return { kind: 'forbidden' }
  const own = organizationOf(caller)
  if (own === undefined || target === 'own') return { kind: 'allowed' }
  if (target === 'deployment') return { kind: 'forbidden' }
  return target.organizationId === own ? { kind: 'allowed' } : { kind: 'hidden' }
}

/** Returns the only organization that a caller may see; `undefined` if the caller may see all. */
export function organizationOf(caller: ApiCaller): OrganizationId | undefined {
  return caller.kind === 'operator' ? undefined : caller.organizationId
}

/** Returns whether a caller has a right, whatever it is used on. */
export function holdsScope(caller: ApiCaller, scope: Scope): boolean {
  switch (caller.kind) {
    case 'operator':
      return true
    case 'api_key':
      return caller.scopes.includes(scope)
    case 'member': {
      const { roles }: ScopeRow = scopeTable[scope]
      return roles.some((role) => caller.roles.includes(role))
    }
  }
}
