/**
 * Who can put it right. `person`: who tried to sign in. `application_administrator`: whoever owns the
 * app registration. `directory_administrator`: who runs the Entra tenant (people, consent, policies).
 * `operator`: who runs this Entrada server.
 */
export type WhoCanFix =
  | 'person'
  | 'application_administrator'
  | 'directory_administrator'
  | 'operator'
  | 'nobody_needed'

/** What one AADSTS number means, and for whom. `shown` is the only field meant for the person's page. */
export type EntraErrorEntry = {
  readonly name: string
  readonly whatHappened: string
  /** For who runs the server: it names settings. */
  readonly remedy: string
  /** For a customer's administrator, who has the set-up page and no settings; `remedy` does where this is absent. */
  readonly customerRemedy?: string
  readonly whoCanFix: WhoCanFix
  readonly shown: string
  /** What is met on `entra_page` never reaches our callback: it can only be looked up. */
  readonly where: 'entra_page' | 'callback' | 'token_endpoint' | 'any'
}

export type EntraErrorTable = Readonly<Record<number, EntraErrorEntry>>

// Microsoft moves these menus about; each is written once.
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
