/** Splits the target of the request line into host and path. */
export type RequestTarget = {
  /** Only a target in absolute form names a host, which then replaces the `Host` header. */
  readonly authority?: string
  /** Path and query as they were sent. */
  readonly path: string
}

/** Parses the target of a request line. @see RFC 9112 §3.2.2: a server ignores `Host` when the target is in absolute form */
export function parseRequestTarget(target: string): RequestTarget {
  if (target.startsWith('/')) return { path: target }
  const [, authority, rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(target) ?? []
  if (authority === undefined) return { path: target }
  return { authority: authority.toLowerCase(), path: rest.startsWith('/') ? rest : `/${rest}` }
}

/**
 * Returns the host that a request is for. Two `Host` headers are returned joined, even if the target names a host, so that every
 * check of a host refuses them.
 *
 * @see RFC 9112 §3.2: 400 for more than one `Host`
 */
export function hostOf(
  { authority }: RequestTarget,
  hostHeader: string | undefined,
): string | undefined {
  return hostHeader?.includes(',') ? hostHeader : (authority ?? hostHeader)
}
