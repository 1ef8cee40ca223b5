import type { FindingRows } from './finding.ts'

export const postgresFindings = {
  database_is_standby: {
    severity: 'error',
    what: 'The database at {where} is a standby: it replicates another server and accepts no changes.',
    why: 'Users who are signed in stay signed in, but all sign-ins and sign-outs fail.',
    fix: 'Set ENTRADA_DATABASE_URL to the primary, or to the address that follows the primary after a failover.',
  },
  database_behind_pooler: {
    severity: 'info',
    what: 'A connection pooler between this machine and the database at {where} drops settings of the connection.',
    why: 'Entrada then sets them in each transaction and prepares no statement, so each request costs the database more. Single statements have no time limit in the server.',
    fix: 'Connect to PostgreSQL directly; Entrada has its own connection pool (ENTRADA_DATABASE_CONNECTIONS). If the server has too few connections for all your replicas, leave PgBouncer where it is, with `pool_mode = transaction`.',
  },
  database_connections_exhausted: {
    severity: 'error',
    what: 'The database at {where} accepts no more connections (53300).',
    why: 'Requests fail while this lasts.',
    fix: 'Raise `max_connections`, or the limit of the role or database; or lower ENTRADA_DATABASE_CONNECTIONS. The limit must be at least the number of replicas times ENTRADA_DATABASE_CONNECTIONS.',
  },
  database_connections_few: {
    severity: 'warning',
    what: 'One replica opens up to {wanted} connections, but the server has {available} for all its clients.',
    why: 'Under load, requests fail with 53300, most likely during an upgrade, when old and new replicas run at the same time.',
    fix: 'Raise `max_connections` of PostgreSQL, or lower ENTRADA_DATABASE_CONNECTIONS.',
  },
  database_clock_differs: {
    severity: 'warning',
    what: "This machine's clock is {seconds} s {direction}, compared with the database server.",
    why: 'One of the two clocks is wrong. Replicas with different clocks end sessions and take over background work at different times.',
    fix: 'Switch time synchronisation on on both machines (`timedatectl set-ntp true`).',
  },
  database_not_utf8: {
    severity: 'error',
    what: 'The database at {where} has the encoding {encoding}, not UTF8.',
    why: 'Names with characters outside this encoding cannot be stored, so those users cannot sign in.',
    fix: "Create a new database with `create database entrada encoding 'UTF8' template template0`, and move the data with pg_dump.",
  },
  database_no_right_to_create: {
    severity: 'error',
    what: 'The role of ENTRADA_DATABASE_URL may not create tables in the database at {where}.',
    why: 'The first start and every upgrade create tables. Since PostgreSQL 15 a role may do that only in databases that it owns.',
    fix: 'Run `alter database NAME owner to ROLE`, or `grant create on schema public to ROLE`, as an administrator of PostgreSQL.',
  },
  database_as_superuser: {
    severity: 'info',
    what: 'The role of ENTRADA_DATABASE_URL is a superuser of PostgreSQL.',
    why: 'Entrada only needs to own one database. With this password, an attacker has access to everything on the server.',
    fix: 'Create a role for Entrada (`create role entrada login password …`) that owns the database.',
  },
  database_not_durable: {
    severity: 'warning',
    what: 'The database at {where} does not wait for writes to reach the disk (`fsync` or `full_page_writes` is off).',
    why: 'After a power failure the database can be damaged, and users who were disabled may be enabled again.',
    fix: 'Set both to `on` in postgresql.conf. Other values are for tests only.',
  },
  database_without_tls: {
    severity: 'warning',
    what: 'The connection to {where} is not encrypted.',
    why: 'Names, email addresses and sealed secrets cross the network unencrypted.',
    fix: 'Add `?sslmode=verify-full` to ENTRADA_DATABASE_URL, and `sslrootcert` if you have your own certificate authority.',
  },
  database_tls_not_checked: {
    severity: 'warning',
    what: 'The certificate of the database at {where} is not checked (sslmode=no-verify).',
    why: 'A machine on the way can answer in its place, and read and change everything.',
    fix: 'Use `sslmode=verify-full`, with `sslrootcert=/path/ca.pem` if you have your own certificate authority.',
  },
  database_certificate_not_trusted: {
    severity: 'error',
    what: 'The TLS certificate of the database at {where} is not trusted here ({reason}).',
    why: 'Entrada does not send its password to a server whose certificate it cannot verify, and does not start.',
    fix: 'Name the authority with `sslrootcert=/path/ca.pem` in ENTRADA_DATABASE_URL, and check that the host in the URL is a name of the certificate.',
  },
  database_log_large: {
    severity: 'warning',
    what: 'The write-ahead log of the database is {megabytes} MB large.',
    why: 'SQLite merges it into the database file when no program reads an old state any more. Some program has been reading for very long, and every read becomes slower.',
    fix: 'Find the program that has the file open, for example with `fuser`, and stop it. A restart of the server merges the log, too.',
  },
} as const satisfies FindingRows
