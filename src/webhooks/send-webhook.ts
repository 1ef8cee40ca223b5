import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { lookupPublic } from './lookup-public.ts'
import { checkReceiverUrl } from './public-address.ts'

const TIME_LIMIT_MS = 10_000

/** What came of one attempt: the receiver's status, or a word for why there was none. */
export type SendResult = {
  readonly status?: number
  readonly answer: string
  readonly retryAfterSeconds?: number
}

export type SendWebhook = (message: {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}) => Promise<SendResult>

/** One POST; no redirect is followed, what the receiver says beyond its status is not read, and it never rejects. */
export function createWebhookSender(options: { readonly privateAllowed: boolean }): SendWebhook {
  return async (message) => {
    try {
      const url = checkReceiverUrl(message.url, options)
      return await post(url, message, options)
    } catch (error) {
      return { answer: wordFor(error) }
    }
  }
}

function post(
  url: URL,
  { headers, body }: Parameters<SendWebhook>[0],
  { privateAllowed }: { readonly privateAllowed: boolean },
): Promise<SendResult> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' },
        signal: AbortSignal.timeout(TIME_LIMIT_MS),
        ...(privateAllowed ? {} : { lookup: lookupPublic }),
      },
      (response) => {
        const { statusCode: status = 0, headers: answered } = response
        response.destroy()
        const seconds = Number(answered['retry-after'])
        resolve({
          status,
          answer: String(status),
          ...(Number.isInteger(seconds) && seconds > 0 ? { retryAfterSeconds: seconds } : {}),
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

function wordFor(error: unknown): string {
  const { name = '', code = '' } = error as { readonly name?: string; readonly code?: string } // whatever was thrown
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout'
  return /^[A-Za-z_]{1,40}$/.test(code) ? code.toLowerCase() : 'failed'
}
