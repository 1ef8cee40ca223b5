import type { Exchange } from './exchange.ts'
import type { Endpoint } from './faults.ts'
import type { EmulatorState } from './state.ts'

/** Notes a request, and forgets the oldest beyond ten thousand. */
export function rememberRequest(
  state: EmulatorState,
  endpoint: Endpoint,
  { request, parameters, trace }: Exchange,
): void {
  state.requests.push({
    at: trace.at,
    method: request.method,
    endpoint,
    path: new URL(request.url).pathname,
    params: Object.fromEntries(parameters),
    headers: Object.fromEntries(request.headers),
  })
  if (state.requests.length > MOST_REQUESTS) state.requests.shift()
}

const MOST_REQUESTS = 10_000
