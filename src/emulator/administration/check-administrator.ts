/**
 * Returns what is wrong with the sender of a request, if anything. The administration has no password, so it answers only on
 * loopback names (the name of a page elsewhere could resolve to this machine), and to no page of another site.
 *
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function findTrespass(request: Request): string | undefined {
  const { hostname, origin } = new URL(request.url)
  if (!isLoopbackName(hostname)) return 'The administration answers on this machine only.'
  const site = request.headers.get('sec-fetch-site')
  const isNavigation = site === 'none' || isPageVisit(request)
  if (site !== null && site !== 'same-origin' && !isNavigation) return OTHER_SITE
  const sender = request.headers.get('origin')
  return sender !== null && sender !== origin ? OTHER_SITE : undefined
}

const OTHER_SITE = 'The request comes from a page of another site.'

/** A link on another site may open the page, because it reveals nothing to that site. */
function isPageVisit({ method, headers }: Request): boolean {
  const isVisit = headers.get('sec-fetch-mode') === 'navigate'
  return method === 'GET' && isVisit && headers.get('sec-fetch-dest') === 'document'
}

function isLoopbackName(hostname: string): boolean {
  return /^((.+\.)?localhost|127\.0\.0\.1|\[::1\])$/i.test(hostname)
}
