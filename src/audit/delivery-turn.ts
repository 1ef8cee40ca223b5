import type { Services } from '../services.ts'

const TURN_MS = 5_000

export type DeliveryTurn = {
  /** Whether this process alone may deliver for so long from now. Of all replicas one at most is told yes. */
  holdsFor(ms: number): Promise<boolean>
}

/**
 * Whose turn it is to deliver. Time is cut into pieces, and who counts first in a piece has it; the holder takes the next piece before
 * its own ends, so that it goes on without a gap. One that dies is replaced when its pieces are over. Replicas whose clocks differ
 * may overlap for that difference.
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
