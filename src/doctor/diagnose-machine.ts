import { oldNodeSentence } from '../settings/node-version.ts'
import type { Facts, FolderFacts, MachineFacts } from './facts.ts'
import { type Finding, newFinding } from './finding.ts'

const MEGABYTE = 1_000_000
const FULL_BYTES = 20 * MEGABYTE
const NEARLY_FULL_BYTES = 500 * MEGABYTE
const OTHERS = 0o007
const GROUP = 0o070

/** Judges Node.js, the data folder and the files of this machine. */
export function diagnoseMachine({ machine }: Facts): readonly Finding[] {
  if (machine === undefined) return []
  const { nodeVersion: version, folder } = machine
  return [
    newFinding(oldNodeSentence(version) === undefined ? 'node_fits' : 'node_too_old', { version }),
    ...(folder ? diagnoseFolder(folder) : []),
    ...secretFiles(machine),
    ...users(machine),
  ]
}

function secretFiles({ openSecretFiles }: MachineFacts): readonly Finding[] {
  if (openSecretFiles.length === 0) return []
  const items = openSecretFiles.map(({ setting, path }) => `${path} (${setting})`)
  return [newFinding('secret_files_open_to_others', {}, items)]
}

/** One server may have the database open. */
function users({ databaseUsers = [] }: MachineFacts): readonly Finding[] {
  if (databaseUsers.length < 2) return []
  const items = databaseUsers.map((id) => `process ${id}`)
  return [newFinding('database_open_twice', {}, items)]
}

function diagnoseFolder(folder: FolderFacts): readonly Finding[] {
  const { path, exists, isHidden, written, onNetworkDisk } = folder
  if (isHidden) return [newFinding('data_folder_hidden', { folder: path })]
  if (!exists) return [newFinding('data_folder_absent', { folder: path }), ...room(folder)]
  return [
    ...(written?.ok ? [newFinding('data_folder_writable', { folder: path })] : []),
    ...(written?.ok === false
      ? [newFinding('data_folder_not_writable', { folder: path, reason: written.reason })]
      : []),
    ...room(folder),
    ...privacy(folder),
    ...ownership(folder),
    ...(onNetworkDisk ? [newFinding('data_on_network_disk', { folder: path })] : []),
  ]
}

function room({ path, freeBytes }: FolderFacts): readonly Finding[] {
  if (freeBytes === undefined) return []
  const evidence = { folder: path, free: describeBytes(freeBytes) }
  if (freeBytes < FULL_BYTES) return [newFinding('disk_full', evidence)]
  return [
    newFinding(freeBytes < NEARLY_FULL_BYTES ? 'disk_nearly_full' : 'disk_has_room', evidence),
  ]
}

/** A file that every user may read is out of reach while they may not enter its folder. */
function privacy({ path, mode, files }: FolderFacts): readonly Finding[] {
  if (mode === undefined) return []
  const openTo = (bits: number) =>
    (mode & bits) === 0 ? [] : files.filter((file) => (file.mode & bits) !== 0)
  const list = (open: FolderFacts['files']) =>
    open.map((file) => `${file.path} (mode ${octal(file.mode)})`)
  const [toOthers, toGroup] = [openTo(OTHERS), openTo(GROUP)]
  if (toOthers.length > 0) {
    return [newFinding('data_files_open_to_others', { folder: path }, list(toOthers))]
  }
  const folderOpen =
    (mode & OTHERS) === 0
      ? []
      : [newFinding('data_folder_open_to_others', { folder: path, mode: octal(mode) })]
  if (toGroup.length > 0) {
    return [...folderOpen, newFinding('data_files_open_to_group', { folder: path }, list(toGroup))]
  }
  return [...folderOpen, newFinding('data_files_private', { folder: path })]
}

/** Left behind by a command that was run as another user, mostly root. */
function ownership({ path, owner, files }: FolderFacts): readonly Finding[] {
  if (owner === undefined) return []
  const foreign = files.filter((file) => file.owner !== owner)
  if (foreign.length === 0) return []
  const items = foreign.map((file) => `${file.path} (user ${file.owner})`)
  return [newFinding('data_files_of_another_user', { folder: path, owner }, items)]
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

function describeBytes(bytes: number): string {
  return bytes >= 1000 * MEGABYTE
    ? `${(bytes / (1000 * MEGABYTE)).toFixed(1)} GB`
    : `${Math.round(bytes / MEGABYTE)} MB`
}
