/**
 * The steps that a request passes before the server works on it, so that one client cannot block the others (docs/shares.md):
 *
 *   admit → takeBody (a share of the bodies, a few seconds) → waitForTurn → begin (a share of the concurrent requests) → answer
 *
 * `/auth/verify` and health checks have no body and have places of their own, because a busy server is still alive.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { errorEntry } from '../errors/errors.ts'
import type { RawHandler } from '../http/raw-handler.ts'
import { MAX_BODY_BYTES } from '../http/read-body.ts'
import { parseRequestTarget } from '../http/request-target.ts'
import { createShares, type Shares } from './client-shares.ts'
import { createFairTurns } from './fair-turns.ts'
import { dropRest, hasBody, receiveBody } from './receive-body.ts'

export type AdmissionLimits = {
  /** Maximum of concurrent requests, and of concurrent requests of proxies at `/auth/verify`. */
  readonly maxRequests: number
  /** Maximum of bodies that are received concurrently. */
  readonly maxBodies: number
  /** Time limit for receiving one body. */
  readonly bodyMs: number
  /** A request that has waited longer for its turn is refused, because its sender has most likely given up. */
  readonly waitMs: number
  /** The connection of a client that has read nothing of its response for this long is closed. */
  readonly stalledMs: number
}

export type AdmissionOptions = AdmissionLimits & {
  /** Returns the address of the client that a request is counted for; `undefined` if the proxy does not name it. */
  readonly clientOf: (
    forwardedFor: string | undefined,
    remoteAddress: string | undefined,
  ) => string | undefined
  /** Responds to some requests before a Web `Request` is created for them. */
  readonly first?: RawHandler
  /** Called for each request that is refused because a share is used up. */
  readonly turnedAway: () => void
  /** Closes a connection with more concurrent requests than any browser or proxy sends, and refuses new ones for a while. */
  readonly cutOff: (socket: Socket) => void
}

export type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<unknown>

export type Admission = {
  admit(incoming: IncomingMessage, outgoing: ServerResponse): void
  /** Makes `/readyz` respond with 503, and every response close its connection. */
  startDraining(): void
}

/** Addresses of Entra's redirects and every `return_to` that is kept are far shorter. */
const MAX_ADDRESS_LENGTH = 16_384
const MAX_HEALTH_CHECKS = 64
/** Browsers and proxies wait for a response before they send the next request. */
const MAX_PIPELINED = 16
/** Rendering a page costs about as much as eight responses to a proxy. */
const COSTS = { page: 8, verify: 1 } as const

type Visit = {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly client: string | undefined
  readonly arrivedAt: number
}

/** Creates the admission of requests, which calls `answer` for each request that is admitted. */
export function createAdmission(options: AdmissionOptions, answer: Answer): Admission {
  const { first, turnedAway } = options
  const turns = createFairTurns()
  const pages = createShares(options.maxRequests)
  const questions = createShares(options.maxRequests)
  const healthChecks = createShares(MAX_HEALTH_CHECKS)
  const bodies = createShares(options.maxBodies)
  const underWay = createUnderWay(options.cutOff)
  let isDraining = false

  function admit(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const closed = underWay.add(incoming.socket, outgoing)
    if (closed === undefined) return
    if (isDraining) outgoing.setHeader('connection', 'close')
    outgoing.once('finish', () => {
      if (!incoming.complete) dropRest(incoming)
    })
    const { url = '', headers, socket } = incoming
    const client = options.clientOf(headerText(headers['x-forwarded-for']), socket.remoteAddress)
    const visit: Visit = { incoming, outgoing, client, arrivedAt: performance.now() }
    if (url.length > MAX_ADDRESS_LENGTH) refuse(visit, 'address_too_long')
    else if (isHealthCheck(incoming)) {
      turns.wait(client, COSTS.verify, () => checkHealth(visit, closed))
    } else if (first?.takes(incoming)) {
      const ask = () => begin(visit, { shares: questions, work: first.answer, closed })
      turns.wait(client, COSTS.verify, ask)
    } else if (hasBody(incoming)) void takeBody(visit, closed)
    else waitForTurn(visit, closed)
  }

  async function takeBody(visit: Visit, closed: Promise<void>): Promise<void> {
    const { incoming, outgoing, client } = visit
    const lost = new AbortController()
    const giveBack = bodies.take(client, () => lost.abort())
    if (giveBack === undefined) {
      turnAway(visit)
      return
    }
    if (headerText(incoming.headers.expect) !== undefined) outgoing.writeContinue()
    const limits = { maxBytes: MAX_BODY_BYTES, withinMs: options.bodyMs, signal: lost.signal }
    const body = await receiveBody(incoming, limits).finally(giveBack)
    if (body.kind === 'aborted') turnAway(visit)
    if (body.kind === 'too_slow') refuse(visit, 'body_too_slow')
    if (body.kind === 'in_pieces') incoming.socket.destroy()
    if (body.kind !== 'received') return
    // The adapter reads the body from this member instead of reading the request again.
    Object.assign(incoming, { rawBody: body.bytes })
    waitForTurn(visit, closed)
  }

  function waitForTurn(visit: Visit, closed: Promise<void>): void {
    turns.wait(visit.client, COSTS.page, () =>
      begin(visit, { shares: pages, work: answer, closed }),
    )
  }

  /** The place is given back when the work has ended *and* the client has received the response or disconnected. */
  function begin(
    visit: Visit,
    { shares, work, closed }: { shares: Shares; work: Answer; closed: Promise<void> },
  ): void {
    const { incoming, outgoing, client, arrivedAt } = visit
    if (incoming.socket.destroyed) return
    const isLate = performance.now() - arrivedAt > options.waitMs + options.bodyMs
    const giveBack = isLate ? undefined : shares.take(client)
    if (giveBack === undefined) {
      turnAway(visit)
      return
    }
    outgoing.setTimeout(options.stalledMs, () => incoming.socket.destroy())
    const worked = work(incoming, outgoing).then((outcome) => {
      if (outcome !== 'left') return
      // The router costs as much for this request as for any other.
      giveBack()
      waitForTurn(visit, closed)
    })
    void Promise.allSettled([worked, closed]).then(giveBack)
  }

  function turnAway(visit: Visit): void {
    turnedAway()
    refuse(visit, 'server_busy')
  }

  function checkHealth(visit: Visit, closed: Promise<void>): void {
    if (isDraining && pathOf(visit.incoming) === '/readyz') refuse(visit, 'server_stopping')
    else {
      const work = first?.takes(visit.incoming) ? first.answer : answer
      begin(visit, { shares: healthChecks, work, closed })
    }
  }

  return {
    admit,
    startDraining() {
      isDraining = true
      for (const outgoing of underWay.outgoing()) {
        if (!outgoing.headersSent) outgoing.setHeader('connection', 'close')
      }
    },
  }
}

/** Tracks the requests of each connection that have no response yet. */
function createUnderWay(cutOff: AdmissionOptions['cutOff']) {
  const ofSocket = new WeakMap<Socket, Set<() => void>>()
  const all = new Set<ServerResponse>()

  function requestsOf(socket: Socket): Set<() => void> {
    const existing = ofSocket.get(socket)
    if (existing) return existing
    const requests = new Set<() => void>()
    ofSocket.set(socket, requests)
    // Node emits no `close` for a response that is queued behind another response of the same connection.
    socket.once('close', () => {
      for (const end of [...requests]) end()
    })
    return requests
  }

  return {
    outgoing: () => all,
    /** Resolves when the response is sent or the connection is closed. Returns `undefined` after too many concurrent requests. */
    add(socket: Socket, outgoing: ServerResponse): Promise<void> | undefined {
      const requests = requestsOf(socket)
      if (socket.destroyed) return undefined
      if (requests.size >= MAX_PIPELINED) {
        cutOff(socket)
        return undefined
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      const end = () => {
        requests.delete(end)
        all.delete(outgoing)
        resolve()
      }
      requests.add(end)
      all.add(outgoing)
      outgoing.once('close', end)
      return promise
    },
  }
}

function isHealthCheck(incoming: IncomingMessage): boolean {
  return ['/healthz', '/readyz'].includes(pathOf(incoming))
}

function pathOf({ url = '' }: IncomingMessage): string {
  return parseRequestTarget(url).path
}

function headerText(value: string | string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join(', ') : value
}

type PlainCode = 'address_too_long' | 'body_too_slow' | 'server_busy' | 'server_stopping'

/** Responds with plain text: rendering a page would use the capacity that is short. */
function refuse({ incoming, outgoing }: Visit, code: PlainCode): void {
  if (outgoing.destroyed || incoming.socket.destroyed) return
  const { status, shown } = errorEntry(code)
  outgoing.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    ...(status === 503 ? { 'retry-after': '1' } : {}),
    ...(code === 'body_too_slow' ? { connection: 'close' } : {}),
  })
  outgoing.end(incoming.method === 'HEAD' ? undefined : `${shown}\n${code}\n`)
}
