/**
 * What an application registration in Entra needs, each fact in one place: what goes wrong without it, how to put it right, and how much
 * it matters. Refusals, the doctor, the test of a connection, the set-up page and the reference take their sentences from here.
 * Remedies name the menus of the registration; each table adds what only its readers can do, such as changing a setting.
 */

/** Where an administrator finds a registration. Microsoft sometimes moves this menu. */
export const appRegistration =
  'entra.microsoft.com > Entra ID > App registrations > your application'

/** How much a fact matters to the operator of the server, and to a customer who tests a connection. */
type Weight = {
  readonly operator: 'info' | 'warning'
  readonly customer: 'info' | 'warning' | 'error'
}

export type ClaimFact = {
  /** What the claim is for. */
  readonly purpose: string
  /** What goes wrong without it. */
  readonly why: string
  /** What else there is to know when adding it. */
  readonly hint?: string
  readonly weight: Weight
}

/** Optional claims of the ID token, in the order in which the set-up page lists them. */
export const claimNames = ['email', 'xms_edov', 'acct', 'sid', 'login_hint'] as const
export type OptionalClaim = (typeof claimNames)[number]

export const optionalClaims = {
  email: {
    purpose: 'the address that is shown',
    why: 'Profiles show the user name in its place, marked as not proven, and users created beforehand cannot be matched.',
    hint: 'Entra sends it for accounts that have a mail address.',
    weight: { operator: 'info', customer: 'warning' },
  },
  xms_edov: {
    purpose: 'Entra vouches that the address belongs to your directory',
    why: 'Without it no email address counts as proven to be of a domain of the directory.',
    hint: 'If `xms_edov` is not in the list, add it under Manifest, in `optionalClaims.idToken`.',
    weight: { operator: 'info', customer: 'warning' },
  },
  acct: {
    purpose: 'distinguishes guests from members',
    why: 'Without it Entrada recognises guests by where the account comes from, which is less certain.',
    weight: { operator: 'warning', customer: 'warning' },
  },
  sid: {
    purpose: 'signing out at Microsoft signs out here too',
    why: 'Without it, signing out at Microsoft does not sign people out here.',
    weight: { operator: 'warning', customer: 'warning' },
  },
  login_hint: {
    purpose: 'signing out does not ask which account',
    why: 'Without it, signing out at Microsoft asks which account to sign out, even if there is only one.',
    weight: { operator: 'warning', customer: 'info' },
  },
} as const satisfies Readonly<Record<OptionalClaim, ClaimFact>>

/** `xms_edov` once more, where users who were created beforehand are linked by their email address. */
export const proofForLinking: ClaimFact = {
  ...optionalClaims.xms_edov,
  why: 'Users who were created beforehand are matched by email address. Without the proof, none of them is matched.',
  weight: { operator: 'warning', customer: 'error' },
}

/** How an optional claim is added. */
export function addClaim(claim: OptionalClaim, { hint }: ClaimFact): string {
  const step = `Token configuration > Add optional claim > ID > ${claim}.`
  return hint === undefined ? step : `${step} ${hint}`
}

/** Groups, in the ID token or through Microsoft Graph. */
export const groupRemedies = {
  claimMissing:
    'Token configuration > Add groups claim > Groups assigned to the application, ID: Group ID. Then assign the groups under Enterprise apps > Users and groups.',
  claimNamesNone:
    'If the claim is there already, this person is in none of the groups that it may name.',
  overage:
    'Token configuration > groups claim > Groups assigned to the application: then Entra sends only those. Or use app roles instead of groups.',
  graphForbidden:
    'API permissions > Add a permission > Microsoft Graph > Delegated permissions > User.Read. Then press Grant admin consent.',
} as const

/** The platform under which the redirect URI is registered. */
export const platformRemedies = {
  singlePage:
    'Authentication: remove the redirect URI under "Single-page application", and add it under "Web".',
  publicClient:
    'Authentication: remove the redirect URI under "Mobile and desktop applications", and add it under "Web".',
} as const

/** How a client secret is made in this registration, and which of its two columns is copied. */
export function newSecret(registration: string): string {
  return `Create a new secret in ${registration} > Certificates & secrets, and copy the column "Value", which is shown once, not "Secret ID".`
}

/** The two ids that the settings name. */
export const idRemedies = {
  directory:
    'Compare ENTRADA_ENTRA_TENANT_ID with "Directory (tenant) ID" in entra.microsoft.com > Entra ID > Overview. If the directory is in another cloud (US government, China), set ENTRADA_ENTRA_AUTHORITY.',
  application:
    'Compare ENTRADA_ENTRA_CLIENT_ID and ENTRADA_ENTRA_TENANT_ID with "Application (client) ID" (not "Object ID") and "Directory (tenant) ID" in entra.microsoft.com > Entra ID > App registrations > your application > Overview.',
} as const
