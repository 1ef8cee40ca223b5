import type { PersonKey } from '../storage/records.ts'

/** The key of a person. A short form has no space. */
export type PartialKey = {
  readonly space?: string | undefined
  readonly directory: PersonKey['directory']
  readonly subject: PersonKey['subject']
}

/** Values by the person whom they belong to. */
export type PersonIndex<Value> = {
  add(key: PartialKey, value: Value): void
  find(key: PartialKey): Value | undefined
}

/**
 * Creates an index of people. Two whole keys are of one person if they are equal. A short form is of the cloud of a connection, which
 * only the server knows, so it matches the same ids of every cloud, as it does in a search for users.
 */
export function createPersonIndex<Value>(): PersonIndex<Value> {
  const entries = new Map<string, (readonly [space: string | undefined, value: Value])[]>()
  const idsOf = ({ directory, subject }: PartialKey) => `${directory}/${subject}`
  return {
    add(key, value) {
      const ids = idsOf(key)
      entries.set(ids, [...(entries.get(ids) ?? []), [key.space, value]])
    },
    find(key) {
      const { space } = key
      const isSame = (other: string | undefined) =>
        space === undefined || other === undefined || other === space
      return entries.get(idsOf(key))?.find(([other]) => isSame(other))?.[1]
    },
  }
}
