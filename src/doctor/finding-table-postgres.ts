import type { FindingRows } from './finding.ts'

export const postgresFindings = {
  database_is_standby: {
    severity: 'error',
    what: 'The database at {where} is a standby: it copies another server, and takes no change.',
    why: 'People who are signed in stay so, but nobody can sign in or out.',
    fix: 'Let ENTRADA_DATABASE_URL name the primary, or the address that follows it after a failover.',
  },
  database_behind_pooler: {
    severity: 'error',
    what: 'Between this machine and the database at {where} is a connection pooler that keeps back settings of the connection.',
    why: 'Time limits and transaction levels of Entrada are then missing, and prepared statements meet connections that do not know them: requests hang or fail now and then.',
    fix: 'Connect to PostgreSQL itself; Entrada keeps a pool of its own (ENTRADA_DATABASE_CONNECTIONS). Where PgBouncer has to be used: `pool_mode = session`, and let it pass `options`.',
  },
  database_connections_exhausted: {
    severity: 'error',
    what: 'The database at {where} takes no more connections (53300).',
    why: 'Requests fail as long as that lasts.',
    fix: 'Raise `max_connections`, or the limit of the role or database; or lower ENTRADA_DATABASE_CONNECTIONS. Replicas times that has to fit.',
  },
  database_connections_few: {
    severity: 'warning',
    what: 'One replica opens up to {wanted} connections, and the server has {available} for everybody.',
    why: 'Under load requests fail with 53300, first of all during an upgrade, when old and new replicas run side by side.',
    fix: 'Raise `max_connections` of PostgreSQL, or lower ENTRADA_DATABASE_CONNECTIONS.',
  },
  database_clock_differs: {
    severity: 'warning',
    what: "This machine's clock is {seconds} s {direction}, compared with the database server.",
    why: 'One of the two is wrong. Replicas with different clocks end sessions and take over background work at different times.',
    fix: 'Switch time synchronisation on, on both (`timedatectl set-ntp true`).',
  },
  database_not_utf8: {
    severity: 'error',
    what: 'The database at {where} has the encoding {encoding}, not UTF8.',
    why: 'Names with other letters cannot be stored: those people cannot sign in.',
    fix: "Make another database with `create database entrada encoding 'UTF8' template template0`, and move the data with pg_dump.",
  },
  database_no_right_to_create: {
    severity: 'error',
    what: 'The role of ENTRADA_DATABASE_URL may not make tables in the database at {where}.',
    why: 'The first start and every upgrade make tables. Since PostgreSQL 15 a role has that right only in databases that it owns.',
    fix: 'Run `alter database NAME owner to ROLE`, or `grant create on schema public to ROLE`, as an administrator of PostgreSQL.',
  },
  database_as_superuser: {
    severity: 'info',
    what: 'The role of ENTRADA_DATABASE_URL is a superuser of PostgreSQL.',
    why: 'Entrada needs to own one database only. With this password everything on the server lies open.',
    fix: 'Make a role for it (`create role entrada login password …`) that owns the database.',
  },
  database_not_durable: {
    severity: 'warning',
    what: 'The database at {where} does not wait for its disk (`fsync` or `full_page_writes` is off).',
    why: 'After a power cut it can be damaged, and people who were disabled may be back.',
    fix: 'Set both to `on` in postgresql.conf. That is for tests only.',
  },
  database_without_tls: {
    severity: 'warning',
    what: 'The connection to {where} is not encrypted.',
    why: 'Names, addresses and sealed secrets cross the network in clear.',
    fix: 'Add `?sslmode=verify-full` to ENTRADA_DATABASE_URL, and `sslrootcert` where the authority is your own.',
  },
  database_tls_not_checked: {
    severity: 'warning',
    what: 'The certificate of the database at {where} is not checked (sslmode=no-verify).',
    why: 'A machine on the way can answer in its place, read everything and change it.',
    fix: 'Use `sslmode=verify-full`, with `sslrootcert=/path/ca.pem` where the authority is your own.',
  },
  database_certificate_not_trusted: {
    severity: 'error',
    what: 'The TLS certificate of the database at {where} is not trusted here ({reason}).',
    why: 'Entrada does not send its password to a server that it cannot recognise, and does not start.',
    fix: 'Name the authority with `sslrootcert=/path/ca.pem` in ENTRADA_DATABASE_URL, and see that the host in it is a name of the certificate.',
  },
  database_log_large: {
    severity: 'warning',
    what: 'The write-ahead log of the database has {megabytes} MB.',
    why: 'SQLite folds it into the file once no program reads an old state any more. One has been reading for very long, and every read becomes slower.',
    fix: 'Find the program that has the file open, for example with `fuser`, and end it; a restart of the server folds the log too.',
  },
} as const satisfies FindingRows
