import type { Deployment } from '../deployment.ts'

const MAX_RETURN_TO_LENGTH = 1024
/** Addresses of ours that do something. Returning to one would start over, or loop. */
const ACTING = /^\/(login|auth|setup|enterprise-login)([/?#-]|$)/i

/**
 * Returns a path on this server, or a complete address of a registered application, that is safe to redirect to. Anything else
 * becomes `/`.
 *
 * Resolving the *result* again is what catches `/.//evil.example` and `/a/..//evil.example`: their path is `//evil.example`,
 * harmless to a parser that looks once and another host to the browser that follows it.
 */
export function parseReturnTo(
  value: string | undefined,
  here: URL,
  { mountPath = '', site }: Partial<Pick<Deployment, 'mountPath' | 'site'>> = {},
): string {
  if (value === undefined || value.length > MAX_RETURN_TO_LENGTH) return '/'
  const applications = site?.applicationUrls ?? []
  const target = addressWithin(value, applications) ?? pathWithin(value, here)
  // The length is checked again: percent-encoding turns one letter into up to nine, and the path is stored in the attempt's cookie.
  if (target === undefined || target.length > MAX_RETURN_TO_LENGTH) return '/'
  if ((addressWithin(target, applications) ?? pathWithin(target, here)) !== target) return '/'
  return isOurOwnAction(target, mountPath) ? '/' : target
}

/** Returns an address on one of these hosts, if it is complete with its scheme. */
function addressWithin(value: string, applications: readonly URL[]): string | undefined {
  if (!/^https?:\/\/[^/\\@]/i.test(value) || hasControlCharacter(value)) return undefined
  const url = URL.parse(value)
  const application = applications.find(({ origin }) => origin === url?.origin)
  if (url === null || application === undefined || url.username || url.password) return undefined
  return application.origin + url.pathname + url.search + url.hash
}

function pathWithin(value: string, here: URL): string | undefined {
  if (!value.startsWith('/') || hasControlCharacter(value)) return undefined
  const url = URL.parse(value, here)
  return url?.origin === here.origin ? url.pathname + url.search + url.hash : undefined
}

/** A URL parser drops tabs and line breaks silently, and no valid address needs them here. */
function hasControlCharacter(value: string): boolean {
  return [...value].some((character) => character < ' ' || character === '\u007f')
}

/** This also recognizes percent-encoded forms, which a router decodes before it compares. */
function isOurOwnAction(path: string, mountPath: string): boolean {
  const decoded = decodeOnce(path)
  return [path, decoded].some(
    (spelling) => spelling.startsWith(mountPath) && ACTING.test(spelling.slice(mountPath.length)),
  )
}

/** Decodes letter by letter: one malformed sequence must not prevent the rest from being decoded, as it does not in a router. */
function decodeOnce(path: string): string {
  return path.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
