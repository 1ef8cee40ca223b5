import { ASCII_DOMAIN_NAME, GUID } from './text-patterns.ts'

/** The tenant of personal Microsoft accounts. @see https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc */
export const PERSONAL_ACCOUNTS_TENANT_ID = '9188040d-6c67-4c5b-b112-36a304b66dad'

/** Returns whether the text is a GUID in the usual 8-4-4-4-12 spelling, in any letter case. */
export function isGuid(text: unknown): text is string {
  return typeof text === 'string' && GUID.test(text)
}

/** Returns whether the text is a DNS name with at least one dot, as the domain of a directory is. */
export function isDomainName(text: string): boolean {
  return text.length <= 253 && ASCII_DOMAIN_NAME.test(text)
}
