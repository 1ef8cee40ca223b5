/** Reads a body as text, up to a number of bytes. If it is longer, the rest is discarded and the result is `undefined`. */
export async function readBody(request: Request, mostBytes: number): Promise<string | undefined> {
  const decoder = new TextDecoder()
  let size = 0
  let text = ''
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength
    if (size > mostBytes) return undefined
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
