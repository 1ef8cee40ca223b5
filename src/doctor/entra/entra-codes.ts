import type { SignInTrace } from '../../storage/records.ts'

/** Returns the numbers of Entra in a trace, as `record-refusal.ts` wrote them. */
export function entraCodes({ steps }: SignInTrace): readonly number[] {
  return steps.flatMap(({ detail }) => {
    const entra = detail?.entra as { readonly codes?: readonly unknown[] } | undefined // JSON of ours
    return (entra?.codes ?? []).filter((code): code is number => typeof code === 'number')
  })
}
