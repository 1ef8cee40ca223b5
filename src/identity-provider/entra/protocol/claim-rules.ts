import {
  type ClaimRule,
  isShownText,
  isText,
  standardClaimRules,
} from '../../../protocol/claim-rules.ts'

const isListOfTexts: ClaimRule = (value) => Array.isArray(value) && value.every(isText)
const isOneOf =
  (...values: readonly unknown[]): ClaimRule =>
  (value) =>
    values.includes(value)
const isObject: ClaimRule = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** All optional claims of Entra that Entrada reads; docs/inputs.md has the same list. */
export const claimRules = {
  ...standardClaimRules,
  upn: isText,
  idp: isText,
  sid: isText,
  acct: isOneOf(0, 1, '0', '1'),
  xms_edov: isOneOf(true, false, 1, 0, '1', '0', 'true', 'false'),
  groups: isListOfTexts,
  roles: isListOfTexts,
  hasgroups: isOneOf(true, false, 'true', 'false'),
  _claim_names: isObject,
  login_hint: isShownText,
} as const satisfies Readonly<Record<string, ClaimRule>>
