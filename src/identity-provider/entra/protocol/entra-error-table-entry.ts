import { appRegistration } from '../../../errors/registration-facts.ts'
import type { ProviderErrorEntry } from '../../provider-errors.ts'

export { appRegistration }

/** The meaning of one AADSTS number. Errors on `entra_page` never reach our callback: they can only be looked up. */
export type EntraErrorEntry = ProviderErrorEntry & {
  /** Where Entra reports it; absent in a row: `any` of these places. */
  readonly where?: 'entra_page' | 'callback' | 'token_endpoint' | 'any'
}

export type EntraErrorTable = Readonly<Record<number, EntraErrorEntry>>

// Microsoft sometimes moves these menus, so each path is written only once.
export const enterpriseApplication =
  'entra.microsoft.com > Entra ID > Enterprise apps > your application'
export const users = 'entra.microsoft.com > Entra ID > Users'
export const signInLogs = 'entra.microsoft.com > Entra ID > Monitoring & health > Sign-in logs'
export const conditionalAccess = 'entra.microsoft.com > Entra ID > Conditional Access'
export const crossTenantAccess =
  'entra.microsoft.com > Entra ID > External Identities > Cross-tenant access settings'

export const startAgain = 'Please start signing in again.'
export const setUpWrongly =
  'Signing in is not set up correctly. Ask your administrator to look up this error.'
