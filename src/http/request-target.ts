/** The request line's address, in its two parts. */
export type RequestTarget = {
  /** Only a target in absolute form names a host; it counts instead of the `Host` header. */
  readonly authority?: string
  /** Path and query as they came. */
  readonly path: string
}

/** @see RFC 9112 §3.2.2: a server ignores `Host` when the target is in absolute form */
export function parseRequestTarget(target: string): RequestTarget {
  if (target.startsWith('/')) return { path: target }
  const [, authority, rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(target) ?? []
  if (authority === undefined) return { path: target }
  return { authority: authority.toLowerCase(), path: rest.startsWith('/') ? rest : `/${rest}` }
}

/**
 * The host that a request is for. Two `Host` headers are returned joined, even when the target names a host: every check of a
 * host refuses them.
 *
 * @see RFC 9112 §3.2: 400 for more than one `Host`
 */
export function hostOf(
  { authority }: RequestTarget,
  hostHeader: string | undefined,
): string | undefined {
  return hostHeader?.includes(',') ? hostHeader : (authority ?? hostHeader)
}
