/**
 * The results of sign-ins for the health of their connections: noted in memory and stored in batches. A sign-in neither waits for
 * the database nor competes with another one for the row; a process that is killed loses a few seconds of notes.
 */
import type { ErrorCode } from '../errors/errors.ts'
import type { Log } from '../log/log.ts'
import { mergeHealth } from '../storage/merge-health.ts'
import type {
  ConnectionHealth,
  ConnectionId,
  ConnectionResults,
  SignInCount,
  SignInTrace,
} from '../storage/records.ts'
import type { Storage } from '../storage/storage.ts'

const INTERVAL_MS = 10_000

/** `code` is that of a refusal. `atConnection` is whether the cause is the connection or Entra, and not the person. */
export type SignInNote = {
  readonly connectionId: ConnectionId
  readonly outcome: SignInTrace['outcome']
  readonly code?: ErrorCode
  readonly atConnection?: boolean
}

export type SignInNotes = {
  note(signIn: SignInNote): void
  /**
   * Notes a recheck of a session: it counts as no sign-in, but reveals as much about the connection. `code` is why nothing was
   * learnt.
   */
  noteCheck(check: { readonly connectionId: ConnectionId; readonly code?: ErrorCode }): void
  /** Stores what was noted. Never rejects: notes that could not be stored wait for the next time. */
  store(): Promise<void>
}

/** Creates the notes of this process, which are empty at first. */
export function createSignInNotes({
  storage,
  now,
  log,
}: {
  readonly storage: Pick<Storage, 'addConnectionResults'>
  readonly now: () => Date
  readonly log: Log
}): SignInNotes {
  let noted = new Map<ConnectionId, ConnectionResults>()
  const add = (results: ConnectionResults) => {
    const before = noted.get(results.connectionId)
    noted.set(results.connectionId, before === undefined ? results : sumOf(before, results))
  }
  return {
    note: (signIn) => add(resultsOf(signIn, now())),
    noteCheck({ connectionId, code }) {
      const at = now()
      add({ connectionId, counts: [], health: code ? failedAt(at, code) : succeededAt(at) })
    },
    async store() {
      if (noted.size === 0) return
      const batch = [...noted.values()]
      noted = new Map()
      try {
        await storage.addConnectionResults(batch)
      } catch (error) {
        log.warn('sign_in_notes_not_told', { connections: batch.length, error })
        for (const results of batch) add(results)
      }
    },
  }
}

/** Stores the notes at an interval. Returns the function that stops this and stores the rest. */
export function startStoringNotes(notes: SignInNotes): () => Promise<void> {
  let storing = Promise.resolve()
  const timer = setInterval(() => {
    storing = storing.then(() => notes.store())
  }, INTERVAL_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await storing
    await notes.store()
  }
}

function resultsOf(
  { connectionId, outcome, code, atConnection }: SignInNote,
  at: Date,
): ConnectionResults {
  const counts = [{ day: at.toISOString().slice(0, 10), outcome, signIns: 1 }]
  if (outcome === 'signed_in') {
    return { connectionId, counts, health: succeededAt(at) }
  }
  if (!atConnection || code === undefined) {
    return { connectionId, counts, health: { failuresInARow: 0 } }
  }
  return { connectionId, counts, health: failedAt(at, code) }
}

function succeededAt(at: Date): ConnectionHealth {
  return { lastSuccessAt: at, failuresInARow: 0 }
}

function failedAt(at: Date, code: ErrorCode): ConnectionHealth {
  return { lastFailureAt: at, lastFailureCode: code, failuresInARow: 1, failingSince: at }
}

function sumOf(results: ConnectionResults, other: ConnectionResults): ConnectionResults {
  return {
    connectionId: results.connectionId,
    counts: addCounts(results.counts, other.counts),
    health: mergeHealth(results.health, other.health),
  }
}

function addCounts(
  counts: readonly SignInCount[],
  added: readonly SignInCount[],
): readonly SignInCount[] {
  const sums = new Map<string, SignInCount>()
  for (const { day, outcome, signIns } of [...counts, ...added]) {
    const key = `${day} ${outcome}`
    sums.set(key, { day, outcome, signIns: signIns + (sums.get(key)?.signIns ?? 0) })
  }
  return [...sums.values()]
}
