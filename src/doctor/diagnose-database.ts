import type { DatabaseFacts, Facts } from './facts.ts'
import { type Finding, newFinding } from './finding.ts'

const OLDEST_POSTGRES = 15

export function diagnoseDatabase({ database, mode }: Facts): readonly Finding[] {
  if (database === undefined) return []
  const { where, inspection } = database
  switch (inspection.kind) {
    case 'absent':
      return [newFinding('database_absent', { where })]
    case 'not_ours':
      return [newFinding('database_not_ours', { where })]
    case 'not_permitted':
      return [newFinding('database_not_readable', { file: inspection.file })]
    case 'unreachable':
      return [newFinding('database_unreachable', { where, reason: inspection.reason })]
    case 'found':
      return diagnoseFound(where, inspection, mode)
  }
}

type Found = Extract<DatabaseFacts['inspection'], { readonly kind: 'found' }>

function diagnoseFound(where: string, found: Found, mode: Facts['mode']): readonly Finding[] {
  const misfit = misfitOf(where, found, mode)
  const { schemaVersion: schema } = found.mark
  const server = found.serverVersion
  return [
    misfit ?? newFinding('database_fits', { where, schema, server }),
    ...versions(found),
    ...changes(where, found),
  ]
}

/** Why this program would refuse to start on it. */
function misfitOf(where: string, { mark, knownSchemaVersion }: Found, mode: Facts['mode']) {
  if (mark.mode !== mode) {
    const id = mark.mode === 'development' ? 'database_of_development' : 'database_of_production'
    return newFinding(id, { where })
  }
  if (mark.oldestProgram <= knownSchemaVersion) return undefined
  const evidence = { where, needed: mark.oldestProgram, known: knownSchemaVersion }
  return newFinding('database_too_new', evidence)
}

function versions({ mark, knownSchemaVersion: known, database, serverVersion, journal }: Found) {
  const { schemaVersion: schema, oldestProgram } = mark
  const findings: Finding[] = []
  if (schema < known) findings.push(newFinding('database_behind', { schema, known }))
  if (schema > known && oldestProgram <= known) {
    findings.push(newFinding('database_newer', { schema, known }))
  }
  if (journal !== undefined && journal !== 'wal') {
    findings.push(newFinding('database_without_log', { journal }))
  }
  const major = Number(/(\d+)/.exec(serverVersion)?.[1])
  if (database === 'postgres' && major < OLDEST_POSTGRES) {
    const version = serverVersion.replace('PostgreSQL ', '')
    findings.push(newFinding('postgres_too_old', { version, oldest: OLDEST_POSTGRES }))
  }
  return findings
}

function changes(where: string, { writable }: Found): readonly Finding[] {
  switch (writable.kind) {
    case 'yes':
      return [newFinding('database_writable', {})]
    case 'busy':
      return [newFinding('database_busy', { where })]
    case 'no':
      return [newFinding('database_read_only', { where, reason: writable.reason })]
  }
}
