import type { IncomingMessage } from 'node:http'
import { pipeline, Readable } from 'node:stream'
import { createUnzip } from 'node:zlib'

/** Returns the body of an answer as it was before compression: Entrada asks for none, but some gateways compress all the same. */
export function unpacked(answer: IncomingMessage): Readable {
  const { 'content-encoding': encoding = 'identity' } = answer.headers
  if (!/^(x-)?(gzip|deflate)$/i.test(encoding.trim())) return answer
  // The reader of the unpacked stream receives the error; nothing else has to be done about it.
  return pipeline(answer, createUnzip(), () => {})
}

/** Returns the bytes of a body, or `undefined` if there are more than `mostBytes`; the rest is not read then. */
export async function collectBytes(
  body: Readable | AsyncIterable<Uint8Array> | readonly Uint8Array[],
  mostBytes: number,
): Promise<Uint8Array | undefined> {
  if (body instanceof Readable) return collectFromReadable(body, mostBytes)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > mostBytes) return undefined
    chunks.push(chunk)
  }
  return joined(chunks)
}

/** By events, because iterating over a stream of Node costs several times as much. */
function collectFromReadable(body: Readable, mostBytes: number): Promise<Buffer | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>()
  const chunks: Buffer[] = []
  let size = 0
  body.on('data', (chunk: Buffer) => {
    size += chunk.byteLength
    if (size <= mostBytes) chunks.push(chunk)
    else {
      resolve(undefined)
      body.destroy()
    }
  })
  body.once('end', () => resolve(joined(chunks)))
  body.once('error', reject)
  // The answer was cut off; without this, a stream that closes silently would never settle.
  body.once('close', () => reject(new Error('the answer ended too early')))
  return promise
}

function joined(chunks: readonly Uint8Array[]): Buffer {
  const [first] = chunks
  return chunks.length === 1 && Buffer.isBuffer(first) ? first : Buffer.concat(chunks)
}
