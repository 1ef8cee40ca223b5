import type { FindingRows } from './finding.ts'
import { ok } from './ok-finding.ts'

export const machineFindings = {
  node_fits: ok('Node.js {version} is supported.'),
  node_too_old: {
    severity: 'error',
    what: 'Node.js is {version}; Entrada needs 24 or newer.',
    why: 'Older releases lack the database and the TypeScript support that Entrada needs.',
    fix: 'Install Node.js 24. In a clone, `npm ci` installs it: start Entrada with `npm run entrada -- serve`.',
  },
  disk_has_room: ok('The disk of {folder} has {free} of free space.'),
  disk_nearly_full: {
    severity: 'warning',
    what: 'The disk of {folder} has only {free} of free space.',
    why: 'When the disk is full, all sign-ins fail, because sessions cannot be stored.',
    fix: 'Free some space. The audit trail grows most; docs/operate.md lists the files and which of them you may remove.',
  },
  disk_full: {
    severity: 'error',
    what: 'The disk of {folder} is full: {free} of free space.',
    why: 'Sign-ins are refused with storage_full, now or within minutes.',
    fix: 'Free space on this disk. Or stop the server, move the data folder to a larger disk, and set ENTRADA_DATA_DIR.',
  },
  data_folder_writable: ok('A file could be created in {folder} and removed again.'),
  data_folder_absent: {
    severity: 'info',
    what: 'The data folder {folder} does not exist yet.',
    why: 'The first start creates it, with database, key ring and operator token. If it should exist already, ENTRADA_DATA_DIR names the wrong place, or a volume is not mounted.',
    fix: 'Before a first start: nothing. Otherwise correct ENTRADA_DATA_DIR. A relative path is relative to the folder in which Entrada is started.',
  },
  data_folder_hidden: {
    severity: 'error',
    what: 'This user may not look into the folder above {folder}, so it is not known whether the data folder exists.',
    why: 'If the server runs as another user, it may be able to reach it. If it runs as this user, it does not start.',
    fix: 'Run this as the user that the server runs as, such as `sudo -u entrada …`. If the finding remains, let that user pass through the folders above (`chmod o+x`).',
  },
  data_folder_not_writable: {
    severity: 'error',
    what: 'No file can be written in {folder} ({reason}).',
    why: 'The database is in this folder. Without write access, all sign-ins and sign-outs fail.',
    fix: 'Run this as the user that the server runs as. If the finding remains, give that user the folder: `chown`, a writable mount, or `fsGroup` in Kubernetes.',
  },
  data_files_private: ok('Only the owner of the files in {folder} can read them.'),
  data_files_open_to_others: {
    severity: 'error',
    what: 'Every user of this machine can read files in {folder}.',
    why: 'With the key ring, a user can forge what Entrada seals; with the operator token, a user can administer Entrada.',
    fix: 'Run `chmod 700` on the folder and `chmod 600` on the files. If people you do not trust have accounts on this machine, rotate the key ring and replace the operator token.',
  },
  data_folder_open_to_others: {
    severity: 'warning',
    what: 'Every user of this machine can look into {folder} (mode {mode}); the files themselves are private.',
    why: 'A file that is created there with wrong permissions, such as a copy of the database, can be read by every user.',
    fix: 'Run `chmod 700` on the folder.',
  },
  data_files_open_to_group: {
    severity: 'warning',
    what: 'The group of the files in {folder} can read them.',
    why: 'Each member of that group can read the key ring, the operator token or the database.',
    fix: 'Run `chmod 600` on the files, unless Entrada is the only member of that group, as with `fsGroup` in Kubernetes.',
  },
  data_files_of_another_user: {
    severity: 'warning',
    what: 'Files in {folder} do not belong to the owner of the folder (user {owner}):',
    why: 'A command that was run as root leaves such files. The server runs as the owner of the folder and cannot write these files, perhaps not even read them.',
    fix: 'Change their owner: `chown --reference=FOLDER FILE`. Run commands as the user of the server, such as `sudo -u entrada …`.',
  },
  secret_files_open_to_others: {
    severity: 'error',
    what: 'Every user of this machine can read these files, which contain secrets:',
    why: 'With the client secret or a key, any user of this machine can act as this server.',
    fix: 'Run `chmod 600` on each, with the user of the server as owner. If people you do not trust have accounts on this machine, replace the secrets.',
  },
  database_open_twice: {
    severity: 'warning',
    what: 'Several programs have the embedded database open:',
    why: 'The embedded database is made for one server. A second one, such as an old process that was not stopped, counts its rate limits separately and delivers events twice.',
    fix: 'Use `ps` to see which programs these are, and stop those that should not run. To run several servers, use PostgreSQL (ENTRADA_DATABASE_URL).',
  },
  data_on_network_disk: {
    severity: 'warning',
    what: 'The folder {folder} is on a network file system.',
    why: 'SQLite needs file locks, which many network file systems do not implement correctly. The database can be damaged.',
    fix: 'Put ENTRADA_DATA_DIR on a local disk, or use PostgreSQL (ENTRADA_DATABASE_URL).',
  },
} as const satisfies FindingRows
