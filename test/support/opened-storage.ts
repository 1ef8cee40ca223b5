/** Storages on one PostgreSQL database, as the conformance suite opens and closes them. */
import { Secret } from '../../src/keys/secret.ts'
import type { OpenedStorage } from '../../src/storage/conformance.ts'
import { at } from '../../src/storage/conformance-samples.ts'
import { openPostgres } from '../../src/storage/postgres.ts'
import type { Storage } from '../../src/storage/storage.ts'

export function openForConformance(url: string): Promise<Storage> {
  return openPostgres({ url: new Secret(url), mode: 'development', now: () => at(0) })
}

/** `afterwards` runs when all storages are closed. */
export async function openedOn(
  url: string,
  afterwards: () => Promise<unknown> = async () => {},
): Promise<OpenedStorage> {
  const opened: Storage[] = []
  const openAnother = async () => {
    const storage = await openForConformance(url)
    opened.push(storage)
    return storage
  }
  const close = async () => {
    for (const storage of opened) await storage.close()
    await afterwards()
  }
  return { storage: await openAnother(), openAnother, close }
}
