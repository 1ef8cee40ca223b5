/**
 * Decodes the path of a request target once, for the comparison with rules. Returns `undefined` if servers may read it in more than
 * one way: one server may see `/public/x` where the server behind it sees `/admin`. Such a path never gives access.
 */
export function canonicalPath(uri: string): string | undefined {
  const [encoded = ''] = uri.split('?', 1)
  if (!encoded.startsWith('/') || isUnclear(encoded)) return undefined
  const path = decoded(encoded)
  if (path === undefined || isStillEncoded(path)) return undefined
  // Characters that may be read as others, such as a full-width slash, are checked in both forms.
  const widened = path.normalize('NFKC')
  if (segmentsOf(widened).length !== segmentsOf(path).length) return undefined
  // A server that drops invisible characters reads `/public/.<U+200B>./admin` as `/public/../admin`.
  const visible = widened.replace(INVISIBLE, '')
  if (visible !== widened && visible.includes('//')) return undefined
  return [path, widened, visible].flatMap(segmentsOf).some(isUnclearSegment) ? undefined : path
}

/**
 * Folds a path for the comparison with rules that deny access: servers ignore letter case, write one letter in several ways, and
 * drop invisible characters. Some compare capital letters: those of `ı` and `i` are the same, and so are the small letters of `İ`
 * and `I` in Java.
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
 * Unclear segments are `.` and `..`; white space at an end, and a dot at the end, which Windows removes; `::$DATA` and other
 * streams of an NTFS file; and its short names, such as `ADMINI~1`.
 */
function isUnclearSegment(segment: string): boolean {
  return (
    /^\s|[\s.]$/u.test(segment) ||
    /::|:\$/.test(segment) ||
    /^[^.]{1,6}~\d+(\.[^.]{0,3})?$/.test(segment)
  )
}

/**
 * Unclear characters are `//` (some servers merge it), `;` (Java cuts off what follows), `\` (Windows reads `/`), `#`, and the
 * percent-encoded forms of these, of `/`, `?` and of control characters, which some servers decode before they split the path.
 */
function isUnclear(encoded: string): boolean {
  return /\/\/|[;\\#]|%(?:2f|5c|3b|3f|23|[01][0-9a-f]|7f)/i.test(encoded)
}

/** Returns `undefined` for text that is not UTF-8 or not percent-encoded. */
function decoded(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}

/** A path that is encoded twice would be another path for a server that decodes twice. */
function isStillEncoded(path: string): boolean {
  return /%[0-9a-f]{2}/i.test(path)
}
