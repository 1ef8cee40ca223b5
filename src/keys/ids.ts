import { v7 } from 'uuid'
import type { Services } from '../services.ts'

type IdSource = Pick<Services, 'now' | 'randomBytes'>

/** Creates an id: a prefix and a UUIDv7, so that ids sort by time. @see RFC 9562 §5.7 */
export function newId<Prefix extends string>(
  source: IdSource,
  prefix: Prefix,
): `${Prefix}_${string}` {
  return `${prefix}_${newUuid(source)}`
}

let last = { msecs: 0, seq: 0 }

/**
 * Creates a UUIDv7 with the injected clock. Those of one millisecond sort in the order in which they were created, so that the
 * events of one transaction are listed in their order.
 *
 * @see RFC 9562 §6.2
 */
export function newUuid({ now, randomBytes }: IdSource): string {
  const msecs = now().getTime()
  const random = randomBytes(16)
  last = { msecs, seq: msecs === last.msecs ? last.seq + 1 : firstSequence(random) }
  return v7({ msecs, random, seq: last.seq })
}

/** Uses 31 of the 32 bits, which leaves room to count. */
function firstSequence(random: Uint8Array): number {
  return new DataView(random.buffer, random.byteOffset).getUint32(6) >>> 1
}
