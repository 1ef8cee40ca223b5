export type Bans = {
  ban(client: string | undefined): void
  isBanned(client: string | undefined): boolean
}

const BAN_MS = 10_000
const MOST = 10_000

/**
 * Creates the list of clients whose connections are refused for ten seconds, because they sent requests without waiting for responses.
 * Reading such requests costs more than sending them, so closing the connection is not enough: the client opens the next one and sends
 * as many again. A ban may follow only from behaviour that no reverse proxy passes on; otherwise a client could get the proxy banned.
 */
export function createBans(nowMs: () => number = () => performance.now()): Bans {
  const until = new Map<string, number>()
  return {
    ban(client) {
      if (client === undefined) return
      if (until.size >= MOST) until.clear()
      until.set(client, nowMs() + BAN_MS)
    },
    isBanned(client) {
      const end = client === undefined ? undefined : until.get(client)
      if (client === undefined || end === undefined) return false
      if (end > nowMs()) return true
      until.delete(client)
      return false
    },
  }
}
