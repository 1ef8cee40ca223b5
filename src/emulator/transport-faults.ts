import { type FaultHit, type TransportFault, transportFaultKinds } from './faults.ts'
import type { EmulatorState } from './state.ts'

/** Answers a request, or breaks the response in the way of the next matching fault. */
export async function answerDespiteFault(
  state: EmulatorState,
  call: { readonly hit: FaultHit; readonly request: Request },
  answer: () => Response | Promise<Response>,
): Promise<Response> {
  const fault = state.faults.take(transportFaultKinds, call.hit)
  if (fault === undefined) return answer()
  const ends = AbortSignal.any([call.request.signal, state.closing.signal])
  return breakAnswer(fault, ends, answer)
}

async function breakAnswer(
  fault: TransportFault,
  ends: AbortSignal,
  answer: () => Response | Promise<Response>,
): Promise<Response> {
  switch (fault.kind) {
    case 'hang':
      return hang(ends)
    case 'delay':
      return (await isInterrupted(ends, fault.milliseconds)) ? closed() : answer()
    case 'status':
      return statusResponse(fault)
    case 'html':
      return htmlResponse(200)
    case 'redirect':
      return new Response(null, {
        status: fault.status ?? 307,
        headers: { Location: fault.location },
      })
    case 'cut_body':
      return cutInHalf(await answer())
    case 'invalid_json':
      return new Response('{"token_type": "Bearer", "id_token": oops', { headers: jsonHeaders })
  }
}

/** Never answers, until the client disconnects or the emulator closes. */
async function hang(ends: AbortSignal): Promise<Response> {
  await isInterrupted(ends)
  return closed()
}

/** Waits, without a time for ever, and returns whether the wait was interrupted. */
function isInterrupted(ends: AbortSignal, milliseconds?: number): Promise<boolean> {
  if (ends.aborted) return Promise.resolve(true)
  return new Promise((resolve) => {
    const timer =
      milliseconds === undefined ? undefined : setTimeout(() => end(false), milliseconds)
    const onAbort = () => end(true)
    ends.addEventListener('abort', onAbort, { once: true })

    function end(interrupted: boolean): void {
      clearTimeout(timer)
      ends.removeEventListener('abort', onAbort)
      resolve(interrupted)
    }
  })
}

function closed(): Response {
  return new Response('The emulator is closing.', { status: 503 })
}

function statusResponse(fault: Extract<TransportFault, { readonly kind: 'status' }>): Response {
  const { status, body, retryAfterSeconds } = fault
  const retryAfter =
    retryAfterSeconds === undefined ? undefined : { 'Retry-After': String(retryAfterSeconds) }
  const headers = retryAfter || fault.headers ? { ...retryAfter, ...fault.headers } : undefined
  if (body === undefined && headers === undefined) return htmlResponse(status)
  const isEmpty = [204, 205, 304].includes(status)
  return new Response(isEmpty ? null : (body ?? ''), { status, headers: { ...headers } })
}

function htmlResponse(status: number): Response {
  const page =
    '<!doctype html><html lang="en"><title>Oops</title><h1>Our services are not available</h1>'
  return new Response([204, 205, 304].includes(status) ? null : page, {
    status,
    headers: { 'Content-Type': 'text/html; charset=utf-8' },
  })
}

/** Announces the whole body, sends half of it, and breaks the connection. */
async function cutInHalf(response: Response): Promise<Response> {
  const bytes = new Uint8Array(await response.arrayBuffer())
  const headers = new Headers(response.headers)
  headers.set('Content-Length', String(bytes.length))
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(bytes.subarray(0, Math.floor(bytes.length / 2)))
      await isInterrupted(new AbortController().signal, CUT_AFTER_MILLISECONDS)
      controller.error(cutConnection())
    },
  })
  return new Response(body, { status: response.status, headers })
}

// The server waits a moment for the body before it sends the head: an earlier error would become a 500.
const CUT_AFTER_MILLISECONDS = 30

/** The code keeps the server from writing a stack trace to the console for an intended error. */
function cutConnection(): Error {
  return Object.assign(new Error('the emulator cut the connection'), {
    code: 'ERR_STREAM_PREMATURE_CLOSE',
  })
}

const jsonHeaders = { 'Content-Type': 'application/json; charset=utf-8' }
