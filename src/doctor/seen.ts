import type { SignInTrace } from '../storage/records.ts'
import type { Facts, SeenInDatabase } from './facts.ts'

/** What could be read in the database, if it could. */
export function seenIn({ database }: Facts): SeenInDatabase | undefined {
  return database?.inspection.kind === 'found' ? database.inspection.seen : undefined
}

/** The numbers in a trace, which `record-refusal.ts` put there. */
export function entraCodes({ steps }: SignInTrace): readonly number[] {
  return steps.flatMap(({ detail }) => {
    const entra = detail?.entra as { readonly codes?: readonly unknown[] } | undefined // JSON of ours
    return (entra?.codes ?? []).filter((code): code is number => typeof code === 'number')
  })
}
