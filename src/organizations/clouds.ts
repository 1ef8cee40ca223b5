/** Which cloud an authority is: part of a person's key, since ids are unique in one cloud only. */
const clouds: ReadonlyMap<string, string> = new Map([
  ['login.microsoftonline.com', 'global'],
  ['login.microsoftonline.us', 'us_government'],
  ['login.partner.microsoftonline.cn', 'china'],
])

/** The cloud's name, or the host of another Entra-compatible authority. */
export function cloudOf(authority: URL): string {
  return clouds.get(authority.hostname) ?? authority.hostname
}

/** Authorities of Microsoft's own clouds. */
export const cloudAuthorities: readonly string[] = [...clouds.keys()].map(
  (host) => `https://${host}`,
)
