export type Bans = {
  ban(client: string | undefined): void
  isBanned(client: string | undefined): boolean
}

const BAN_MS = 10_000
const MOST = 10_000

/**
 * Clients whose connections are refused for ten seconds, because they sent requests without waiting for answers. Reading these costs
 * more than sending them, so cutting the connection alone does not help: the next one brings as many again. Only what no reverse proxy
 * passes on may lead to a ban, or a client could have the proxy banned.
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
