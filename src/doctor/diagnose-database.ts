import { diagnosePostgres } from './diagnose-postgres.ts'
import type { DatabaseFacts, Facts } from './facts.ts'
import { type Finding, newFinding } from './finding.ts'

const OLDEST_POSTGRES = 15

/** Judges whether the server can use the database. */
export function diagnoseDatabase({ database, mode }: Facts): readonly Finding[] {
  if (database === undefined) return []
  const { where, inspection } = database
  switch (inspection.kind) {
    case 'absent':
      return [newFinding('database_absent', { where }), ...diagnosePostgres(database)]
    case 'not_ours':
      return [newFinding('database_not_ours', { where })]
    case 'not_permitted':
      return [newFinding('database_not_readable', { file: inspection.file })]
    case 'unreachable':
      return [unreachable(where, inspection.reason)]
    case 'found':
      return [...diagnoseFound(where, inspection, mode), ...diagnosePostgres(database)]
  }
}

/** Reasons that have a remedy of their own. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
function unreachable(where: string, reason: string): Finding {
  if (reason === '53300') return newFinding('database_connections_exhausted', { where })
  if (/CERT|SIGNATURE|ERR_TLS/.test(reason)) {
    return newFinding('database_certificate_not_trusted', { where, reason })
  }
  return newFinding('database_unreachable', { where, reason })
}

type Found = Extract<DatabaseFacts['inspection'], { readonly kind: 'found' }>

function diagnoseFound(where: string, found: Found, mode: Facts['mode']): readonly Finding[] {
  const misfit = misfitOf(where, found, mode)
  const { schemaVersion: schema } = found.mark
  const server = found.serverVersion
  return [
    misfit ?? newFinding('database_fits', { where, schema, server }),
    ...versions(found),
    ...(found.postgres?.isStandby ? [] : changes(where, found)),
    ...log(found),
  ]
}

/** SQLite merges its log into the database file once no reader is left. */
const LARGE_LOG_BYTES = 256 * 1024 * 1024

function log({ logBytes = 0 }: Found): readonly Finding[] {
  if (logBytes < LARGE_LOG_BYTES) return []
  return [newFinding('database_log_large', { megabytes: Math.round(logBytes / 1_000_000) })]
}

/** Returns why this program would refuse to start with this database. */
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
