/**
 * Asks the server at a public address how requests reach it (`http/show-server.ts`), and compares that with what was sent. The
 * server answers only a caller who proves knowledge of the operator token; the token itself is not sent.
 */
import { createHash, randomBytes } from 'node:crypto'
import { securityHeaders } from '../http/responses.ts'
import {
  PROBE_COOKIE,
  questionText,
  SERVER_PATH,
  type ServerDescription,
} from '../http/show-server.ts'
import type { Secret } from '../keys/secret.ts'
import { type Answered, type AskContext, type Asked, ask, jsonOf } from './ask.ts'
import type { PassedFacts, ServerFacts } from './facts.ts'

/** Encoded characters that some proxies decode. */
const QUERY = '?doctor=a%2Fb%20c'
/** An address that is reserved for documentation. @see RFC 5737 */
const FORGED_ADDRESS = '203.0.113.9'
/** The cookies of eight open sign-ins and of an application, as in the tests of the proxies. */
const LARGE_COOKIE_LENGTH = 8_192
/** Changing any other header does no harm. */
const JUDGED_HEADERS: ReadonlySet<string> = new Set([
  'content-security-policy',
  'referrer-policy',
  'strict-transport-security',
  'x-content-type-options',
])
/** One for each path under which Entrada has pages; none of them exists. */
const PATHS = ['login', 'auth', 'account', 'admin', 'api/v1', 'enterprise-login', 'setup'].map(
  (path) => `/${path}/entrada-doctor`,
)

export type ServerQuestion = {
  readonly origin: string
  readonly operatorToken: Secret | undefined
  /** Whether the address is that of the server itself, without a proxy. */
  readonly isDirect: boolean
}

/** Sends the first request to an address, whose answer shows whether Entrada is there. */
export function askServer(
  context: AskContext,
  { origin, operatorToken }: Pick<ServerQuestion, 'origin' | 'operatorToken'>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Asked> {
  const challenge = randomBytes(32).toString('base64url')
  const tokenHash = operatorToken && sha256(operatorToken.reveal())
  return ask(context, origin + SERVER_PATH + QUERY, {
    trustsAnyCertificate: true,
    headers: {
      'entrada-challenge': challenge,
      ...(tokenHash ? { 'entrada-question': sha256(questionText({ challenge, tokenHash })) } : {}),
      cookie: 'entrada-doctor=sent',
      origin,
      'sec-fetch-site': 'same-origin',
      ...headers,
    },
  })
}

/** Returns whether an answer of {@link askServer} comes from Entrada. */
export function isEntrada(answer: Answered): boolean {
  return answer.status === 200 && jsonOf(answer)?.server === 'entrada'
}

/** Probes what requests through this address look like to the server, once Entrada has given the first answer. */
export async function probeServer(
  context: AskContext,
  question: ServerQuestion,
  first: Answered,
): Promise<ServerFacts> {
  const { origin, operatorToken, isDirect } = question
  const described = descriptionOf(first)
  const [second, large, hidden] = await Promise.all([
    askServer(context, question, {
      authorization: 'Bearer entrada-doctor',
      'x-forwarded-for': FORGED_ADDRESS,
    }),
    askServer(context, question, { cookie: `entrada-doctor=${'x'.repeat(LARGE_COOKIE_LENGTH)}` }),
    hiddenPaths(context, origin),
  ])
  const again = second.kind === 'answered' ? descriptionOf(second) : undefined
  return {
    isDirect,
    token: operatorToken === undefined ? 'not_at_hand' : described ? 'same' : 'another',
    isCached: isCached(first, second),
    hiddenPaths: hidden,
    ...headersOf(first, origin),
    ...(isLargeRefused(large) ? { largeCookies: describeStatus(large) } : {}),
    ...(described
      ? { version: described.version, keyIds: described.keyIds, passed: passedOf(first, described) }
      : {}),
    ...(again ? { passedAgain: passedAgainOf(again) } : {}),
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Parses what is used of the description, which another server may have made up. */
function descriptionOf(answer: Answered): ServerDescription | undefined {
  const { received, keyIds, version } = jsonOf(answer) ?? {}
  const isOurs =
    typeof received === 'object' &&
    received !== null &&
    'headers' in received &&
    typeof received.headers === 'object' &&
    Array.isArray(keyIds) &&
    typeof version === 'string'
  return isOurs ? (jsonOf(answer) as unknown as ServerDescription) : undefined // looked at above
}

function passedOf(first: Answered, { received }: ServerDescription): PassedFacts {
  const { headers } = received
  const sent = first.allHeaders['set-cookie']?.find((cookie) =>
    cookie.startsWith('entrada-doctor='),
  )
  return {
    remoteAddress: received.remoteAddress ?? 'unknown',
    isTrustedProxy: received.isTrustedProxy,
    namesClient: headers['x-forwarded-for'] !== undefined,
    cookie: headers.cookie?.includes('entrada-doctor=sent') === true,
    setCookie: sent === undefined ? 'dropped' : isSameCookie(sent) ? 'passed' : 'changed',
    origin: headers.origin !== undefined,
    fetchSite: headers['sec-fetch-site'] !== undefined,
    target: { sent: SERVER_PATH + QUERY, received: received.target },
  }
}

/** `Secure` is set by Entrada itself at https. */
function isSameCookie(sent: string): boolean {
  const partsOf = (cookie: string) =>
    cookie
      .split(';')
      .map((part) => part.trim().toLowerCase())
      .filter((part) => part !== 'secure')
      .sort()
      .join(';')
  return partsOf(sent) === partsOf(PROBE_COOKIE)
}

function passedAgainOf({ received }: ServerDescription) {
  return {
    authorization: received.headers.authorization === 'Bearer entrada-doctor',
    forgedClient: received.headers['x-forwarded-for'] === FORGED_ADDRESS,
  }
}

/** Each proof belongs to one challenge, so a repeated first answer comes from a cache. */
function isCached(first: Answered, second: Asked): boolean {
  if (second.kind === 'failed') return false
  const proof = first.headers['entrada-proof']
  const isRepeated = proof !== undefined && second.headers['entrada-proof'] === proof
  return isRepeated || Number(second.headers.age) > 0
}

function isLargeRefused(large: Asked): boolean {
  return large.kind === 'failed' || !isEntrada(large)
}

function describeStatus(reply: Asked): string {
  return reply.kind === 'answered' ? String(reply.status) : 'nothing'
}

function headersOf(
  { allHeaders }: Answered,
  origin: string,
): Pick<ServerFacts, 'changedHeaders' | 'repeatedHeaders'> {
  const expected = Object.entries(securityHeaders(new URL(origin))).filter(([name]) =>
    JUDGED_HEADERS.has(name),
  )
  return {
    repeatedHeaders: expected
      .filter(([name]) => (allHeaders[name]?.length ?? 0) > 1)
      .map(([name]) => name),
    changedHeaders: expected
      .filter(([name, value]) => allHeaders[name]?.length !== 1 || allHeaders[name][0] !== value)
      .filter(([name]) => (allHeaders[name]?.length ?? 0) < 2)
      .filter(([name]) => name !== 'strict-transport-security' || allHeaders[name] === undefined)
      .map(([name]) => `${name}: ${allHeaders[name]?.[0] ?? '(absent)'}`),
  }
}

/** Returns paths at which another server answers. A page of Entrada names its stylesheet, its JSON has a code. */
async function hiddenPaths(context: AskContext, origin: string): Promise<readonly string[]> {
  const answers = await Promise.all(
    PATHS.map((path) => ask(context, origin + path, { trustsAnyCertificate: true })),
  )
  return PATHS.filter((_, at) => {
    const answer = answers[at]
    return answer?.kind === 'answered' && !isOurPage(answer)
  }).map((path) => path.replace(/\/entrada-doctor$/, ''))
}

function isOurPage(answer: Answered): boolean {
  return answer.text.includes('/auth/assets/') || typeof jsonOf(answer)?.code === 'string'
}
