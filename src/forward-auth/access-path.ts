/**
 * The path of a request target as rules are compared with it, decoded once; `undefined` when servers may read it in more than one way:
 * what one takes for `/public/x`, another behind it takes for `/admin`. Nobody has to guess which, so nobody is let in by such a path.
 */
export function canonicalPath(uri: string): string | undefined {
  const [encoded = ''] = uri.split('?', 1)
  if (!encoded.startsWith('/') || isUnclear(encoded)) return undefined
  const path = decoded(encoded)
  if (path === undefined || hasDotSegment(path) || isStillEncoded(path)) return undefined
  return path
}

/**
 * `//` (some merge it), `;` (Java cuts off what follows), `\` (Windows reads `/`), `#`, and the same or `/`, `?` and control
 * characters in percent-encoding, which some servers undo before they look for the end of a segment.
 */
function isUnclear(encoded: string): boolean {
  return /\/\/|[;\\#]|%(?:2f|5c|3b|3f|23|[01][0-9a-f]|7f)/i.test(encoded)
}

/** Not UTF-8, or not percent-encoding at all: `undefined`. */
function decoded(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}

function hasDotSegment(path: string): boolean {
  return path.split('/').some((segment) => segment === '.' || segment === '..')
}

/** Encoded twice: a server that decodes twice would see another path. */
function isStillEncoded(path: string): boolean {
  return /%[0-9a-f]{2}/i.test(path)
}
