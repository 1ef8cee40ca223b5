/** Opens the public addresses as browsers do, and compares the answers with the configuration. */
import { isIP } from 'node:net'
import { checkServerIdentity, connect as connectTls } from 'node:tls'
import { SERVER_PATH } from '../http/show-server.ts'
import type { Secret } from '../keys/secret.ts'
import { routeOf } from '../outgoing/proxies.ts'
import { type Answered, type AskContext, ask, jsonOf, lookupWith } from './ask.ts'
import type { AddressFacts, CertificateFacts, HealthFacts } from './facts.ts'
import { probeName } from './probe-names.ts'
import { askServer, isEntrada, probeServer } from './probe-server.ts'

export type AddressTarget = {
  readonly origins: readonly string[]
  /** `host:port` of the server itself. */
  readonly listen: string
  /** What the redirect of a sign-in has to contain; absent without a directory. */
  readonly entra?: { readonly authority: string; readonly clientId: string }
  /** Proves to the server that it may describe how requests reach it. */
  readonly operatorToken?: Secret
}

/** Opens the public addresses and returns what answers there. */
export async function probeAddresses(
  context: AskContext,
  target: AddressTarget,
): Promise<{
  readonly local: 'alive' | 'other' | 'silent'
  readonly addresses: readonly AddressFacts[]
}> {
  const [local, ...addresses] = await Promise.all([
    ask(context, `http://${target.listen}/healthz`),
    ...target.origins.map((origin) => probeAddress(context, target, origin)),
  ])
  const answered = local.kind === 'answered'
  return { addresses, local: answered ? (isAlive(local) ? 'alive' : 'other') : 'silent' }
}

async function probeAddress(
  context: AskContext,
  target: AddressTarget,
  origin: string,
): Promise<AddressFacts> {
  const url = new URL(origin)
  const [health, certificate, name] = await Promise.all([
    probeHealthAnyWay(context, target, origin),
    url.protocol === 'https:' ? probeCertificate(context, url) : undefined,
    probeName(context, origin, target.origins),
  ])
  return {
    origin,
    health,
    ...(certificate ? { certificate } : {}),
    ...(name ? { name } : {}),
  }
}

/** Requests the deployment's own address directly, and through the configured proxy only when that fails. */
async function probeHealthAnyWay(
  context: AskContext,
  target: AddressTarget,
  origin: string,
): Promise<HealthFacts> {
  const { proxies = {}, ...direct } = context
  const health = await probeHealth(direct, target, origin)
  const isProxied = routeOf(proxies, new URL(origin)).kind === 'proxy'
  return health.kind === 'unreachable' && isProxied ? probeHealth(context, target, origin) : health
}

async function probeHealth(
  context: AskContext,
  { entra, listen, operatorToken }: AddressTarget,
  origin: string,
): Promise<HealthFacts> {
  const question = { origin, operatorToken, isDirect: isListening(origin, listen) }
  const answer = await askServer(context, question)
  if (answer.kind === 'failed') return { kind: 'unreachable', failure: answer }
  if (!isEntrada(answer)) return strangerOf(answer, origin)
  const [differs, server] = await Promise.all([
    entra && differenceOf(await ask(context, `${origin}/auth/entra/login`, anyCertificate), entra),
    probeServer(context, question, answer),
  ])
  return { kind: 'ours', server, ...(differs ? { differs } : {}) }
}

/** The certificate has its own finding, and the request contains no secret. */
const anyCertificate = { trustsAnyCertificate: true } as const

/** Entrada itself speaks no TLS, so behind https there is a proxy. */
function isListening(origin: string, listen: string): boolean {
  const { protocol, port } = new URL(origin)
  return protocol === 'http:' && (port || '80') === listen.replace(/^.*:/, '')
}

/** Returns what answered in place of Entrada, or why Entrada refused. */
function strangerOf(answer: Answered, origin: string): HealthFacts {
  const code = jsonOf(answer)?.code
  if (code === 'host_not_served') return { kind: 'wrong_host' }
  if (code === 'development_mode_only_local') return { kind: 'development' }
  const target = redirectTarget(answer, origin)
  if (target !== undefined) return { kind: 'redirected', target }
  if (isLoop(answer, origin)) return { kind: 'redirect_loop' }
  const [scheme = ''] = (answer.headers['www-authenticate'] ?? '').split(' ')
  if (answer.status === 401 && scheme !== '') return { kind: 'behind_password', scheme }
  return { kind: 'other', status: answer.status }
}

function isAlive({ status, text }: Answered): boolean {
  return status === 200 && text.trim() === 'alive'
}

/** Returns the target of a redirect to another scheme or host. */
function redirectTarget({ status, headers }: Answered, origin: string): string | undefined {
  if (status < 300 || status >= 400) return undefined
  const target = URL.parse(headers.location ?? '', origin)?.origin
  return target === origin ? undefined : target
}

/** Whether the answer redirects to the requested address itself. */
function isLoop({ status, headers }: Answered, origin: string): boolean {
  if (status < 300 || status >= 400) return false
  const target = URL.parse(headers.location ?? '', origin)
  return target?.pathname === SERVER_PATH || target?.pathname === `${SERVER_PATH}/`
}

/** Starts a sign-in, which writes nothing; the address of its redirect shows the settings of the running server. */
function differenceOf(
  reply: Awaited<ReturnType<typeof ask>>,
  { authority, clientId }: NonNullable<AddressTarget['entra']>,
): { readonly member: string; readonly running: string } | undefined {
  const location = reply.kind === 'answered' ? URL.parse(reply.headers.location ?? '') : null
  if (location === null) return undefined
  const running = location.searchParams.get('client_id') ?? ''
  if (location.origin !== authority) return { member: 'authority', running: location.origin }
  return running === clientId ? undefined : { member: 'client id', running }
}

/** Looks at the certificate whether or not it is trusted. */
function probeCertificate(context: AskContext, url: URL): Promise<CertificateFacts | undefined> {
  return new Promise((resolve) => {
    const port = Number(url.port || 443)
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const signal = AbortSignal.any([context.deadline, AbortSignal.timeout(context.timeLimitMs)])
    const socket = connectTls({
      host,
      port,
      rejectUnauthorized: false,
      lookup: lookupWith(context.resolve),
      ...(isIP(host) === 0 ? { servername: host } : {}),
    })
    const end = (found: CertificateFacts | undefined) => {
      socket.destroy()
      resolve(found)
    }
    signal.addEventListener('abort', () => end(undefined), { once: true })
    socket.once('error', () => end(undefined))
    socket.once('secureConnect', () => {
      const peer = socket.getPeerCertificate()
      const { valid_from: validFrom, valid_to: validTo, subjectaltname: names } = peer
      // Typed as an error, and a code in fact.
      const problem: unknown = socket.authorizationError
      end({
        host: url.host,
        validFrom: new Date(validFrom),
        validTo: new Date(validTo),
        isOfHost: checkServerIdentity(host, peer) === undefined,
        names: (names ?? '').split(', ').map((name) => name.replace(/^DNS:/, '')),
        ...(problem ? { problem: problemOf(problem) } : {}),
      })
    })
  })
}

function problemOf(problem: unknown): string {
  if (problem instanceof Error && 'code' in problem) return String(problem.code)
  return String(problem)
}
