/**
 * The values that optional claims of an ID token may have. A token with another value is refused, and the error names the claim. If
 * the claim were ignored, another claim would decide, and the directory's administrator could choose which one.
 */
import { EntradaError } from '../errors/errors.ts'

/** Returns whether a value is one that the claim may have. */
export type ClaimRule = (value: unknown) => boolean

const MAX_TEXT = 2048

/** A text that decides something, so it may not be empty. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT
}

/** A text that is displayed and decides nothing: empty counts as absent. */
export const isShownText: ClaimRule = (value) => value === '' || isText(value)

/** The standard claims that are read. @see OpenID Connect Core §5.1 */
export const standardClaimRules = {
  email: isText,
  preferred_username: isText,
  name: isShownText,
  given_name: isShownText,
  family_name: isShownText,
} as const satisfies Readonly<Record<string, ClaimRule>>

/**
 * Checks every optional claim that has a rule.
 *
 * @throws {EntradaError} `id_token_claim_invalid`
 */
export function checkOptionalClaims(
  claims: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, ClaimRule>>,
): void {
  for (const [claim, isFine] of Object.entries(rules)) {
    if (Object.hasOwn(claims, claim) && !isFine(claims[claim])) {
      throw invalidClaim(claim, claims[claim])
    }
  }
}

/** Creates the error for a claim that is missing or has a value that is not accepted. */
export function invalidClaim(claim: string, value: unknown): EntradaError {
  return new EntradaError('id_token_claim_invalid', { claim, present: value !== undefined })
}
