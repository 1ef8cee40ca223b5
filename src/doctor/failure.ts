/** Explains why a request got no response. */
export type Failed = {
  readonly kind: 'failed'
  readonly reason: 'timeout' | 'name_unknown' | 'refused' | 'certificate' | 'proxy' | 'other'
  /** The error code of the network, such as `ECONNREFUSED`. */
  readonly code?: string
  /** The proxy that failed, and the status with which it refused the connection. */
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
      return `the name cannot be resolved here${because}`
    case 'refused':
      return `no server listens there${because}`
    case 'certificate':
      return `its TLS certificate is not trusted${because}`
    case 'proxy':
      return status === undefined
        ? `the proxy ${proxy} does not answer`
        : `the proxy ${proxy} refuses the connection (status ${status})`
    case 'other':
      return `the connection failed${because}`
  }
}
