/**
 * Who can fix an error. `person`: the person who tried to sign in. `application_administrator`: the owner of the app registration.
 * `directory_administrator`: the administrator of the Entra tenant (people, consent, policies). `operator`: the operator of this
 * Entrada server.
 */
export type WhoCanFix =
  | 'person'
  | 'application_administrator'
  | 'directory_administrator'
  | 'operator'
  | 'nobody_needed'

/** The meaning of one AADSTS number, and its readers. `shown` is the only field for the person's page. */
export type EntraErrorEntry = {
  readonly name: string
  readonly whatHappened: string
  /** For the operator of the server: it names settings. */
  readonly remedy: string
  /** For a customer's administrator, who has the set-up page and no settings; `remedy` is used if it is absent. */
  readonly customerRemedy?: string
  readonly whoCanFix: WhoCanFix
  readonly shown: string
  /** Errors on `entra_page` never reach our callback: they can only be looked up. */
  readonly where: 'entra_page' | 'callback' | 'token_endpoint' | 'any'
}

export type EntraErrorTable = Readonly<Record<number, EntraErrorEntry>>

// Microsoft sometimes moves these menus, so each path is written only once.
export const appRegistration =
  'entra.microsoft.com > Entra ID > App registrations > your application'
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
