import type { Exchange } from './exchange.ts'
import type { Endpoint } from './faults.ts'
import type { EmulatorRequest, EmulatorState } from './state.ts'

/** Stores a request in the log, and removes the oldest beyond ten thousand. */
export function rememberRequest(
  state: EmulatorState,
  endpoint: Endpoint,
  { request, parameters, trace }: Exchange,
): void {
  const noted: EmulatorRequest = {
    at: trace.at,
    method: request.method,
    endpoint,
    path: new URL(request.url).pathname.slice(0, MOST_CHARACTERS),
    params: Object.fromEntries(bounded(parameters)),
    headers: Object.fromEntries(request.headers),
  }
  state.requests.push(noted)
  byRequest.set(request, noted)
  if (state.requests.length > MOST_REQUESTS) state.requests.shift()
}

/** Stores the status of the response to a request. */
export function rememberStatus(request: Request, { status }: Response): void {
  const noted = byRequest.get(request)
  if (noted !== undefined) Object.assign(noted, { status })
}

const byRequest = new WeakMap<Request, EmulatorRequest>()

/** A very long parameter is cut, and so is a very long list: the log is limited in bytes as well. */
function bounded(parameters: URLSearchParams): readonly (readonly [string, string])[] {
  return [...parameters]
    .slice(0, MOST_PARAMETERS)
    .map(([name, value]) => [name.slice(0, 100), value.slice(0, MOST_CHARACTERS)])
}

const MOST_REQUESTS = 10_000
const MOST_PARAMETERS = 50
const MOST_CHARACTERS = 8192
