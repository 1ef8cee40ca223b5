/** Findings of the doctor. Every finding is a row of a table; the evidence of one examination fills its sentences. */

import type { WhoCanFix } from '../identity-provider/provider-errors.ts'
import { hideCredentials } from '../log/hide-credentials.ts'
import { type FindingId, findingsOf, findingTable } from './finding-table.ts'

/** In the order in which they are examined and printed. */
export const areas = [
  'settings',
  'machine',
  'database',
  'keys',
  'entra',
  'clock',
  'credential',
  'registration',
  'address',
  'claims',
  'roles',
  'operators',
] as const

export type Area = (typeof areas)[number]
export type Severity = 'ok' | 'info' | 'warning' | 'error'

/** `{name}` in a sentence is replaced by the evidence of that name. */
export type FindingRow =
  | { readonly severity: 'ok'; readonly what: string }
  | {
      readonly severity: Exclude<Severity, 'ok'>
      readonly what: string
      readonly why: string
      readonly fix: string
      /** Absent: the operator. */
      readonly whoCanFix?: WhoCanFix
    }
export type FindingRows = Readonly<Record<string, FindingRow>>

export type Finding = {
  readonly id: FindingId
  readonly area: Area
  readonly severity: Severity
  readonly what: string
  /** The things it is about, one a line, to be copied as they stand. */
  readonly items: readonly string[]
  readonly why?: string
  readonly fix?: string
  readonly whoCanFix?: WhoCanFix
}

/** The names in the sentences of a finding, so that none can be left out. */
type NamesIn<Sentence> = Sentence extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never
type Sentences<Row> = Row extends {
  readonly what: infer What
  readonly why: infer Why
  readonly fix: infer Fix
}
  ? What | Why | Fix
  : Row extends { readonly what: infer What }
    ? What
    : never
export type Evidence<Id extends FindingId> = Readonly<
  Record<NamesIn<Sentences<(typeof findingTable)[Id]>>, string | number>
>

/** Makes a finding of a row of the table and its evidence. Evidence comes from other machines too, so control characters are removed. */
export function newFinding<const Id extends FindingId>(
  id: Id,
  evidence: Evidence<Id>,
  items: readonly string[] = [],
): Finding {
  const row: FindingRow = findingTable[id]
  const filled = {
    id,
    area: areaOf(id),
    severity: row.severity,
    what: fill(row.what, evidence),
    items: items.map(printable),
  }
  if (row.severity === 'ok') return filled
  const { why, fix, whoCanFix = 'operator' } = row
  return { ...filled, why: fill(why, evidence), fix: fill(fix, evidence), whoCanFix }
}

function areaOf(id: FindingId): Area {
  const area = areas.find((candidate) => Object.hasOwn(findingsOf(candidate), id))
  if (area === undefined) throw new Error(`the finding ${id} belongs to no area`)
  return area
}

function fill(sentence: string, evidence: Readonly<Record<string, string | number>>): string {
  return sentence.replace(/\{(\w+)\}/g, (name, inside: string) =>
    printable(String(evidence[inside] ?? name)),
  )
}

function printable(text: string): string {
  return hideCredentials(text)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')
    .slice(0, 1000)
}
