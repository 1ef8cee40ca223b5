/**
 * Says whether a redirect URI is registered: compared as text, path and query case-sensitively.
 *
 * For loopback names the port is ignored (RFC 8252 §7.3), as Entra does for `localhost`; `*.localhost`
 * counts too, so that browser tests can have several hosts.
 *
 * @see RFC 9700 §2.1
 */
export function isRegisteredRedirectUri(registered: readonly string[], value: string): boolean {
  const asked = comparable(value)
  return asked !== undefined && registered.some((uri) => comparable(uri) === asked)
}

// Cut by hand and not by `URL`, which would resolve `/a/../b` and make two different texts equal.
function comparable(uri: string): string | undefined {
  const parts = /^(https?):\/\/([^/:?#@\\]+)(:\d+)?([^#]*)$/i.exec(uri)
  if (parts === null) return undefined
  const [, scheme = '', host = '', port = '', rest = ''] = parts
  const significantPort = isLoopback(host) ? '' : port
  return `${scheme.toLowerCase()}://${host.toLowerCase()}${significantPort}${rest === '' ? '/' : rest}`
}

function isLoopback(host: string): boolean {
  return /^((.+\.)?localhost|127\.0\.0\.1)$/i.test(host)
}
