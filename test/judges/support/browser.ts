/** A browser that keeps cookies, follows redirects and does at the emulator's pages what a user does. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { request as requestSecurely } from 'node:https'
import { text } from 'node:stream/consumers'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

export type Visited = {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

export type Browser = { visit(url: string): Promise<Visited> }

/** Creates a browser that signs in with one account, wherever it is asked for one. */
export function createBrowser(account: string): Browser {
  const cookies = new Map<string, Map<string, string>>()

  async function send(url: URL, form?: URLSearchParams): Promise<Visited> {
    const jar = cookies.get(url.host) ?? new Map<string, string>()
    cookies.set(url.host, jar)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const visited = await sendOnce(url, cookie, form)
    for (const line of visited.headers['set-cookie'] ?? []) store(jar, line)
    return visited
  }

  return {
    async visit(address) {
      let url = new URL(address)
      let visited = await send(url)
      for (let step = 0; step < MOST_STEPS; step += 1) {
        const { location } = visited.headers
        const form = location === undefined ? findForm(visited.text, account) : undefined
        const next = location ?? form?.action
        if (next === undefined) return visited
        url = new URL(next, url)
        visited = await send(url, form?.fields)
      }
      throw new Error(`more than ${MOST_STEPS} steps from ${address}`)
    },
  }
}

/** Not `fetch`, whose requests servers take for those of a script. */
async function sendOnce(url: URL, cookie: string, form?: URLSearchParams): Promise<Visited> {
  const headers = {
    Cookie: cookie,
    Accept: 'text/html,*/*;q=0.8',
    'Sec-Fetch-Mode': 'navigate',
    ...(form === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }),
  }
  const open = url.protocol === 'https:' ? requestSecurely : request
  // Without an agent no connection stays open, for which a server would wait when it stops.
  const method = form === undefined ? 'GET' : 'POST'
  const sent = open(url, { method, headers, agent: false })
  sent.end(form?.toString())
  const [response]: readonly IncomingMessage[] = await once(sent, 'response')
  if (response === undefined) throw new Error(`${url} did not answer`)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: await text(response),
  }
}

const MOST_STEPS = 20

/** Makes every request of this process trust one more authority. */
export function trustAuthority(file: string): void {
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(file, 'utf8')])
}

function store(jar: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(/;\s*/)
  const [name = '', ...value] = pair.split('=')
  const isRemoved = attributes.some((attribute) =>
    /^(max-age=0|expires=.*19(70|69))/i.test(attribute),
  )
  if (isRemoved) jar.delete(name)
  else jar.set(name, value.join('='))
}

/** The picker's form with the account picked, or a form that a script would post. */
function findForm(page: string, account: string) {
  const action = /<form method="post" action="([^"]+)">/.exec(page)?.[1]
  if (action === undefined) return undefined
  const fields = [...page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(
    ([, name = '', value = '']): [string, string] => [decode(name), decode(value)],
  )
  const picked = page.includes(`name="account" value="${account}"`) ? [['account', account]] : []
  return { action: decode(action), fields: new URLSearchParams([...fields, ...picked]) }
}

function decode(text: string): string {
  return text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
}
