import { readFileSync } from 'node:fs'
import { createNameResolver, type NameResolverOptions } from '../outgoing/customer-names.ts'
import { createOutgoing, type Outgoing } from '../outgoing/outgoing.ts'
import type { Proxies } from '../outgoing/proxies.ts'
import { lookupReceivers } from './lookup-receivers.ts'
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

export type WebhookSenderOptions = {
  readonly privateAllowed: boolean
  readonly proxies?: Proxies
  /** Name servers for receivers' names; default this machine's. */
  readonly names?: Pick<NameResolverOptions, 'servers' | 'timeLimitMs'>
}

/**
 * One POST; no redirect is followed, nothing of the answer but its status is read, and it never rejects. Through a proxy, the proxy
 * resolves the receiver's name, and its rules say what may be reached; what is local by its spelling is refused here all the same.
 */
export function createWebhookSender(options: WebhookSenderOptions): SendWebhook {
  const { privateAllowed, proxies, names } = options
  const readTextFile = (path: string) => readFileSync(path, 'utf8')
  const resolve = createNameResolver({ ...names, search: privateAllowed, readTextFile })
  const outgoing = createOutgoing({
    ...(proxies ? { proxies } : {}),
    lookup: lookupReceivers(resolve, { privateAllowed }),
    keepAlive: false,
  })
  return async (message) => {
    try {
      return await post(outgoing, checkReceiverUrl(message.url, options), message)
    } catch (error) {
      return { answer: wordFor(error) }
    }
  }
}

async function post(
  { request }: Outgoing,
  url: URL,
  { headers, body }: Parameters<SendWebhook>[0],
): Promise<SendResult> {
  const signal = AbortSignal.timeout(TIME_LIMIT_MS)
  const response = await request(url, { method: 'POST', headers, body, signal })
  const { statusCode: status = 0, headers: answered } = response
  // What breaks behind the status is of no interest.
  response.on('error', () => {}).destroy()
  const seconds = Number(answered['retry-after'])
  return {
    status,
    answer: String(status),
    ...(Number.isInteger(seconds) && seconds > 0 ? { retryAfterSeconds: seconds } : {}),
  }
}

function wordFor(error: unknown): string {
  const { name = '', code = '' } = error as { readonly name?: string; readonly code?: string } // whatever was thrown
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout'
  return /^[A-Za-z_]{1,40}$/.test(code) ? code.toLowerCase() : 'failed'
}
