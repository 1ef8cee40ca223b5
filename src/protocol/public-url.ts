/** Parses an address of this server or of an application: https, or http on loopback, without a path. */
export function publicUrl(value: string): URL {
  const url = URL.parse(value)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new Error('must be an address such as https://sso.example.com')
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    throw new Error('must start with https://; http is for localhost only')
  }
  if (url.pathname !== '/' || url.search || url.hash || url.username || url.password) {
    throw new Error('must be scheme, host and port only, without a path')
  }
  return url
}

/** Whether a host is what a browser treats as this machine: `localhost`, a name under it, or a loopback address. */
export function isLoopbackHost(hostname: string): boolean {
  return /^(localhost|([a-z0-9-]+\.)+localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(hostname)
}
