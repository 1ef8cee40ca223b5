/** The machine: its disk, and who may read the data folder. */
import { randomUUID } from 'node:crypto'
import { Stats } from 'node:fs'
import { readdir, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { isNotPermitted } from '../file-failure.ts'
import type { FolderFacts } from './facts.ts'

const PERMISSIONS = 0o777
/** @see statfs(2): NFS, SMB, CIFS, SMB2, FUSE's sshfs and 9P share the last two. */
const NETWORK_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997,
])

/** The files of the folder that are ours; a folder inside is somebody else's matter. */
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
    ...(hasModes ? { mode: folder.mode & PERMISSIONS } : {}),
    ...disk,
  }
}

async function filesOf(path: string): Promise<FolderFacts['files']> {
  const names = await readdir(path).catch(() => [])
  const found = await Promise.all(
    names.map(async (name) => {
      const stats = await statOf(join(path, name))
      return stats?.isFile() ? [{ path: join(path, name), mode: stats.mode & PERMISSIONS }] : []
    }),
  )
  return found.flat()
}

async function tryWriting(path: string): Promise<NonNullable<FolderFacts['written']>> {
  const file = join(path, `.entrada-doctor-${randomUUID()}`)
  try {
    await writeFile(file, 'Left behind by `entrada doctor`; may be removed.\n', { mode: 0o600 })
    await rm(file)
    return { ok: true }
  } catch (error) {
    return { ok: false, reason: codeOf(error) }
  }
}

/** Of the folder, or of the nearest one above it that is there. */
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
