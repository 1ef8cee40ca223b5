import type { Facts, SeenInDatabase } from './facts.ts'

/** What could be read in the database, if it could. */
export function seenIn({ database }: Facts): SeenInDatabase | undefined {
  return database?.inspection.kind === 'found' ? database.inspection.seen : undefined
}
