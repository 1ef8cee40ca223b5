/** The refusals of starting, of the data folder and of commands; part of `error-table.ts`. */
import type { ErrorEntry } from './error-table.ts'

/** These end a command or a start: their status is 500, unless a row has another one. */
export const startErrors = entries({
  configuration_invalid: {
    shown: 'The file cannot be applied.',
    fix: 'Every problem is listed with its line; nothing was changed. docs/apply.md describes the file.',
  },
  settings_invalid: {
    shown: 'The settings are not complete, or not valid.',
    fix: 'Every problem is listed, each with its setting. docs/reference/settings.md describes them all.',
  },
  node_too_old: {
    shown: 'Entrada does not run on this Node.',
    fix: 'Run the application on the named Node or a later one: its `node` decides, not the one that npm ran on.',
  },
  development_mode_refused: {
    shown: 'Development mode does not start here.',
    fix: 'It has a made-up directory in which anyone can sign in as anyone. Use `entrada serve` with real settings, or take the named setting away.',
  },
  testing_refused: {
    shown: 'This works in development mode only.',
    fix: "`signInAs` of entrada/testing signs in any user without a password. Give the tests an instance of their own: `createEntrada(testOptions())`, or `mode: 'development'` with its own database.",
  },
  database_not_found: {
    shown: 'There is no database here.',
    fix: 'No server answers at ENTRADA_SERVER_URL, and the data folder has no database. Run the command where the server runs, set ENTRADA_DATA_DIR, or start the server first.',
  },
  replaced_database_unusable: {
    shown: 'The database that was replaced cannot be compared with the restored one.',
    fix: 'Sessions of the backup have ended. Look by hand for people who were disabled and keys that were revoked since the backup, or name the right database: `entrada restore finish --before DATABASE`. `unrelated`: it knows no user of the backup. `other_schema`: it was written by another release.',
  },
  database_mode_mismatch: {
    shown: 'This database was made for another mode.',
    fix: 'A database made by `entrada dev` is never served in production, nor the other way round. Choose another ENTRADA_DATA_DIR or ENTRADA_DATABASE_URL.',
  },
  database_too_new: {
    shown: 'This database needs a newer Entrada.',
    fix: 'A later release has changed the schema beyond what this program understands. Run that release, or restore the backup made before the upgrade.',
  },
  database_not_ours: {
    shown: 'This database contains tables of another program.',
    fix: 'Give Entrada a database of its own (on PostgreSQL: `create database entrada`), or restore the right one.',
  },
  secret_key_missing: {
    shown: 'A key that this database needs is missing.',
    fix: 'The database contains values sealed with a key that ENTRADA_SECRET_KEYS no longer lists. Restore the key; remove a key only after `entrada key rotate` reports that no value is sealed with it. If it is lost for good, `entrada key forget ID` lists the values that only this key can open, and discards them.',
  },
  key_is_held: {
    shown: 'The key ring contains this key.',
    fix: 'The key is not lost, so no value has to be discarded. To retire a key, put another one in front, run `entrada key rotate`, and remove the old one.',
  },
  server_is_running: {
    shown: 'A server runs at this address.',
    fix: 'It may have the key that this command does not have. Stop every server on this database first, and start them again afterwards.',
  },
  sealed_value_invalid: {
    shown: 'A stored secret could not be opened.',
    fix: 'The value was changed, truncated, or moved from another row. Enter the secret again.',
  },
  file_exists: {
    shown: 'The file exists already.',
    fix: 'No file was overwritten. Name another file, or use `--force`.',
  },
  file_not_written: {
    shown: 'The files could not be written.',
    fix: 'The folder is not writable, the disk is full, or files of these names exist; no file was overwritten.',
  },
  output_not_written: {
    shown: 'The output of the command could not be written.',
    fix: 'The disk that the output goes to is full, or it cannot be written to. Free space and run the command again. If the command changes data, check first whether it has already done so.',
  },
  backup_invalid: {
    shown: 'This file is not a backup.',
    fix: 'It is missing, damaged, or is not a database of Entrada. Nothing was changed.',
  },
  database_in_use: {
    shown: 'This database is in use.',
    fix: 'A database can only be restored while nothing uses it. Stop the server first; `--force` does not change that.',
  },
  address_in_use: {
    shown: 'The address to listen on is taken.',
    fix: 'Another program listens there. Stop it, or choose another port: ENTRADA_LISTEN (and ENTRADA_SERVER_URL) or ENTRADA_METRICS_LISTEN for the server, `--port` for `entrada emulator`.',
  },
  address_not_usable: {
    shown: 'The address to listen on cannot be used.',
    fix: 'EADDRNOTAVAIL, ENOTFOUND: this machine has no such address. EACCES: the port is for privileged programs. Correct ENTRADA_LISTEN (without it: the port of ENTRADA_SERVER_URL) or ENTRADA_METRICS_LISTEN.',
  },
  data_folder_unusable: {
    shown: 'The data folder cannot be used.',
    fix: 'ENTRADA_DATA_DIR must be a folder in which this user may read and write, on a disk with free space and hard links.',
  },
  file_not_permitted: {
    shown: 'This user may not read or write a file that is needed.',
    fix: 'The file itself may be in order: leave it as it is. Run the command as the user that the server runs as, such as `sudo -u entrada …`, or give the named file to that user with `chown`.',
  },
  data_file_invalid: {
    shown: 'A file of the data folder is not valid.',
    fix: 'It is empty, truncated or too weak. Restore it from your backup. Delete it only if there is no database yet: the next start creates a new one.',
  },
  development_directory_invalid: {
    shown: 'The directory that development keeps cannot be used.',
    fix: '`npm start -- --reset` restores the original directory and keeps the database. Or correct the named file; its format is that of `entrada emulator --print-directory`.',
  },
  database_not_opened: {
    shown: 'The database file cannot be opened.',
    fix: 'Let this user read and write it. If it is damaged or not a database of Entrada, `entrada restore` replaces it with a backup. Nothing was changed.',
  },
  server_answer_invalid: {
    status: 502,
    shown: 'The server did not answer properly.',
    fix: 'The server at ENTRADA_SERVER_URL did not answer as Entrada does, or did not answer in time: it is a proxy, another program, or an Entrada server that has failed. Look at its log, or run the command on the machine of the server, without the proxy.',
  },
})

type Row = Omit<ErrorEntry, 'status'> & Partial<Pick<ErrorEntry, 'status'>>

function entries<Name extends string>(
  rows: Readonly<Record<Name, Row>>,
): Readonly<Record<Name, ErrorEntry>> {
  const withStatus = Object.entries<Row>(rows).map(([name, row]) => [name, { status: 500, ...row }])
  return Object.fromEntries(withStatus) as Readonly<Record<Name, ErrorEntry>> // one for each row
}
