/** Reads a body as text up to a number of bytes; what is beyond is thrown away unread, and `undefined` says so. */
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
