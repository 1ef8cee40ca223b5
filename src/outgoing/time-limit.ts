/**
 * Runs work with a signal that aborts after `limitMs`, or as soon as `signal` does. Nothing is left afterwards: the timer of
 * `AbortSignal.timeout` goes on, and `AbortSignal.any` stays registered, until the time is up.
 */
export async function withinTime<T>(
  { limitMs, signal }: { readonly limitMs: number; readonly signal?: AbortSignal | undefined },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(timeLimitReached()), limitMs)
  timer.unref()
  const giveUp = () => controller.abort(signal?.reason)
  if (signal?.aborted) giveUp()
  signal?.addEventListener('abort', giveUp, { once: true })
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', giveUp)
  }
}

/** Returns the same error as that of `AbortSignal.timeout`. */
function timeLimitReached(): DOMException {
  return new DOMException('The operation was aborted due to timeout', 'TimeoutError')
}
