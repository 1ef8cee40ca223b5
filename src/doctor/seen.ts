import type { SignInTrace } from '../storage/records.ts'
import type { Facts, SeenInDatabase } from './facts.ts'

/** Returns what was read from the database, if it could be read. */
export function seenIn({ database }: Facts): SeenInDatabase | undefined {
  return database?.inspection.kind === 'found' ? database.inspection.seen : undefined
}

/** Returns the numbers of Entra in a trace, as `record-refusal.ts` wrote them. */
export function entraCodes({ steps }: SignInTrace): readonly number[] {
  return steps.flatMap(({ detail }) => {
    const entra = detail?.entra as { readonly codes?: readonly unknown[] } | undefined // JSON of ours
    return (entra?.codes ?? []).filter((code): code is number => typeof code === 'number')
  })
}
