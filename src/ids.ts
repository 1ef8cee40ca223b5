import { v7 } from 'uuid'
import type { Services } from './services.ts'

type IdSource = Pick<Services, 'now' | 'randomBytes'>

/** A fresh id: a prefix and a UUIDv7, so that ids sort by time. @see RFC 9562 §5.7 */
export function newId<Prefix extends string>(
  source: IdSource,
  prefix: Prefix,
): `${Prefix}_${string}` {
  return `${prefix}_${newUuid(source)}`
}

/** A fresh UUIDv7 of the injected clock. */
export function newUuid({ now, randomBytes }: IdSource): string {
  return v7({ msecs: now().getTime(), random: randomBytes(16) })
}
