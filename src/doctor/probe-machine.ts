/** The machine: its disk, and who may read the data folder. */
import { randomUUID } from 'node:crypto'
import { Stats } from 'node:fs'
import { readdir, readlink, realpath, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { isNotPermitted } from '../errors/file-failure.ts'
import type { FolderFacts, MachineFacts } from './facts.ts'

const PERMISSIONS = 0o777
const READ_BY_OTHERS = 0o004
const ENTERED_BY_OTHERS = 0o001
/** @see statfs(2): NFS, SMB, CIFS, SMB2, FUSE's sshfs and 9P share the last two. */
const NETWORK_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997,
])

/** Probes the data folder and its files, without the folders inside. */
export async function probeFolder(path: string): Promise<FolderFacts> {
  const disk = await diskOf(path)
  const folder = await stat(path).catch((error: unknown) => error)
  if (!(folder instanceof Stats)) {
    return { path, exists: false, isHidden: isNotPermitted(folder), files: [], ...disk }
  }
  const hasModes = process.platform !== 'win32'
  return {
    path,
    exists: true,
    written: await tryWriting(path),
    files: hasModes ? await filesOf(path) : [],
    ...(hasModes ? { mode: folder.mode & PERMISSIONS, owner: folder.uid } : {}),
    ...disk,
  }
}

async function filesOf(path: string): Promise<FolderFacts['files']> {
  const names = await readdir(path).catch(() => [])
  const found = await Promise.all(
    names.map(async (name) => {
      const stats = await statOf(join(path, name))
      const { mode = 0, uid: owner = 0 } = stats ?? {}
      return stats?.isFile() ? [{ path: join(path, name), mode: mode & PERMISSIONS, owner }] : []
    }),
  )
  return found.flat()
}

/** Returns those of the files that every user of the machine can read. */
export async function findOpenFiles(
  files: MachineFacts['openSecretFiles'],
): Promise<MachineFacts['openSecretFiles']> {
  if (process.platform === 'win32') return []
  const open = await Promise.all(files.map(({ path }) => isOpenToOthers(resolve(path))))
  return files.filter((_, at) => open[at])
}

/** Files that Docker and Kubernetes mount are readable for every user of the container, which has no other users. */
const MOUNTED_FOR_A_CONTAINER = /^\/(var\/)?run\/secrets\/|\/\.\.(data|\d{4}_)/

/** A file that every user may read is out of reach below a folder that they may not enter. */
async function isOpenToOthers(path: string): Promise<boolean> {
  const file = await statOf(path)
  if (file === undefined || (file.mode & READ_BY_OTHERS) === 0) return false
  if (MOUNTED_FOR_A_CONTAINER.test(await realpath(path).catch(() => path))) return false
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const stats = await statOf(folder)
    if (stats === undefined || (stats.mode & ENTERED_BY_OTHERS) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

/** Returns the processes other than this one that have the file open. `undefined` where the system does not show that (no /proc). */
export async function findProcessesWith(path: string): Promise<readonly number[] | undefined> {
  const file = await realpath(path).catch(() => undefined)
  const names = await readdir('/proc').catch(() => [])
  if (file === undefined || names.length === 0) return undefined
  const processes = names.map(Number).filter((id) => id > 0 && id !== process.pid)
  const holds = await Promise.all(processes.map((id) => hasOpen(id, file)))
  return processes.filter((_, at) => holds[at])
}

async function hasOpen(processId: number, file: string): Promise<boolean> {
  const folder = `/proc/${processId}/fd`
  const names = await readdir(folder).catch(() => [])
  const targets = await Promise.all(
    names.map((name) => readlink(join(folder, name)).catch(() => '')),
  )
  return targets.includes(file)
}

async function tryWriting(path: string): Promise<NonNullable<FolderFacts['written']>> {
  const file = join(path, `.entrada-doctor-${randomUUID()}`)
  try {
    await writeFile(file, 'Created by `entrada doctor`; you can remove it.\n', { mode: 0o600 })
    await rm(file)
    return { ok: true }
  } catch (error) {
    return { ok: false, reason: codeOf(error) }
  }
}

/** Returns the free space for the folder, or for the nearest folder above it that exists. */
async function diskOf(path: string): Promise<Pick<FolderFacts, 'freeBytes' | 'onNetworkDisk'>> {
  for (let at = resolve(path); ; at = dirname(at)) {
    const disk = await statfs(at).catch(() => undefined)
    if (disk !== undefined) {
      const { bavail, bsize, type } = disk
      return { freeBytes: bavail * bsize, onNetworkDisk: NETWORK_FILE_SYSTEMS.has(type) }
    }
    if (at === dirname(at)) return { onNetworkDisk: false }
  }
}

async function statOf(path: string) {
  return stat(path).catch(() => undefined)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
