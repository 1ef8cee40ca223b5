/**
 * Sends one request with a time limit and returns whatever comes back. It does not use `provider-http.ts`, which refuses answers that the
 * doctor has to see.
 */
import { lookup } from 'node:dns/promises'
import type { IncomingMessage } from 'node:http'
import type { LookupFunction } from 'node:net'
import { createOutgoing } from '../outgoing/outgoing.ts'
import type { Proxies } from '../outgoing/proxies.ts'
import { ProxyError } from '../outgoing/proxy-error.ts'
import { readStrictJson } from '../protocol/strict-json.ts'
import type { Failed } from './failure.ts'

export type AskContext = {
  readonly now: () => Date
  /** Aborts every request that is still under way. */
  readonly deadline: AbortSignal
  /** The time limit of one request. */
  readonly timeLimitMs: number
  /** Addresses of a host name. */
  readonly resolve: Resolve
  /** The proxies through which requests leave. */
  readonly proxies?: Proxies
}
/** Rejects with the code of the resolver, such as `ENOTFOUND`. */
export type Resolve = (host: string) => Promise<readonly ResolvedAddress[]>
export type ResolvedAddress = { readonly address: string; readonly family: number }

/** Resolves a name as this machine does; names under `localhost` are loopback addresses. @see RFC 6761 §6.3 */
export const resolveHere: Resolve = async (host) =>
  /(^|\.)localhost$/i.test(host)
    ? [{ address: '127.0.0.1', family: 4 }]
    : lookup(host, { all: true })

export type Answered = {
  readonly kind: 'answered'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Every value of each header, in the order in which they came. */
  readonly allHeaders: Readonly<Record<string, readonly string[]>>
  readonly text: string
  /** The middle of the request by this machine's clock, and its greatest error. */
  readonly at: Date
  readonly tookMs: number
}
export type Asked = Answered | Failed

const MAX_ANSWER_BYTES = 1_048_576
const FORM = 'application/x-www-form-urlencoded;charset=utf-8'

export type AskOptions = {
  readonly form?: URLSearchParams
  readonly headers?: Readonly<Record<string, string>>
  /** For requests without a secret, to an address whose certificate has its own finding. */
  readonly trustsAnyCertificate?: boolean
}

/** Sends a request and never rejects. It follows no redirect, and sends a cookie or `Origin` only if the options have one. */
export async function ask(
  context: AskContext,
  url: string,
  options: AskOptions = {},
): Promise<Asked> {
  const signal = AbortSignal.any([context.deadline, AbortSignal.timeout(context.timeLimitMs)])
  const sentAt = context.now().getTime()
  try {
    const answer = await send(context, url, { signal, ...options })
    const tookMs = context.now().getTime() - sentAt
    return {
      kind: 'answered',
      status: answer.statusCode ?? 0,
      headers: headersOf(answer),
      allHeaders: allHeadersOf(answer),
      text: await readText(answer),
      at: new Date(sentAt + tookMs / 2),
      tookMs,
    }
  } catch (error) {
    return toFailed(error)
  }
}

/** Sends a form, as a token endpoint accepts it. */
export function askWithForm(
  context: AskContext,
  url: string,
  fields: Readonly<Record<string, string>>,
): Promise<Asked> {
  return ask(context, url, { form: new URLSearchParams(fields) })
}

/** Returns the object of a JSON answer, or `undefined` when it is something else. */
export function jsonOf({ text }: Answered): Readonly<Record<string, unknown>> | undefined {
  const read = readStrictJson(text)
  const value = read.kind === 'read' ? read.value : undefined
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? { ...value } : undefined
}

function send(
  { resolve, proxies = {} }: AskContext,
  url: string,
  {
    signal,
    form,
    headers: added,
    trustsAnyCertificate = false,
  }: AskOptions & { readonly signal: AbortSignal },
): Promise<IncomingMessage> {
  const outgoing = createOutgoing({
    proxies,
    lookup: lookupWith(resolve),
    // A reused connection may be one that the other side has just closed.
    keepAlive: false,
    ...(trustsAnyCertificate ? { tls: { rejectUnauthorized: false } } : {}),
  })
  return outgoing.request(new URL(url), {
    method: form ? 'POST' : 'GET',
    headers: {
      accept: 'application/json, text/html;q=0.9',
      'user-agent': 'entrada-doctor',
      ...(form ? { 'content-type': FORM } : {}),
      ...added,
    },
    signal,
    ...(form ? { body: form.toString() } : {}),
  })
}

function headersOf({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]),
  )
}

function allHeadersOf({ headersDistinct }: IncomingMessage): Answered['allHeaders'] {
  return Object.fromEntries(Object.entries(headersDistinct).map(([name, all]) => [name, all ?? []]))
}

/** Returns the resolver in the form that sockets of Node.js call. */
export function lookupWith(resolveName: Resolve): LookupFunction {
  return (host, { all }, callback) => {
    resolveName(host).then(
      (found) => {
        const [first] = found
        if (first === undefined) callback(noAddress(host), '', 4)
        else if (all) callback(null, [...found])
        else callback(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 4),
    )
  }
}

function noAddress(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' })
}

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.byteLength
    chunks.push(chunk)
    if (size > MAX_ANSWER_BYTES) break
  }
  return Buffer.concat(chunks).toString('utf8')
}

function toFailed(error: unknown): Failed {
  const code = codeOf(error)
  if (error instanceof ProxyError) {
    const { proxy, status } = error
    return { kind: 'failed', reason: 'proxy', proxy, ...(status ? { status } : {}) }
  }
  if (code === 'ABORT_ERR' || isTimeout(error)) return { kind: 'failed', reason: 'timeout' }
  return { kind: 'failed', reason: reasonOf(code), ...(code === undefined ? {} : { code }) }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && ['TimeoutError', 'AbortError'].includes(error.name)
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined
}

function reasonOf(code = ''): Failed['reason'] {
  if (['ENOTFOUND', 'EAI_AGAIN'].includes(code)) return 'name_unknown'
  if (code === 'ECONNREFUSED') return 'refused'
  if (code === 'ETIMEDOUT') return 'timeout'
  return /CERT|SIGNATURE|ERR_TLS/.test(code) ? 'certificate' : 'other'
}
