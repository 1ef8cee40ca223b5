import { claimNames, type OptionalClaim } from '../../errors/registration-facts.ts'
import { explainEntraError } from '../../identity-provider/entra/protocol/explain-entra-error.ts'
import type { SignInTrace } from '../../storage/records.ts'
import type { Facts } from '../facts.ts'
import { type Finding, newFinding } from '../finding.ts'
import type { FindingId } from '../finding-table.ts'
import { seenIn } from '../seen.ts'
import { entraCodes } from './entra-codes.ts'

const missingClaim = {
  email: 'claim_missing_email',
  xms_edov: 'claim_missing_xms_edov',
  acct: 'claim_missing_acct',
  sid: 'claim_missing_sid',
  login_hint: 'claim_missing_login_hint',
} as const satisfies Readonly<Record<OptionalClaim, FindingId>>

/** Judges the claims of the last sign-ins; each finding states how many those were. */
export function diagnoseClaims(facts: Facts): readonly Finding[] {
  const seen = seenIn(facts)
  if (seen === undefined) return []
  const signIns = seen.traces.flatMap(toSignIn)
  return [
    ...(signIns.length === 0
      ? [newFinding('sign_ins_not_seen', {})]
      : [...claims(signIns, facts), ...groups(signIns, facts)]),
    ...refusals(seen.traces),
  ]
}

type SignInSeen = {
  readonly oid: string
  readonly claimNames: readonly string[]
  readonly groups: string
  /** Why the groups could not be read. */
  readonly reason: string
}

/** Reads what `sign-in.ts` put into the trace of a sign-in whose identity was verified, whatever the outcome. */
function toSignIn({ steps }: SignInTrace): readonly SignInSeen[] {
  const detail = steps.find(({ step }) => step === 'identity_verified')?.detail
  if (detail === undefined) return []
  const claimNames = Array.isArray(detail.claimNames) ? detail.claimNames.map(String) : []
  const { oid, groups, reason } = detail
  return [{ oid: String(oid), groups: String(groups), reason: String(reason), claimNames }]
}

function claims(signIns: readonly SignInSeen[], { settings }: Facts): readonly Finding[] {
  const came = new Set(signIns.flatMap(({ claimNames }) => claimNames))
  const missing = claimNames.filter((claim) => !came.has(claim))
  const evidence = { signIns: signIns.length }
  if (missing.length === 0) return [newFinding('claims_complete', evidence)]
  return missing.map((claim) => {
    const mustProve = claim === 'xms_edov' && settings?.linking === 'verified'
    return newFinding(mustProve ? 'linking_without_proof' : missingClaim[claim], evidence)
  })
}

function groups(signIns: readonly SignInSeen[], facts: Facts): readonly Finding[] {
  const needs = whoNeedsGroups(facts)
  const overages = signIns.filter((signIn) => signIn.groups === 'overage').length
  const findings: Finding[] = []
  if (overages > 0) {
    const evidence = { overages, signIns: signIns.length }
    findings.push(
      needs
        ? newFinding('groups_overage_refuses', { ...evidence, needs })
        : newFinding('groups_overage_seen', evidence),
    )
  }
  const unreadable = signIns.filter((signIn) => signIn.groups === 'unreadable')
  if (unreadable.length > 0) {
    const lines = [...new Set(unreadable.map(({ reason }) => reason))].sort()
    const evidence = { unreadable: unreadable.length, signIns: signIns.length }
    findings.push(newFinding('groups_unreadable', evidence, lines))
  }
  if (needs && signIns.every((signIn) => signIn.groups === 'absent')) {
    const people = new Set(signIns.map(({ oid }) => oid)).size
    findings.push(newFinding('groups_claim_missing', { needs, signIns: signIns.length, people }))
  }
  return findings
}

function whoNeedsGroups({ roleRules, operators }: Facts): string | undefined {
  if (roleRules?.kind === 'valid' && roleRules.rules.some(({ match }) => match === 'group')) {
    return 'role rules depend'
  }
  const listsGroup = operators?.listed.some(({ kind }) => kind === 'group')
  return listsGroup ? 'ENTRADA_OPERATORS depends' : undefined
}

function refusals(traces: readonly SignInTrace[]): readonly Finding[] {
  const refused = traces.filter(({ outcome }) => outcome !== 'signed_in')
  if (refused.length === 0) return []
  const counts = new Map<string, number>()
  for (const { code = 'unknown' } of refused) counts.set(code, (counts.get(code) ?? 0) + 1)
  const lines = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([code, count]) => `${count} × ${code}`)
  const evidence = { refused: refused.length, attempts: traces.length }
  return [newFinding('sign_ins_refused', evidence, lines), ...oneNumber(refused)]
}

/** A single refusal may be one user's own mistake. */
const FEWEST_ALIKE = 2

/** An AADSTS number that every recent refusal has points at one cause, which the number names. */
function oneNumber(refused: readonly SignInTrace[]): readonly Finding[] {
  const [first = [], ...others] = refused.map(entraCodes)
  const code = first.find((number) => others.every((codes) => codes.includes(number)))
  if (code === undefined || refused.length < FEWEST_ALIKE) return []
  const entry = explainEntraError(code)
  return [
    newFinding('sign_ins_refused_alike', {
      refused: refused.length,
      code,
      name: entry?.name ?? 'an error that is not in our table',
      whatHappened: entry?.whatHappened ?? 'Entra gives no other reason.',
      remedy: entry?.remedy ?? `Look up https://login.microsoftonline.com/error?code=${code}`,
    }),
  ]
}
