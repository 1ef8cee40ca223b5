import { readFileSync } from 'node:fs'
import { createNameResolver, type NameResolverOptions } from '../outgoing/customer-names.ts'
import { createOutgoing, type Outgoing } from '../outgoing/outgoing.ts'
import type { Proxies } from '../outgoing/proxies.ts'
import { lookupReceivers } from './lookup-receivers.ts'
import { checkReceiverUrl } from './public-address.ts'

const TIME_LIMIT_MS = 10_000

/** The outcome of one attempt: the receiver's status, or a word for why there was none. */
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
  /** Name servers for receivers' names; by default those of this machine. */
  readonly names?: Pick<NameResolverOptions, 'servers' | 'timeLimitMs'>
}

/**
 * Creates a function that sends one POST. It follows no redirect, reads only the status of the response, and never rejects. Through
 * a proxy, the proxy resolves the receiver's name and its rules decide what may be reached; names that are local by their spelling
 * are refused here all the same.
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
  // Errors after the status do not matter.
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
