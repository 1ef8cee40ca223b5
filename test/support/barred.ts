/** Work that is done by a user who may not read a file, whether or not the tests run as root. */
import { chmod } from 'node:fs/promises'

const NOBODY = 65_534

/** Takes the rights away from this path (a file, or a folder with all that is in it) while `work` runs. */
export async function barredFrom<T>(path: string, work: () => Promise<T>): Promise<T> {
  await chmod(path, 0o000)
  const isRoot = process.geteuid?.() === 0
  // Root can read every file, so the process switches to another user for this time.
  if (isRoot) process.seteuid?.(NOBODY)
  try {
    return await work()
  } finally {
    if (isRoot) process.seteuid?.(0)
    await chmod(path, 0o700)
  }
}
