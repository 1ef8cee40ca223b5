/** The refusals of starting, of the data folder and of commands; part of `error-table.ts`. */
import type { ErrorEntry } from './error-table.ts'

export const startErrors = {
  configuration_invalid: {
    status: 500,
    shown: 'The file cannot be applied.',
    fix: 'Every problem is listed with its line; nothing was changed. docs/apply.md says what a file may hold.',
  },
  settings_invalid: {
    status: 500,
    shown: 'The settings are not complete, or not valid.',
    fix: 'Every problem is listed, each with its setting. docs/reference/settings.md describes them all.',
  },
  node_too_old: {
    status: 500,
    shown: 'Entrada does not run on this Node.',
    fix: 'Run the application on the named Node or a later one: its `node` decides, not the one that npm ran on.',
  },
  development_mode_refused: {
    status: 500,
    shown: 'Development mode does not start here.',
    fix: 'It has a made-up directory in which anyone can sign in as anyone. Use `entrada serve` with real settings, or take the named setting away.',
  },
  testing_refused: {
    status: 500,
    shown: 'This works in development mode only.',
    fix: "`signInAs` of entrada/testing signs in any user without a password. Give the tests an instance of their own: `createEntrada(testOptions())`, or `mode: 'development'` with its own database.",
  },
  database_not_found: {
    status: 500,
    shown: 'There is no database here.',
    fix: 'No server answers at ENTRADA_SERVER_URL, and the data folder has no database. Run the command where the server runs, set ENTRADA_DATA_DIR, or start the server first.',
  },
  replaced_database_unusable: {
    status: 500,
    shown: 'The database that was replaced cannot be compared with the restored one.',
    fix: 'Sessions of the backup have ended. Look by hand for people who were disabled and keys that were revoked since the backup, or name the right database: `entrada restore finish --before DATABASE`. `unrelated`: it knows no user of the backup. `other_schema`: it was written by another release.',
  },
  database_mode_mismatch: {
    status: 500,
    shown: 'This database was made for another mode.',
    fix: 'A database made by `entrada dev` is never served in production, nor the other way round. Choose another ENTRADA_DATA_DIR or ENTRADA_DATABASE_URL.',
  },
  database_too_new: {
    status: 500,
    shown: 'This database needs a newer Entrada.',
    fix: 'A later release has changed the schema beyond what this program understands. Run that release, or restore the backup made before the upgrade.',
  },
  database_not_ours: {
    status: 500,
    shown: 'This database holds tables of something else.',
    fix: 'Give Entrada a database of its own (on PostgreSQL: `create database entrada`), or restore the one that was meant.',
  },
  secret_key_missing: {
    status: 500,
    shown: 'A key that this database needs is missing.',
    fix: 'Something in the database was sealed with a key that ENTRADA_SECRET_KEYS no longer lists. Put it back; remove a key only after `entrada key rotate` reports that nothing is left under it. If it is lost for good, `entrada key forget ID` lists what only this key opens, and gives that up.',
  },
  key_is_held: {
    status: 500,
    shown: 'The key ring holds this key.',
    fix: 'The key is there, so that nothing has to be given up. To take a key out of use, put another one in front, run `entrada key rotate`, and remove the old one.',
  },
  server_is_running: {
    status: 500,
    shown: 'A server runs at this address.',
    fix: 'It may hold the key that this command does not have. Stop every server on this database first, and start them again afterwards.',
  },
  sealed_value_invalid: {
    status: 500,
    shown: 'A stored secret could not be opened.',
    fix: 'The value was changed, cut, or moved from another row. Enter the secret anew.',
  },
  file_exists: {
    status: 500,
    shown: 'There is a file already.',
    fix: 'Nothing was written over. Name another file, or say `--force`.',
  },
  file_not_written: {
    status: 500,
    shown: 'The files could not be written.',
    fix: 'The folder is not writable, the disk is full, or files of these names exist; nothing was written over.',
  },
  output_not_written: {
    status: 500,
    shown: 'What the command prints could not be written.',
    fix: 'The disk that the output goes to is full, or it cannot be written to. Free space and run the command again. One that changes something may have done so already: look first.',
  },
  backup_invalid: {
    status: 500,
    shown: 'This file is not a backup.',
    fix: 'It is missing, damaged, or holds something else than a database of Entrada. Nothing was changed.',
  },
  database_in_use: {
    status: 500,
    shown: 'This database is in use.',
    fix: 'A database can only be restored while nothing uses it. Stop the server first; `--force` does not change that.',
  },
  address_in_use: {
    status: 500,
    shown: 'The address to listen on is taken.',
    fix: 'Another program listens there. Stop it, or choose another port: ENTRADA_LISTEN (and ENTRADA_SERVER_URL) or ENTRADA_METRICS_LISTEN for the server, `--port` for `entrada emulator`.',
  },
  address_not_usable: {
    status: 500,
    shown: 'The address to listen on cannot be used.',
    fix: 'EADDRNOTAVAIL, ENOTFOUND: this machine has no such address. EACCES: the port is for privileged programs. Correct ENTRADA_LISTEN (without it: the port of ENTRADA_SERVER_URL) or ENTRADA_METRICS_LISTEN.',
  },
  data_folder_unusable: {
    status: 500,
    shown: 'The data folder cannot be used.',
    fix: 'ENTRADA_DATA_DIR must be a folder in which this user may read and write, on a disk with free space and hard links.',
  },
  file_not_permitted: {
    status: 500,
    shown: 'This user may not read or write a file that is needed.',
    fix: 'The file itself may be in order: leave it as it is. Run the command as the user that the server runs as, such as `sudo -u entrada …`, or give the named file to that user with `chown`.',
  },
  data_file_invalid: {
    status: 500,
    shown: 'A file of the data folder does not hold what it should.',
    fix: 'It is empty, cut or too weak. Put it back from where you keep it. Only where there is no database yet, delete it: the next start makes a new one.',
  },
  development_directory_invalid: {
    status: 500,
    shown: 'The directory that development keeps cannot be used.',
    fix: '`npm start -- --reset` puts the first directory back and keeps the database. Or mend the named file: it holds what `entrada emulator --print-directory` prints.',
  },
  database_not_opened: {
    status: 500,
    shown: 'The database file cannot be opened.',
    fix: 'Let this user read and write it. If it is damaged or something else, `entrada restore` puts a backup in its place; nothing was changed.',
  },
  server_answer_invalid: {
    status: 502,
    shown: 'The server did not answer properly.',
    fix: 'Something answers at ENTRADA_SERVER_URL, or hangs there, and it is no Entrada that works: a proxy, another program, or a server in trouble. Look at its log, or run the command where the server runs, past the proxy.',
  },
} as const satisfies Record<string, ErrorEntry>
