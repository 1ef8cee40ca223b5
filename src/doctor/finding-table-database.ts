import type { FindingRows } from './finding.ts'

export const databaseFindings = {
  database_fits: { severity: 'ok', what: 'The database fits: {where}, schema {schema}, {server}.' },
  database_writable: {
    severity: 'ok',
    what: 'The database can be written; a change was tried and taken back.',
  },
  database_absent: {
    severity: 'info',
    what: 'There is no database yet at {where}.',
    why: 'The first start makes it. If there should be one with people in it, this is the wrong place, and everybody would become a new user.',
    fix: 'Nothing before a first start; else correct ENTRADA_DATA_DIR or ENTRADA_DATABASE_URL.',
  },
  database_unreachable: {
    severity: 'error',
    what: 'The database at {where} cannot be opened ({reason}).',
    why: 'Without it nobody can sign in, and nobody who is signed in is recognised.',
    fix: 'Look the reason up in docs/operate.md: `28P01` wrong password, `3D000` no such database, `ECONNREFUSED` nobody listens there. For a file: is it there, and may this user read it?',
  },
  database_not_readable: {
    severity: 'error',
    what: 'This user may not open the database: {file} is out of reach.',
    why: 'That is no damage. The server opens it if it runs as another user, and does not start if it runs as this one. People and sign-ins could not be looked at.',
    fix: 'Run this as the user that the server runs as, such as `sudo -u entrada …`. If it stays so, give the file to that user with `chown`: a command that was run as root may have left it behind.',
  },
  database_not_ours: {
    severity: 'error',
    what: 'The database at {where} is not one of Entrada.',
    why: 'It holds tables of something else, or is damaged. Entrada does not touch it and does not start.',
    fix: 'Give Entrada a database of its own, or bring back a backup with `entrada restore`.',
  },
  database_of_development: {
    severity: 'error',
    what: 'The database at {where} was made by `entrada dev`.',
    why: 'Its people come from a made-up directory, so `entrada serve` refuses to start on it.',
    fix: 'Point ENTRADA_DATA_DIR (or ENTRADA_DATABASE_URL) at another place for production, or look at it with `--dev`.',
  },
  database_of_production: {
    severity: 'error',
    what: 'The database at {where} was made by `entrada serve`.',
    why: '`entrada dev` refuses to start on it: a made-up directory must not meet real people.',
    fix: 'Leave out `--dev`, or point ENTRADA_DATA_DIR at another place for development.',
  },
  database_too_new: {
    severity: 'error',
    what: 'The database at {where} needs a newer Entrada: it admits programs that know schema {needed}, this one knows {known}.',
    why: 'A newer release has changed it in a way that this one would damage. It does not start.',
    fix: 'Run the newer release, or bring back the backup from before the upgrade.',
  },
  database_newer: {
    severity: 'info',
    what: 'The database has schema {schema}, which is newer than this program ({known}), and still admits it.',
    why: 'That is so while replicas are being upgraded. If the upgrade is over, this is a forgotten old program.',
    fix: 'Bring this program up to the release of the others.',
  },
  database_behind: {
    severity: 'info',
    what: 'The database has schema {schema}; this program brings it to {known} at its next start.',
    why: 'Make a backup before: an upgrade can be undone only by going back to it.',
    fix: 'Run `entrada backup`, then `entrada migrate` or start the server.',
  },
  database_read_only: {
    severity: 'error',
    what: 'The database at {where} cannot be written ({reason}).',
    why: 'People who are signed in stay so, but nobody can sign in or out, and nobody can be disabled.',
    fix: 'For a file: give it to the user that the server runs as, on a writable mount. For PostgreSQL: connect to the primary, not to a standby.',
  },
  database_busy: {
    severity: 'warning',
    what: 'Another program held the write lock of {where} for the whole time it was tried.',
    why: 'A sign-in would have waited as long and then failed. A backup tool or a second server may hold it.',
    fix: 'Run this again. If it stays so, find who holds the file open, for example with `fuser {where}`.',
  },
  database_without_log: {
    severity: 'warning',
    what: 'The database keeps its journal as {journal}, not as a write-ahead log.',
    why: 'Reads and writes then wait for each other. Entrada sets this at its start, so something else changed it, or the disk cannot do it.',
    fix: 'Start the server once on a local disk; it sets the write-ahead log itself.',
  },
  postgres_too_old: {
    severity: 'warning',
    what: 'The server is PostgreSQL {version}; Entrada is tried with {oldest} and newer.',
    why: 'It may work, but nobody has tried, and releases before that get no more corrections from the PostgreSQL project sooner or later.',
    fix: 'Upgrade PostgreSQL.',
  },
  audit_trail_verified: {
    severity: 'ok',
    what: 'The server found the audit trail as it was written: {links} linked events, {hours} hours ago.',
  },
  audit_trail_altered: {
    severity: 'error',
    what: 'The audit trail is not as it was written ({reason}, {place}); the server has found that since {date}.',
    why: 'Somebody changed, removed or added events in the database past Entrada, or an older state of it was put back.',
    fix: 'Run `entrada audit verify` for the place, compare it with a backup and with the log, and follow docs/audit-trail.md.',
  },
  audit_trail_verified_long_ago: {
    severity: 'warning',
    what: 'The audit trail was last verified as a whole {hours} hours ago.',
    why: 'The server does that in the background, within a day. It was not running, or could not.',
    fix: 'Let the server run, and look for audit_chain_not_verified in its log. `entrada audit verify` does it at once.',
  },
  audit_trail_not_verified: {
    severity: 'info',
    what: 'No whole verification of the audit trail is known yet.',
    why: 'The server verifies it in the background, within a day; the result is signed, and can be read only with the key ring.',
    fix: 'Nothing on the first day. `entrada audit verify` does it at once.',
  },
} as const satisfies FindingRows

export const keyFindings = {
  key_ring_held: { severity: 'ok', what: 'The key ring is held, {count}, from {source}.' },
  key_ring_absent: {
    severity: 'info',
    what: 'There is no key ring yet.',
    why: 'The first start makes one in the data folder. Whoever restores a database needs the ring that belongs to it.',
    fix: 'Nothing before a first start. Put it into your backup, apart from the database.',
  },
  key_ring_not_readable: {
    severity: 'error',
    what: 'This user may not read the key ring in {file}.',
    why: 'That is no damage. The server reads it if it runs as another user, and does not start if it runs as this one.',
    fix: 'Run this as the user that the server runs as, such as `sudo -u entrada …`. If it stays so, give the file to that user with `chown`, and keep `chmod 600`. Do not replace it.',
  },
  key_ring_damaged: {
    severity: 'error',
    what: 'The key ring in {file} cannot be used: it {reason}.',
    why: 'Entrada does not start without a key ring.',
    fix: 'Bring the file back from the backup. A new one opens nothing of what was sealed before.',
  },
  sealing_key_missing: {
    severity: 'error',
    what: 'Something in the database is sealed with a key that the key ring does not hold.',
    why: 'Entrada does not start: the sealed values, such as secrets of connections, could not be opened.',
    fix: 'Bring back the key with this id, behind the first one, in ENTRADA_SECRET_KEYS or the file secret-keys. It is in the backup of the key ring. If it is lost for good, `entrada key forget ID` gives up what only it opens.',
  },
  key_ring_lost: {
    severity: 'error',
    what: 'The key ring is gone: {file} does not exist, and the database has values that only these keys open:',
    why: 'Entrada does not start, and makes no new ring, which could not open them.',
    fix: 'Bring the file back from where you keep it. If it is lost for good, `entrada key forget ID` lists for each of these keys what has to be entered anew, and gives that up.',
  },
  key_ring_of_another_database: {
    severity: 'error',
    what: 'The key ring in {source} opens nothing in this database: it was made anew, or belongs to another database. Needed are:',
    why: 'Entrada does not start: secrets of connections and webhooks could not be opened.',
    fix: 'Bring back the ring of this database. If it is lost for good, `entrada key forget ID` lists for each of these keys what has to be entered anew, and gives that up.',
  },
  key_ring_in_two_places: {
    severity: 'warning',
    what: 'ENTRADA_SECRET_KEYS is set, and {file} holds other keys, which are not used.',
    why: 'If the setting is ever left out, the other ring is used without a word, and what was sealed meanwhile cannot be opened.',
    fix: 'Decide for one. If the setting has every key that is needed, remove the file.',
  },
} as const satisfies FindingRows
