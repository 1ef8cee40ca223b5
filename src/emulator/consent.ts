import { type Changes, withChangedApplication } from './change-directory.ts'
import type { Application, Tenant } from './directory.ts'
import type { Person } from './find-in-directory.ts'
import { consentableScopes, hasScope, needsAdministrator } from './scopes.ts'
import type { EmulatorState } from './state.ts'

/** What is still missing before an application may have the scopes it asks for. */
export type ConsentDecision =
  | { readonly kind: 'given' }
  | { readonly kind: 'person_may'; readonly missing: readonly string[] }
  | { readonly kind: 'administrator_must'; readonly missing: readonly string[] }

/** Decides whether a user has to consent first, and whether this user may. */
export function decideConsent(
  application: Application,
  { tenant, user }: Person,
  scopes: readonly string[],
): ConsentDecision {
  const missing = missingScopes(application, { tenant, user }, scopes)
  const isFirst = application.consent === 'required' && !hasAnyConsent(application, tenant, user.id)
  if (missing.length === 0 && !isFirst) return { kind: 'given' }
  const mayConsent =
    user.isAdministrator || (tenant.usersMayConsent && !missing.some(needsAdministrator))
  return { kind: mayConsent ? 'person_may' : 'administrator_must', missing }
}

/** Returns all scopes that an application was granted for a person; with `assumed`, the ones that it asks for. */
export function consentedScopes(
  application: Application,
  { tenant, user }: Person,
  requested: readonly string[],
): readonly string[] {
  if (application.consent === 'assumed') return requested
  const consented = consentsFor(application, tenant, user.id).flatMap(({ scopes }) => scopes)
  const allowed = requested.filter(
    (scope) => consentableScopes([scope]).length === 0 || hasScope(consented, scope),
  )
  return [...new Set([...allowed, ...consented])]
}

/** Returns what an application may do in a tenant without a user. */
export function consentedAppRoles(application: Application, tenant: Tenant): readonly string[] {
  if (application.consent === 'assumed') return application.applicationPermissions
  const forAll = application.consents.filter(
    ({ tenantId, userId }) => tenantId === tenant.id && userId === undefined,
  )
  return [...new Set(forAll.flatMap(({ appRoles }) => appRoles))]
}

/** Who consented to what: a user for themselves, or an administrator for a tenant. */
export type GivenConsent = {
  readonly clientId: string
  readonly tenantId: string
  readonly userId?: string
  readonly scopes: readonly string[]
  readonly appRoles: readonly string[]
}

/** Stores a consent. That of an administrator also makes the application available in the tenant. */
export function recordConsent(state: EmulatorState, consent: GivenConsent): void {
  const { clientId, tenantId, userId, ...permissions } = consent
  const person = userId === undefined ? {} : { userId }
  state.directory = withChangedApplication(state.directory, clientId, (application) => {
    const consents = merged(application.consents, { tenantId, ...person, ...permissions })
    return userId === undefined ? { consents, ...availableIn(application, tenantId) } : { consents }
  })
}

/** Removes every consent of a tenant, which then no longer has the application. */
export function revokeConsent(state: EmulatorState, clientId: string, tenantId: string): void {
  state.directory = withChangedApplication(state.directory, clientId, (application) => ({
    consents: application.consents.filter((consent) => consent.tenantId !== tenantId),
    availableIn: application.availableIn.filter((id) => id !== tenantId),
  }))
}

type Consent = Application['consents'][number]

function missingScopes(
  application: Application,
  { tenant, user }: Person,
  scopes: readonly string[],
): readonly string[] {
  if (application.consent === 'assumed') return []
  const consented = consentsFor(application, tenant, user.id).flatMap((consent) => consent.scopes)
  return consentableScopes(scopes).filter((scope) => !hasScope(consented, scope))
}

function hasAnyConsent(application: Application, tenant: Tenant, userId: string): boolean {
  return consentsFor(application, tenant, userId).length > 0
}

function consentsFor(application: Application, tenant: Tenant, userId: string): readonly Consent[] {
  return application.consents.filter(
    (consent) =>
      consent.tenantId === tenant.id && (consent.userId === undefined || consent.userId === userId),
  )
}

function merged(consents: readonly Consent[], added: Consent): readonly Consent[] {
  const isSame = (consent: Consent) =>
    consent.tenantId === added.tenantId && consent.userId === added.userId
  const before = consents.find(isSame)
  const union = (a: readonly string[] = [], b: readonly string[]) => [...new Set([...a, ...b])]
  const together = {
    ...added,
    scopes: union(before?.scopes, added.scopes),
    appRoles: union(before?.appRoles, added.appRoles),
  }
  return [...consents.filter((consent) => !isSame(consent)), together].slice(-MOST_CONSENTS)
}

const MOST_CONSENTS = 20_000

function availableIn(application: Application, tenantId: string): Changes<Application> {
  const isThere =
    application.homeTenantId === tenantId || application.availableIn.includes(tenantId)
  return isThere ? {} : { availableIn: [...application.availableIn, tenantId] }
}
