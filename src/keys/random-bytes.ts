import { randomFillSync } from 'node:crypto'

const POOL_BYTES = 4_096

/**
 * Returns a source of random bytes for ids and secrets. It fills a pool with one call of the operating system, because such a call
 * costs more than everything else about an id. Bytes leave the pool once and do not stay in it.
 */
export function createRandomBytes(fill: (pool: Buffer) => unknown = randomFillSync) {
  const pool = Buffer.alloc(POOL_BYTES)
  let used = POOL_BYTES
  return (count: number): Uint8Array => {
    if (count > POOL_BYTES) throw new RangeError(`${count} random bytes at once`)
    if (used + count > POOL_BYTES) {
      fill(pool)
      used = 0
    }
    const bytes = Uint8Array.prototype.slice.call(pool, used, used + count)
    pool.fill(0, used, used + count)
    used += count
    return bytes
  }
}
