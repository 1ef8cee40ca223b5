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
    fix: 'The body of a request must arrive within five seconds. A reverse proxy that buffers request bodies avoids this error on slow networks; see docs/shares.md.',
  },
  too_many_requests: {
    status: 429,
    shown: 'Too many attempts. Please wait a moment.',
    fix: 'A limit was reached; `limit` in the log names it, and `Retry-After` contains the time to wait. Limits count by client address: if all clients seem to have the same one, set ENTRADA_TRUSTED_PROXIES. docs/monitoring.md lists the limits.',
  },
  server_busy: {
    status: 503,
    shown: 'This server is busy. Please try again in a moment.',
    fix: 'One client, or all of them together, had more requests in progress than one process accepts; docs/shares.md lists the limits. Look for a slow database or a flood; add replicas. If every request seems to come from the proxy, set `ENTRADA_TRUSTED_PROXIES`.',
  },
  server_stopping: {
    status: 503,
    shown: 'This server is being stopped.',
    fix: '`/readyz` returns this while a stopping server still accepts requests, for ENTRADA_DRAIN_SECONDS, so that the load balancer uses other servers.',
  },
} as const satisfies Record<string, ErrorEntry>
