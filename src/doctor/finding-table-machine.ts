import type { FindingRows } from './finding.ts'

export const machineFindings = {
  node_fits: { severity: 'ok', what: 'Node.js {version} fits.' },
  node_too_old: {
    severity: 'error',
    what: 'Node.js is {version}; Entrada needs 24 or newer.',
    why: 'An older one lacks the database and the TypeScript support that Entrada is built on.',
    fix: 'Install Node.js 24. In a clone, `npm ci` brings it along: start Entrada with `npm run entrada -- serve`.',
  },
  disk_has_room: { severity: 'ok', what: 'The disk of {folder} has {free} free.' },
  disk_nearly_full: {
    severity: 'warning',
    what: 'The disk of {folder} has only {free} free.',
    why: 'When it is full nobody can sign in: a session that cannot be stored is not given out.',
    fix: 'Make room. The audit trail grows most; what is there and what may go is in docs/operate.md.',
  },
  disk_full: {
    severity: 'error',
    what: 'The disk of {folder} is full: {free} free.',
    why: 'Sign-ins are refused with storage_full, now or within minutes.',
    fix: 'Make room on this disk, or move the data folder to a larger one with ENTRADA_DATA_DIR, the server stopped.',
  },
  data_folder_writable: {
    severity: 'ok',
    what: 'A file could be written to {folder} and removed again.',
  },
  data_folder_absent: {
    severity: 'info',
    what: 'The data folder {folder} does not exist yet.',
    why: 'The first start makes it, with database, key ring and operator token. If it should be there already, ENTRADA_DATA_DIR names the wrong place, or a volume is not mounted.',
    fix: 'Nothing before a first start; else correct ENTRADA_DATA_DIR. A relative path counts from the folder in which Entrada is started.',
  },
  data_folder_hidden: {
    severity: 'error',
    what: 'This user may not look into the folder above {folder}, so it is not known whether the data folder is there.',
    why: 'The server reaches it if it runs as another user, and does not start if it runs as this one.',
    fix: 'Run this as the user that the server runs as, such as `sudo -u entrada …`. If it stays so, let that user pass through the folders above (`chmod o+x`).',
  },
  data_folder_not_writable: {
    severity: 'error',
    what: 'Nothing can be written to {folder} ({reason}).',
    why: 'The database lives there. Without writing there is no sign-in and no sign-out.',
    fix: 'Run this as the user that the server runs as. If it says the same then, give that user the folder: `chown`, a writable mount, or `fsGroup` in Kubernetes.',
  },
  data_files_private: { severity: 'ok', what: 'Only their owner can read the files in {folder}.' },
  data_files_open_to_others: {
    severity: 'error',
    what: 'Every user of this machine can read files of {folder}.',
    why: 'Who reads the key ring can forge what Entrada seals; who reads the operator token can administer it.',
    fix: 'Run `chmod 700` on the folder and `chmod 600` on the files. If strangers have accounts on this machine, rotate the key ring and replace the operator token.',
  },
  data_folder_open_to_others: {
    severity: 'warning',
    what: 'Every user of this machine can look into {folder} (mode {mode}); the files themselves are private.',
    why: 'One file made there with wrong rights, such as a copy of the database, is readable by all.',
    fix: 'Run `chmod 700` on the folder.',
  },
  data_files_open_to_group: {
    severity: 'warning',
    what: 'The group of their owner can read files of {folder}.',
    why: 'Each member of that group can read the key ring, the operator token or the database.',
    fix: 'Run `chmod 600` on the files, unless that group holds nobody but Entrada, as with `fsGroup` in Kubernetes.',
  },
  data_files_of_another_user: {
    severity: 'warning',
    what: 'Files in {folder} belong to another user than the folder (user {owner}):',
    why: 'A command that was run as root leaves such files behind. The server, which runs as the owner of the folder, cannot write or even read them.',
    fix: 'Give them back: `chown --reference=FOLDER FILE`. Run commands as the user of the server, such as `sudo -u entrada …`.',
  },
  secret_files_open_to_others: {
    severity: 'error',
    what: 'Every user of this machine can read files that hold secrets:',
    why: 'With the client secret or a key, anybody with an account here can act as this server.',
    fix: 'Run `chmod 600` on each, with the user of the server as owner. If strangers have accounts here, replace the secrets.',
  },
  database_open_twice: {
    severity: 'warning',
    what: 'Several programs have the embedded database open:',
    why: 'It is made for one server. A second one, such as an old process that was not stopped, counts limits by itself and delivers events twice.',
    fix: 'See with `ps` which programs these are, and stop what should not run. For several servers, use PostgreSQL (ENTRADA_DATABASE_URL).',
  },
  data_on_network_disk: {
    severity: 'warning',
    what: 'The folder {folder} is on a network file system.',
    why: 'SQLite relies on file locks that network file systems often only pretend to have. The database can be damaged.',
    fix: 'Put ENTRADA_DATA_DIR on a local disk, or use PostgreSQL (ENTRADA_DATABASE_URL).',
  },
} as const satisfies FindingRows
