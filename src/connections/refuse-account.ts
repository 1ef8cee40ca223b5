/** Decides whether a connection accepts a kind of account: its cloud, tenant, guests, personal accounts, email domains. Pure. */
import type { ErrorCode, ErrorDetail } from '../errors/errors.ts'
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import { shownDirectory } from '../identity-provider/person-key.ts'
import { kindOf, spaceOf } from '../identity-provider/provider-kinds.ts'
import { parseWorkEmail } from '../protocol/domain-name.ts'
import type { Connection } from '../storage/records.ts'

export type RefusedAccount = {
  readonly kind: 'refused'
  readonly code: ErrorCode
  readonly detail: ErrorDetail
}

/** The part of an identity that {@link refuseAccount} reads. */
export type Account = Pick<VerifiedIdentity, 'key' | 'guest' | 'personalAccount'> & {
  readonly [Name in 'email' | 'preferredUsername' | 'userPrincipalName']?: string | undefined
}

/**
 * Returns why a connection refuses an account of this kind, or `undefined`. A sign-in calls it, and so does a change of the
 * connection for live sessions.
 */
export function refuseAccount(
  connection: Connection,
  account: Account,
): RefusedAccount | undefined {
  const { policies } = connection
  if (account.key.space !== spaceOf(connection))
    return refused('tenant_not_allowed', { reason: 'cloud' })
  if (account.personalAccount && policies.personalAccounts !== 'allow') {
    return refused('personal_account_not_allowed')
  }
  if (!kindOf(connection).acceptsDirectory(connection, account.key)) {
    return refused('tenant_not_allowed', shownDirectory(account.key))
  }
  if (account.guest && policies.guests !== 'allow') return refused('guest_not_allowed')
  return refuseEmailDomain(connection, account)
}

/**
 * Decides by the first address that the token has. A text that is not plainly an address is in no domain: if the next address were
 * read in its place, a person could choose which one counts.
 */
function refuseEmailDomain({ settings: { emailDomains } }: Connection, account: Account) {
  if (emailDomains === undefined) return undefined
  const { email, preferredUsername, userPrincipalName } = account
  const address = email ?? preferredUsername ?? userPrincipalName ?? ''
  // Unicode case folding makes some letters equal to ASCII ones; directories do not use them.
  const domain = /^[\x21-\x7e]+$/.test(address) ? parseWorkEmail(address)?.domain : undefined
  if (domain !== undefined && emailDomains.includes(domain)) return undefined
  return refused('email_domain_not_allowed')
}

function refused(code: ErrorCode, detail: ErrorDetail = {}): RefusedAccount {
  return { kind: 'refused', code, detail }
}
