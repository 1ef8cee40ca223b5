import { EntradaError } from '../errors/errors.ts'
import type { Log, LogFields } from '../log/log.ts'
import type { ClientCredentials, CredentialStatus } from './client-credentials.ts'
import { createExpiryNotices } from './credential-expiry.ts'

const REREAD_INTERVAL_MS = 5_000
const EXPIRY_INTERVAL_MS = 3_600_000

export type CredentialWatch = {
  /** Reads the credentials again now, on request. Unusable ones are logged, and the previous ones stay. */
  reread(): Promise<void>
  stop(): void
}

/** Watches files that change, and warns of credentials that expire. */
export function watchCredentials(
  credentials: ClientCredentials,
  {
    log,
    now,
    mayChange,
    changed,
  }: {
    readonly log: Log
    readonly now: () => Date
    /** Whether they come from a source that may change. */
    readonly mayChange: boolean
    readonly changed: (credentials: readonly CredentialStatus[]) => Promise<void>
  },
): CredentialWatch {
  const noticeExpiry = createExpiryNotices({ log, now })
  const takeOver = createTakeOver(credentials, log)

  async function reread(onRequest: boolean): Promise<void> {
    if (!takeOver(onRequest)) return
    const status = credentials.status()
    log.info('credentials_changed', { credentials: status.map(({ id }) => id) })
    noticeExpiry(status)
    await changed(status).catch((error: unknown) => log.warn('connection_not_updated', { error }))
  }

  noticeExpiry(credentials.status())
  const timers = [
    ...(mayChange ? [setInterval(() => void reread(false), REREAD_INTERVAL_MS)] : []),
    setInterval(() => noticeExpiry(credentials.status()), EXPIRY_INTERVAL_MS),
  ]
  for (const timer of timers) timer.unref()
  return {
    reread: () => reread(true),
    stop: () => timers.forEach((timer) => void clearInterval(timer)),
  }
}

/**
 * Returns whether the credentials changed. A problem is logged once, and only when it occurs a second time or on request: between
 * two files that belong together there is a moment when one is new and the other old.
 */
function createTakeOver(credentials: ClientCredentials, log: Log): (onRequest: boolean) => boolean {
  let problem: { readonly text: string; readonly logged: boolean } | undefined

  return (onRequest) => {
    try {
      const changed = credentials.reread()
      if (onRequest || problem?.logged) log.info('credentials_read', { changed })
      problem = undefined
      return changed
    } catch (error) {
      const before = problem
      const text = textOf(error)
      const isSame = before?.text === text
      const wasLogged = isSame && before.logged
      const mustLog = onRequest || (isSame && !wasLogged)
      if (mustLog)
        log.error('credentials_not_read', { ...evidenceOf(error), kept: 'those from before' })
      problem = { text, logged: mustLog || wasLogged }
      return false
    }
  }
}

function evidenceOf(error: unknown): LogFields {
  return error instanceof EntradaError ? error.detail : { error }
}

function textOf(error: unknown): string {
  return error instanceof EntradaError ? JSON.stringify(error.detail) : String(error)
}
