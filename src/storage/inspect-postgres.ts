/** What a PostgreSQL server reports about itself and about our role in it. Changes nothing. */
import { sql } from 'kysely'
import type { Database } from './schema.ts'

export type PostgresHealth = {
  /** The server's clock when ours showed `ours`, and how long the query took. */
  readonly clock: { readonly theirs: Date; readonly ours: Date; readonly tookMs: number }
  readonly isStandby: boolean
  /** Connections that roles without special rights share. */
  readonly connections: number
  readonly encoding: string
  /** Whether the role may create tables where it looks for them. */
  readonly mayCreate: boolean
  readonly isSuperuser: boolean
  /** `fsync` and `full_page_writes` are on. */
  readonly isDurable: boolean
  readonly isEncrypted: boolean
  /** Whether settings that we send when we connect take effect; a pooler may drop them. */
  readonly takesOptions: boolean
}

type Row = {
  readonly time: number
  readonly standby: boolean
  readonly connections: number
  readonly encoding: string
  readonly may_create: boolean | null
  readonly superuser: boolean | null
  readonly durable: boolean
  readonly encrypted: boolean | null
  readonly statement_timeout: number
}

/** Queries the state of a PostgreSQL server, or returns `undefined` if it cannot be read. */
export async function inspectPostgres(
  database: Database,
  { now, statementTimeoutMs }: { readonly now: () => Date; readonly statementTimeoutMs: number },
): Promise<PostgresHealth | undefined> {
  const askedAt = now().getTime()
  const { rows } = await sql<Row>`select
    (extract(epoch from clock_timestamp()) * 1000)::bigint as "time",
    pg_is_in_recovery() as standby,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as connections,
    (select pg_encoding_to_char(encoding) from pg_database where datname = current_database()) as encoding,
    has_schema_privilege(current_schema(), 'CREATE') as may_create,
    (select rolsuper from pg_roles where rolname = current_user) as superuser,
    current_setting('fsync') = 'on' and current_setting('full_page_writes') = 'on' as durable,
    (select ssl from pg_stat_ssl where pid = pg_backend_pid()) as encrypted,
    (select setting::int from pg_settings where name = 'statement_timeout') as statement_timeout`.execute(
    database,
  )
  const tookMs = now().getTime() - askedAt
  const [row] = rows
  if (row === undefined) return undefined
  return {
    clock: { theirs: new Date(row.time), ours: new Date(askedAt + tookMs / 2), tookMs },
    isStandby: row.standby,
    connections: row.connections,
    encoding: row.encoding,
    mayCreate: row.may_create === true,
    isSuperuser: row.superuser === true,
    isDurable: row.durable,
    isEncrypted: row.encrypted === true,
    takesOptions: row.statement_timeout === statementTimeoutMs,
  }
}
