/** The report as lines for a terminal. */
import type { Report } from './doctor.ts'
import { type Area, areas, type Finding, type Severity } from './finding.ts'

const WIDTH = 100
const titles: Readonly<Record<Area, string>> = {
  settings: 'Settings',
  machine: 'This machine',
  database: 'Database',
  keys: 'Key ring',
  entra: 'Directory in Entra',
  clock: 'Clock',
  credential: 'Credential of the application',
  registration: 'What is registered in Entra',
  address: 'Public address',
  claims: 'What sign-ins bring',
  roles: 'Role rules',
  operators: 'Operators',
}
const marks: Readonly<Record<Severity, string>> = {
  ok: 'ok',
  info: 'note',
  warning: 'WARNING',
  error: 'ERROR',
}
const MARK_WIDTH = 9

/** Returns the lines of a report, grouped by area; the last line counts the findings. */
export function describeReport({ findings, counts }: Report): readonly string[] {
  const groups = areas.flatMap((area) => {
    const found = findings.filter((finding) => finding.area === area)
    return found.length === 0 ? [] : [titles[area], ...found.flatMap(describeFinding), '']
  })
  if (findings.length === 0)
    return ['Nothing to examine: no setting that the doctor checks is configured.']
  return [...groups, describeCounts(counts)]
}

function describeFinding(finding: Finding): readonly string[] {
  const { severity, what, items, why, fix, whoCanFix } = finding
  const indent = ' '.repeat(2 + MARK_WIDTH)
  const labelled = (label: string, text: string | undefined) =>
    text === undefined ? [] : wrap(text, `${indent}${label.padEnd(5)} `, `${indent}      `)
  return [
    ...wrap(what, `  ${marks[severity].padEnd(MARK_WIDTH)}`, indent),
    // Not wrapped: they are there to be copied.
    ...items.map((item) => `${indent}  ${item}`),
    ...labelled('Why', why),
    ...labelled('Do', fix),
    ...(whoCanFix && whoCanFix !== 'nobody_needed'
      ? labelled('Who', `${whoCanFix.replaceAll('_', ' ')}, ${whoIs[whoCanFix]}`)
      : []),
  ]
}

const whoIs = {
  person: 'the user who signs in',
  operator: 'the operator of this server',
  application_administrator: 'the owner of the app registration in Entra',
  directory_administrator: 'the administrator of the directory in Entra',
} as const

function describeCounts({ error, warning, info, ok }: Report['counts']): string {
  const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`
  const verdict = error > 0 ? 'Not in order' : warning > 0 ? 'In order, with warnings' : 'In order'
  return `${verdict}: ${plural(error, 'error')}, ${plural(warning, 'warning')}, ${plural(info, 'note')}, ${ok} ok.`
}

function wrap(text: string, first: string, rest: string): readonly string[] {
  const lines: string[] = []
  let line = first
  let isEmpty = true
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = rest
      isEmpty = true
    }
    line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return [...lines, line]
}
