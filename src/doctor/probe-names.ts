/** Resolves the names of the public addresses, and tries each address that DNS returns. */
import { connect, isIP } from 'node:net'
import { isLoopbackHost } from '../settings/config.ts'
import { isPrivateHost } from '../settings/setting-parsers.ts'
import { type AskContext, ask, type ResolvedAddress } from './ask.ts'
import type { NameFacts } from './facts.ts'
import { isEntrada } from './probe-server.ts'

/** Probes the name of an address. Returns `undefined` for an IP address, for a loopback name and for a name that does not resolve. */
export async function probeName(
  context: AskContext,
  origin: string,
  publicOrigins: readonly string[],
): Promise<NameFacts | undefined> {
  const { hostname, port, protocol } = new URL(origin)
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0 || isLoopbackHost(hostname)) return undefined
  const resolved = await context.resolve(hostname).catch(() => [])
  if (resolved.length === 0) return undefined
  const number = Number(port || (protocol === 'https:' ? 443 : 80))
  const [addresses, twin] = await Promise.all([
    Promise.all(resolved.map((address) => reach(context, address, number))),
    findTwin(context, { origin, publicOrigins, resolved }),
  ])
  return { host: hostname, addresses, ...(twin ? { twin } : {}) }
}

/** A route that this machine does not have, such as one for IPv6, shows nothing about the server. */
const NO_ROUTE: ReadonlySet<string> = new Set(['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'])

function reach(
  { deadline, timeLimitMs }: AskContext,
  { address, family }: ResolvedAddress,
  port: number,
): Promise<NameFacts['addresses'][number]> {
  const facts = { address, family, isPrivate: isPrivateHost(address) }
  return new Promise((resolve) => {
    const signal = AbortSignal.any([deadline, AbortSignal.timeout(timeLimitMs)])
    const socket = connect({ host: address, port })
    const end = (answers: 'yes' | 'no' | 'unknown') => {
      socket.destroy()
      resolve({ ...facts, answers })
    }
    signal.addEventListener('abort', () => end('no'), { once: true })
    socket.once('connect', () => end('yes'))
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(NO_ROUTE.has(error.code ?? '') ? 'unknown' : 'no'),
    )
  })
}

/** Returns the same name with or without `www`, if it leads to the same machine and Entrada does not serve it. */
async function findTwin(
  context: AskContext,
  {
    origin,
    publicOrigins,
    resolved,
  }: {
    readonly origin: string
    readonly publicOrigins: readonly string[]
    readonly resolved: readonly ResolvedAddress[]
  },
): Promise<string | undefined> {
  const url = new URL(origin)
  url.hostname = url.hostname.startsWith('www.') ? url.hostname.slice(4) : `www.${url.hostname}`
  if (publicOrigins.includes(url.origin)) return undefined
  const twin = await context.resolve(url.hostname).catch(() => [])
  const isSame = twin.some(({ address }) => resolved.some((entry) => entry.address === address))
  if (!isSame || (await isWildcard(context, url.hostname))) return undefined
  const answer = await ask(context, `${url.origin}/auth/server`, { trustsAnyCertificate: true })
  if (answer.kind === 'failed' || isEntrada(answer)) return undefined
  const target = URL.parse(answer.headers.location ?? '', url.origin)?.origin
  const leadsHere = answer.status >= 300 && answer.status < 400 && target === origin
  return leadsHere ? undefined : url.origin
}

/** Whether DNS answers for every name, so that `www` was not entered on purpose. */
async function isWildcard(context: AskContext, hostname: string): Promise<boolean> {
  if (!hostname.startsWith('www.')) return false
  const madeUp = `entrada-doctor-looks${hostname.slice('www'.length)}`
  return (await context.resolve(madeUp).catch(() => [])).length > 0
}
