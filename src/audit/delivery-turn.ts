import type { Services } from '../services.ts'

const TURN_MS = 5_000

export type DeliveryTurn = {
  /** Returns whether this process alone may deliver for this long from now. At most one replica gets `true`. */
  holdsFor(ms: number): Promise<boolean>
}

/**
 * Creates the turns by which one replica at a time delivers. Time is divided into slots, and the first replica to claim a slot has
 * it. The holder claims the next slot before its own ends, so that it continues without a gap; after a crash, another replica takes
 * over when the claimed slots are over. Replicas whose clocks differ may overlap by that difference.
 */
export function createDeliveryTurn({
  storage,
  now,
}: Pick<Services, 'storage' | 'now'>): DeliveryTurn {
  let heldUntil = 0
  let lostUntil = 0

  async function claimPieceAt(time: number): Promise<boolean> {
    const piece = Math.floor(time / TURN_MS)
    const end = (piece + 1) * TURN_MS
    const windowEndsAt = new Date(end + TURN_MS)
    const counted = { uses: 1, now: now(), windowEndsAt }
    const { uses } = await storage.countUses(`outbox-turn ${piece}`, counted)
    if (uses === 1) heldUntil = end
    else lostUntil = end
    return uses === 1
  }

  return {
    async holdsFor(ms) {
      const time = now().getTime()
      while (heldUntil < time + ms) {
        const next = Math.max(time, heldUntil)
        if (next < lostUntil || !(await claimPieceAt(next))) return false
      }
      return true
    },
  }
}
