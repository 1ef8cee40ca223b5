import type { Facts, SeenInDatabase } from './facts.ts'

/** Returns what was read from the database, if it could be read. */
export function seenIn({ database }: Facts): SeenInDatabase | undefined {
  return database?.inspection.kind === 'found' ? database.inspection.seen : undefined
}
