import { accountErrors } from './entra-error-table-account.ts'
import { authorityErrors } from './entra-error-table-authority.ts'
import { consentErrors } from './entra-error-table-consent.ts'
import { credentialErrors } from './entra-error-table-credential.ts'
import type { EntraErrorTable } from './entra-error-table-entry.ts'
import { grantErrors } from './entra-error-table-grant.ts'
import { policyErrors } from './entra-error-table-policy.ts'
import { registrationErrors } from './entra-error-table-registration.ts'
import { requestErrors } from './entra-error-table-request.ts'
import { samlErrors } from './entra-error-table-saml.ts'

export type { EntraErrorEntry } from './entra-error-table-entry.ts'

/**
 * All AADSTS numbers that we can explain. They are only for explanations: Microsoft may change a number or its meaning at any time,
 * so decisions depend on `error` and `suberror`, never on these.
 */
export const entraErrors: EntraErrorTable = {
  ...accountErrors,
  ...policyErrors,
  ...registrationErrors,
  ...authorityErrors,
  ...credentialErrors,
  ...grantErrors,
  ...consentErrors,
  ...requestErrors,
  ...samlErrors,
}
