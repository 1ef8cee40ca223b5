import { freeze } from './remembered-rows.ts'
import type { SignInVerbs } from './sign-in-state.ts'
import type { StorageReader } from './storage.ts'

export type RecordReader = Pick<
  StorageReader,
  'findConnection' | 'findConnectionBySlug' | 'findOrganization' | 'findOrganizationBySlug'
> &
  Pick<SignInVerbs, 'findStart' | 'findStartBySlug'>

const MOST_RECORDS = 1_000

/**
 * Creates the reads of connections and organizations that are answered from memory as long as no process has committed a change of
 * one. A read takes several times as long as `version` (10 to 18 µs against 2.3), and longer the more rules a connection has.
 */
export function createCurrentRecords(reads: RecordReader, version: () => number): RecordReader {
  const current = <T>(find: (key: string) => Promise<T | undefined>) => keepCurrent(find, version)
  return {
    findStart: current(reads.findStart),
    findStartBySlug: current(reads.findStartBySlug),
    findConnection: current(reads.findConnection),
    findConnectionBySlug: current(reads.findConnectionBySlug),
    findOrganization: current(reads.findOrganization as ByAnyKey<typeof reads.findOrganization>), // ids are text
    findOrganizationBySlug: current(reads.findOrganizationBySlug),
  }
}

type ByAnyKey<Find extends (key: never) => unknown> = (key: string) => ReturnType<Find>

/**
 * The version is asked before each read. So what is read is at least as new as its version, and a commit in between only makes it
 * read again. Records that are absent are not kept: their number has no limit.
 */
function keepCurrent<T>(
  find: (key: string) => Promise<T | undefined>,
  version: () => number,
): (key: string) => Promise<T | undefined> {
  const records = new Map<string, T>()
  let recordsVersion = Number.NaN

  return async (key) => {
    const versionNow = version()
    if (versionNow !== recordsVersion) {
      records.clear()
      recordsVersion = versionNow
    }
    const known = records.get(key)
    if (known !== undefined) return known

    const found = await find(key)
    if (found === undefined || versionNow !== recordsVersion) return found
    if (records.size >= MOST_RECORDS) records.delete(records.keys().next().value ?? key)
    records.set(key, freeze(found))
    return found
  }
}
