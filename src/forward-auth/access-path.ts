/**
 * The path of a request target as rules are compared with it, decoded once; `undefined` when servers may read it in more than one way:
 * what one takes for `/public/x`, another behind it takes for `/admin`. Nobody has to guess which, so nobody is let in by such a path.
 */
export function canonicalPath(uri: string): string | undefined {
  const [encoded = ''] = uri.split('?', 1)
  if (!encoded.startsWith('/') || isUnclear(encoded)) return undefined
  const path = decoded(encoded)
  if (path === undefined || isStillEncoded(path)) return undefined
  // Letters that stand for others, such as a full-width slash, are looked at as both.
  const widened = path.normalize('NFKC')
  if (segmentsOf(widened).length !== segmentsOf(path).length) return undefined
  // A server that drops invisible characters reads `/public/.<U+200B>./admin` as `/public/../admin`.
  const visible = widened.replace(INVISIBLE, '')
  if (visible !== widened && visible.includes('//')) return undefined
  return [path, widened, visible].flatMap(segmentsOf).some(isUnclearSegment) ? undefined : path
}

/**
 * The path as rules that keep people out compare it: servers ignore letter case, write one letter in several ways, and pass over
 * invisible characters. Some compare capital letters: those of `ı` and `i` are the same, and so are the small ones of `İ` and `I` in Java.
 */
export function foldPath(path: string): string {
  return path
    .normalize('NFKC')
    .replace(INVISIBLE, '')
    .replaceAll('\u0130', 'I')
    .toUpperCase()
    .toLowerCase()
}

const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu

function segmentsOf(path: string): readonly string[] {
  return path.split(/[/\\]/)
}

/**
 * `.` and `..`; white space at an end, and a dot at the end, which Windows cuts off; `::$DATA` and other streams of a file of NTFS; and its
 * short names, such as `ADMINI~1`.
 */
function isUnclearSegment(segment: string): boolean {
  return (
    /^\s|[\s.]$/u.test(segment) ||
    /::|:\$/.test(segment) ||
    /^[^.]{1,6}~\d+(\.[^.]{0,3})?$/.test(segment)
  )
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

/** Encoded twice: a server that decodes twice would see another path. */
function isStillEncoded(path: string): boolean {
  return /%[0-9a-f]{2}/i.test(path)
}
