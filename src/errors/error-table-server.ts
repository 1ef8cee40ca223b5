/** Refusals that protect the server and those who share it; part of `error-table.ts`. */
import type { ErrorEntry } from './error-table.ts'

export const serverErrors = {
  body_too_large: {
    status: 413,
    shown: 'The request is too large.',
    fix: 'Bodies are limited to 64 KB.',
  },
  address_too_long: {
    status: 414,
    shown: 'This address is too long.',
    fix: 'Addresses are limited to 16 KB, query included.',
  },
  body_too_slow: {
    status: 408,
    shown: 'Your request did not arrive completely in time. Please try again.',
    fix: 'The body of a request has five seconds. A reverse proxy that reads bodies before it passes them on hides slow networks; see docs/shares.md.',
  },
  too_many_requests: {
    status: 429,
    shown: 'Too many tries. Please wait a moment.',
    fix: 'A limit was reached; `limit` in the log names it, `Retry-After` has how long. Limits count by client address: if all clients seem to have the same one, set ENTRADA_TRUSTED_PROXIES. docs/monitoring.md lists the limits.',
  },
  server_busy: {
    status: 503,
    shown: 'This server is busy. Please try again in a moment.',
    fix: 'One client, or all of them together, had more requests under way than one process takes; docs/shares.md has the shares. Look for a slow database or a flood; add replicas. If every request seems to come from the proxy, set `ENTRADA_TRUSTED_PROXIES`.',
  },
  server_stopping: {
    status: 503,
    shown: 'This server is being stopped.',
    fix: '`/readyz` answers this while a server that was asked to stop still takes requests, for ENTRADA_DRAIN_SECONDS, so that the balancer sends them elsewhere.',
  },
} as const satisfies Record<string, ErrorEntry>
