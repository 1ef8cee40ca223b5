/** Why nothing came back. */
export type Failed = {
  readonly kind: 'failed'
  readonly reason: 'timeout' | 'name_unknown' | 'refused' | 'certificate' | 'proxy' | 'other'
  /** Of the network, such as `ECONNREFUSED`. */
  readonly code?: string
  /** The proxy that failed, and what it answered in place of a connection. */
  readonly proxy?: string
  readonly status?: number
}

/** Returns a failure in words that complete "cannot be reached:". */
export function describeFailure({ reason, code, proxy, status }: Failed): string {
  const because = code === undefined ? '' : ` (${code})`
  switch (reason) {
    case 'timeout':
      return 'no answer came in time'
    case 'name_unknown':
      return `the name is not known here${because}`
    case 'refused':
      return `nobody listens there${because}`
    case 'certificate':
      return `its TLS certificate is not trusted${because}`
    case 'proxy':
      return status === undefined
        ? `the proxy ${proxy} does not answer`
        : `the proxy ${proxy} gives no connection (status ${status})`
    case 'other':
      return `the connection failed${because}`
  }
}
