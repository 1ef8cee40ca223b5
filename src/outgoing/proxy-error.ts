/** An error between this process and a proxy, as opposed to an error of the server behind the proxy. */
export class ProxyError extends Error {
  readonly code: 'PROXY_UNREACHABLE' | 'PROXY_REFUSED'
  /** The address of the proxy, without user and password. */
  readonly proxy: string
  /** The status with which the proxy refused the connection, such as 407. */
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
