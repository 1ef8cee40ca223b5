/** Removes user and password from addresses before text leaves the program, as the last protection. */

const ADDRESS = /\b([a-z][a-z0-9+.-]{0,20}):\/\/([^\s"'`<>]*)/gi
const HIDDEN = '[hidden]@'

/**
 * Replaces the part of each address in the text that may be credentials. A password that was not percent-encoded may contain any of
 * `@ / # ? :`, so everything up to the last `@` is replaced; web addresses whose `@` is in the path or the query stay unchanged.
 */
export function hideCredentials(text: string): string {
  if (!text.includes('://')) return text
  return text.replace(ADDRESS, (address, scheme: string, rest: string) => {
    const at = rest.lastIndexOf('@')
    return at === -1 || isWithoutUser(scheme, rest)
      ? address
      : `${scheme}://${HIDDEN}${rest.slice(at + 1)}`
  })
}

function isWithoutUser(scheme: string, rest: string): boolean {
  if (!/^https?$/i.test(scheme)) return false
  const [authority = ''] = rest.split(/[/?#\\]/)
  // `user:pa` of `user:pa/ss@host` is not a host with a port.
  return /^([a-z0-9._~%-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/i.test(authority)
}
