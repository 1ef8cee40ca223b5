/** What went wrong between this program and a proxy, as opposed to what the address behind it answered. */
export class ProxyError extends Error {
  readonly code: 'PROXY_UNREACHABLE' | 'PROXY_REFUSED'
  /** The proxy without user and password. */
  readonly proxy: string
  /** What the proxy answered in place of a connection, such as 407. */
  readonly status?: number

  constructor(
    code: ProxyError['code'],
    { proxy, status, cause }: { readonly proxy: string; readonly status?: number; cause?: unknown },
  ) {
    super(
      code === 'PROXY_UNREACHABLE' ? `${proxy} cannot be reached` : `${proxy} gave no connection`,
      { cause },
    )
    this.name = 'ProxyError'
    this.code = code
    this.proxy = proxy
    if (status !== undefined) this.status = status
  }
}
