/**
 * The values that optional claims of an ID token may have. A token with another value is refused, and the error names the claim. If
 * the claim were ignored, another claim would decide, and the directory's administrator could choose which one.
 */
import { EntradaError } from '../errors/errors.ts'

type ClaimRule = (value: unknown) => boolean

const MAX_TEXT = 2048

const isText: ClaimRule = (value) =>
  typeof value === 'string' && value !== '' && value.length <= MAX_TEXT
/** This text is only displayed, so an empty one counts as absent. */
const isShownText: ClaimRule = (value) => value === '' || isText(value)
const isListOfTexts: ClaimRule = (value) => Array.isArray(value) && value.every(isText)
const isOneOf =
  (...values: readonly unknown[]): ClaimRule =>
  (value) =>
    values.includes(value)
const isObject: ClaimRule = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** All optional claims that Entrada reads; docs/inputs.md has the same list. */
export const claimRules = {
  email: isText,
  preferred_username: isText,
  upn: isText,
  idp: isText,
  sid: isText,
  acct: isOneOf(0, 1, '0', '1'),
  xms_edov: isOneOf(true, false, 1, 0, '1', '0', 'true', 'false'),
  groups: isListOfTexts,
  roles: isListOfTexts,
  hasgroups: isOneOf(true, false, 'true', 'false'),
  _claim_names: isObject,
  name: isShownText,
  given_name: isShownText,
  family_name: isShownText,
  login_hint: isShownText,
} as const satisfies Readonly<Record<string, ClaimRule>>

/** Checks the optional claims of an ID token. @throws {EntradaError} `id_token_claim_invalid` */
export function checkOptionalClaims(claims: Readonly<Record<string, unknown>>): void {
  for (const [claim, isFine] of Object.entries(claimRules)) {
    if (Object.hasOwn(claims, claim) && !isFine(claims[claim])) {
      throw new EntradaError('id_token_claim_invalid', { claim, present: true })
    }
  }
}
