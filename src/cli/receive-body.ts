import type { IncomingMessage } from 'node:http'

export type ReceivedBody =
  /** A body over the limit is cut one byte after it, so that its reader sees that it is too large. */
  | { readonly kind: 'received'; readonly bytes: Buffer }
  | { readonly kind: 'too_slow' }
  | { readonly kind: 'aborted' }
  /** The body came in more chunks than any network needs for 64 KB. Each chunk costs as much as a large one. */
  | { readonly kind: 'in_pieces' }
  | { readonly kind: 'connection_lost' }

const FIRST_BYTES = 1_024
const MOST_PIECES = 256
const LINGER_MS = 1_000
const LINGER_BYTES = 262_144

/** Returns whether a body follows the headers. The server never reads a body of GET and HEAD. */
export function hasBody({ method, headers }: IncomingMessage): boolean {
  if (method === 'GET' || method === 'HEAD') return false
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Reads the body of a request, at most `maxBytes` and one more, within `withinMs` for all of it, unless `signal` aborts. */
export function receiveBody(
  incoming: IncomingMessage,
  {
    maxBytes,
    withinMs,
    signal,
  }: { readonly maxBytes: number; readonly withinMs: number; readonly signal: AbortSignal },
): Promise<ReceivedBody> {
  const { promise, resolve } = Promise.withResolvers<ReceivedBody>()
  const collected = createCollector(maxBytes + 1)
  const timer = setTimeout(() => end({ kind: 'too_slow' }), withinMs)
  let pieces = 0

  function onData(chunk: Buffer): void {
    pieces += 1
    if (pieces > MOST_PIECES) end({ kind: 'in_pieces' })
    else if (collected.add(chunk) > maxBytes) {
      incoming.pause()
      onEnd()
    }
  }
  const onEnd = () => end({ kind: 'received', bytes: collected.bytes() })
  const onAbort = () => end({ kind: 'aborted' })
  const onClose = () => end({ kind: 'connection_lost' })

  function end(outcome: ReceivedBody): void {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    incoming.off('data', onData).off('end', onEnd).off('close', onClose)
    resolve(outcome)
  }

  incoming.on('error', () => {}) // The connection broke; `close` follows.
  signal.addEventListener('abort', onAbort)
  incoming.on('data', onData).on('end', onEnd).on('close', onClose)
  return promise
}

/**
 * Reads and drops the rest of a body after the response, for a second and up to 256 KB. If the connection closed at once, a client
 * that is still sending might lose the response.
 */
export function dropRest(incoming: IncomingMessage): void {
  let left = LINGER_BYTES
  const cut = () => void incoming.socket.destroy()
  const timer = setTimeout(cut, LINGER_MS)
  incoming.on('error', () => {}) // The connection broke; `close` follows.
  incoming.once('close', () => clearTimeout(timer))
  incoming.on('data', (chunk: Buffer) => {
    // A small chunk counts as a larger one, because it costs as much.
    left -= Math.max(chunk.length, LINGER_BYTES / MOST_PIECES)
    if (left < 0) cut()
  })
  incoming.resume()
}

/** Copies the chunks into one buffer: thousands of chunks of one byte would otherwise take a hundred times their size. */
function createCollector(most: number) {
  let buffer = Buffer.allocUnsafe(Math.min(FIRST_BYTES, most))
  let size = 0
  return {
    add(chunk: Buffer): number {
      const needed = Math.min(size + chunk.length, most)
      if (needed > buffer.length) {
        const larger = Buffer.allocUnsafe(Math.min(Math.max(needed, buffer.length * 2), most))
        buffer.copy(larger, 0, 0, size)
        buffer = larger
      }
      chunk.copy(buffer, size, 0, needed - size)
      size = needed
      return size
    },
    bytes: () => buffer.subarray(0, size),
  }
}
