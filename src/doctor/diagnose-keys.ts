import type { Facts, KeyRingFacts } from './facts.ts'
import { type Finding, newFinding } from './finding.ts'
import { seenIn } from './seen.ts'

/** Judges whether the key ring opens what is sealed in the database. */
export function diagnoseKeyRing(facts: Facts): readonly Finding[] {
  const { keyRing } = facts
  if (keyRing === undefined) return []
  const heldIds = heldKeys(keyRing)
  const needed = seenIn(facts)?.sealingKeyIds ?? []
  const missing = needed.filter((keyId) => !heldIds.includes(keyId))
  return [
    ...ring(keyRing, heldIds, needed),
    ...(missing.length > 0 && isRead(keyRing)
      ? [missingKeys(keyRing, { held: heldIds, needed, missing })]
      : []),
    ...secondPlace(keyRing),
  ]
}

/** A file that was not read may hold every key that seems to be missing. */
function isRead({ inSettings, inFile }: KeyRingFacts): boolean {
  return inSettings !== undefined || !['damaged', 'not_permitted'].includes(inFile.kind)
}

/** The settings win over the file. */
function heldKeys({ inSettings, inFile }: KeyRingFacts): readonly string[] {
  return inSettings ?? (inFile.kind === 'held' ? inFile.keyIds : [])
}

/** Reports missing keys; if all are missing, the key ring was created anew or belongs to another database. */
function missingKeys(
  { inSettings, file }: KeyRingFacts,
  keys: Readonly<Record<'held' | 'needed' | 'missing', readonly string[]>>,
): Finding {
  const items = keys.missing.map((keyId) => `key ${keyId}`)
  if (keys.held.length === 0) return newFinding('key_ring_lost', { file }, items)
  const isOfAnother = keys.missing.length === keys.needed.length
  return isOfAnother
    ? newFinding(
        'key_ring_of_another_database',
        { source: inSettings ? 'the settings' : file },
        items,
      )
    : newFinding('sealing_key_missing', {}, items)
}

function ring(
  { inSettings, inFile, file }: KeyRingFacts,
  keyIds: readonly string[],
  needed: readonly string[],
): readonly Finding[] {
  const isOfAnother = needed.length > 0 && !needed.some((keyId) => keyIds.includes(keyId))
  if (keyIds.length > 0) {
    if (isOfAnother) return []
    const source = inSettings ? 'the settings' : file
    const count = keyIds.length === 1 ? 'one key' : `${keyIds.length} keys`
    return [newFinding('key_ring_held', { count, source })]
  }
  if (inFile.kind === 'not_permitted') return [newFinding('key_ring_not_readable', { file })]
  if (inFile.kind === 'damaged') {
    return [newFinding('key_ring_damaged', { file, reason: inFile.reason })]
  }
  return needed.length > 0 ? [] : [newFinding('key_ring_absent', {})]
}

function secondPlace({ inSettings, inFile, file }: KeyRingFacts): readonly Finding[] {
  if (inSettings === undefined || inFile.kind !== 'held') return []
  return inFile.keyIds.every((keyId) => inSettings.includes(keyId))
    ? []
    : [newFinding('key_ring_in_two_places', { file })]
}
