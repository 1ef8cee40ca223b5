/** Who may do what through the API: one pure decision. */
import type { Actor, OrganizationId, SessionView } from '../storage/records.ts'
import { type Scope, type ScopeRow, scopeTable } from './scope-table.ts'

export type ApiCaller =
  /** An operator token, its session, or a listed person: everything. */
  | { readonly kind: 'operator'; readonly actor: Actor; readonly view?: SessionView }
  /** A program. Without an organization it sees all. */
  | {
      readonly kind: 'api_key'
      readonly actor: Extract<Actor, { kind: 'api_key' }>
      readonly scopes: readonly string[]
      readonly organizationId: OrganizationId | undefined
    }
  /** A person in their own organization. */
  | {
      readonly kind: 'member'
      readonly actor: Actor
      readonly view: SessionView
      readonly organizationId: OrganizationId
      readonly roles: readonly string[]
    }

/** `deployment`: something that belongs to no single organization. `own`: a list, which the caller's organization narrows. */
export type AccessTarget = 'deployment' | 'own' | { readonly organizationId: string | undefined }

export type AccessDecision =
  | { readonly kind: 'allowed' }
  /** The caller may know that there is such a thing to ask for, and may not ask. */
  | { readonly kind: 'forbidden' }
  /** As if it did not exist: of another organization not even that is told (design rule 19). */
  | { readonly kind: 'hidden' }

/** Whether a caller may do something to something. The one place that says so. */
export function decideAccess(
  caller: ApiCaller,
  scope: Scope,
  target: AccessTarget,
): AccessDecision {
  if (!holdsScope(caller, scope)) return { kind: 'forbidden' }
  const own = organizationOf(caller)
  if (own === undefined || target === 'own') return { kind: 'allowed' }
  if (target === 'deployment') return { kind: 'forbidden' }
  return target.organizationId === own ? { kind: 'allowed' } : { kind: 'hidden' }
}

/** The one organization that a caller is confined to; `undefined`: none, all are theirs. */
export function organizationOf(caller: ApiCaller): OrganizationId | undefined {
  return caller.kind === 'operator' ? undefined : caller.organizationId
}

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
