import type { FindingRows } from './finding.ts'
import { ok } from './ok-finding.ts'

export const databaseFindings = {
  database_fits: ok('The database can be used: {where}, schema {schema}, {server}.'),
  database_writable: ok('The database is writable; a test change was made and rolled back.'),
  database_absent: {
    severity: 'info',
    what: 'There is no database yet at {where}.',
    why: 'The first start creates it. If a database with users should exist, this is the wrong place, and every user would be created again.',
    fix: 'Before a first start: nothing. Otherwise correct ENTRADA_DATA_DIR or ENTRADA_DATABASE_URL.',
  },
  database_unreachable: {
    severity: 'error',
    what: 'The database at {where} cannot be opened ({reason}).',
    why: 'Without it, all sign-ins fail and no session is recognised.',
    fix: 'Look up the reason in docs/operate.md: `28P01` wrong password, `3D000` no such database, `ECONNREFUSED` no server listens there. For a file, check that it exists and that this user may read it.',
  },
  database_not_readable: {
    severity: 'error',
    what: 'This user may not open the database: {file} is not accessible.',
    why: 'The database is not damaged. If the server runs as another user, it may be able to open it; if it runs as this user, it does not start. Findings about users and sign-ins are missing.',
    fix: 'Run this as the user that the server runs as, such as `sudo -u entrada …`. If the finding remains, give the file to that user with `chown`: a command that was run as root may have created it.',
  },
  database_not_ours: {
    severity: 'error',
    what: 'The database at {where} does not belong to Entrada.',
    why: 'It contains tables of another program, or it is damaged. Entrada does not change it and does not start.',
    fix: 'Give Entrada a database of its own, or restore a backup with `entrada restore`.',
  },
  database_of_development: {
    severity: 'error',
    what: 'The database at {where} was created by `entrada dev`.',
    why: 'Its users come from a made-up directory, so `entrada serve` refuses to start on it.',
    fix: 'Point ENTRADA_DATA_DIR (or ENTRADA_DATABASE_URL) at another place for production, or look at it with `--dev`.',
  },
  database_of_production: {
    severity: 'error',
    what: 'The database at {where} was created by `entrada serve`.',
    why: '`entrada dev` refuses to start on it, because users of a made-up directory must not mix with real users.',
    fix: 'Leave out `--dev`, or point ENTRADA_DATA_DIR at another place for development.',
  },
  database_too_new: {
    severity: 'error',
    what: 'The database at {where} needs a newer Entrada: it requires support for schema {needed}, and this program supports {known}.',
    why: 'A newer release has changed the database in a way that this one does not support. This release does not start.',
    fix: 'Run the newer release, or restore the backup from before the upgrade.',
  },
  database_newer: {
    severity: 'info',
    what: 'The database has schema {schema}, which is newer than this program ({known}), but this program can still use it.',
    why: 'That is normal while replicas are being upgraded. After the upgrade it means that this program was forgotten.',
    fix: 'Upgrade this program to the release of the others.',
  },
  database_behind: {
    severity: 'info',
    what: 'The database has schema {schema}; this program upgrades it to {known} at its next start.',
    why: 'Make a backup first: the only way to undo an upgrade is to restore one.',
    fix: 'Run `entrada backup`, then `entrada migrate` or start the server.',
  },
  database_read_only: {
    severity: 'error',
    what: 'The database at {where} is not writable ({reason}).',
    why: 'Users who are signed in stay signed in, but all sign-ins and sign-outs fail, and users cannot be disabled.',
    fix: 'For a file: give it to the user that the server runs as, on a writable mount. For PostgreSQL: connect to the primary, not to a standby.',
  },
  database_busy: {
    severity: 'warning',
    what: 'Another program held the write lock of {where} during the whole check.',
    why: 'A sign-in would have waited as long and then failed. A backup tool or a second server may hold the lock.',
    fix: 'Run this again. If the finding remains, find the program that has the file open, for example with `fuser {where}`.',
  },
  database_without_log: {
    severity: 'warning',
    what: 'The database uses the journal mode {journal} instead of a write-ahead log.',
    why: 'Reads and writes then block each other. Entrada sets the mode when it starts, so another program changed it, or the disk does not support it.',
    fix: 'Start the server once with the database on a local disk; it sets the write-ahead log itself.',
  },
  postgres_too_old: {
    severity: 'warning',
    what: 'The server is PostgreSQL {version}; Entrada is tested with {oldest} and newer.',
    why: 'It may work but is untested, and the PostgreSQL project stops fixing old releases.',
    fix: 'Upgrade PostgreSQL.',
  },
  audit_trail_verified: ok(
    'The server verified the audit trail {hours} hours ago: {links} linked events, all unchanged.',
  ),
  audit_trail_altered: {
    severity: 'error',
    what: 'The audit trail has been altered ({reason}, {place}); the server has reported this since {date}.',
    why: 'Events were changed, removed or added directly in the database, or an older state of the database was restored.',
    fix: 'Run `entrada audit verify` to find the place, compare it with a backup and with the log, and follow docs/audit-trail.md.',
  },
  audit_trail_verified_long_ago: {
    severity: 'warning',
    what: 'The whole audit trail was last verified {hours} hours ago.',
    why: 'The server verifies it in the background within a day. It was not running, or the verification failed.',
    fix: 'Let the server run, and look for audit_chain_not_verified in its log. `entrada audit verify` verifies it at once.',
  },
  audit_trail_not_verified: {
    severity: 'info',
    what: 'The whole audit trail has not been verified yet.',
    why: 'The server verifies it in the background within a day. The result is signed and can be read only with the key ring.',
    fix: 'On the first day: nothing. `entrada audit verify` verifies it at once.',
  },
} as const satisfies FindingRows

export const keyFindings = {
  key_ring_held: ok('The key ring was read from {source}: {count}.'),
  key_ring_absent: {
    severity: 'info',
    what: 'There is no key ring yet.',
    why: 'The first start creates one in the data folder. To restore a database, you need the key ring that belongs to it.',
    fix: 'Before a first start: nothing. Afterwards include it in your backup, apart from the database.',
  },
  key_ring_not_readable: {
    severity: 'error',
    what: 'This user may not read the key ring in {file}.',
    why: 'The key ring is not damaged. If the server runs as another user, it may be able to read it; if it runs as this user, it does not start.',
    fix: 'Run this as the user that the server runs as, such as `sudo -u entrada …`. If the finding remains, give the file to that user with `chown`, and keep `chmod 600`. Do not replace it.',
  },
  key_ring_damaged: {
    severity: 'error',
    what: 'The key ring in {file} cannot be used: it {reason}.',
    why: 'Entrada does not start without a key ring.',
    fix: 'Restore the file from the backup. A new key ring cannot open values that the old one sealed.',
  },
  sealing_key_missing: {
    severity: 'error',
    what: 'The database contains values sealed with a key that is not in the key ring.',
    why: 'Entrada does not start, because it could not open sealed values such as the secrets of connections.',
    fix: 'Add the key with this id after the first one, in ENTRADA_SECRET_KEYS or the file secret-keys. It is in the backup of the key ring. If it is lost for good, `entrada key forget ID` discards the values that only this key can open.',
  },
  key_ring_lost: {
    severity: 'error',
    what: 'The key ring is gone: {file} does not exist, and the database contains values that only these keys can open:',
    why: 'Entrada does not start. It does not create a new key ring, because a new one could not open these values.',
    fix: 'Restore the file from its backup. If it is lost for good, `entrada key forget ID` lists for each of these keys which values have to be entered again, and discards them.',
  },
  key_ring_of_another_database: {
    severity: 'error',
    what: 'The key ring in {source} cannot open any value in this database: it is new, or it belongs to another database. Needed are:',
    why: 'Entrada does not start, because it could not open the secrets of connections and webhooks.',
    fix: 'Restore the key ring of this database. If it is lost for good, `entrada key forget ID` lists for each of these keys which values have to be entered again, and discards them.',
  },
  key_ring_in_two_places: {
    severity: 'warning',
    what: 'ENTRADA_SECRET_KEYS is set, and {file} contains other keys, which are not used.',
    why: 'If the setting is removed later, Entrada silently uses the other key ring, and cannot open what was sealed in the meantime.',
    fix: 'Keep one of the two. If the setting has every key that is needed, remove the file.',
  },
} as const satisfies FindingRows
