/** Opens the public addresses as people do, and compares what answers with what is configured. */
import { isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type Answered, type AskContext, ask, jsonOf } from './ask.ts'
import type { AddressFacts, CertificateFacts, HealthFacts } from './facts.ts'

export type AddressTarget = {
  readonly origins: readonly string[]
  /** `host:port` of the server itself. */
  readonly listen: string
  /** What a sign-in that starts at an address has to say; absent without a directory. */
  readonly entra?: { readonly authority: string; readonly clientId: string }
}

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
  const [health, certificate] = await Promise.all([
    probeHealth(context, target, origin),
    url.protocol === 'https:' ? probeCertificate(context, url) : undefined,
  ])
  return { origin, health, ...(certificate ? { certificate } : {}) }
}

async function probeHealth(
  context: AskContext,
  { entra }: AddressTarget,
  origin: string,
): Promise<HealthFacts> {
  const health = await ask(context, `${origin}/healthz`)
  if (health.kind === 'failed') return { kind: 'unreachable', failure: health }
  const target = redirectTarget(health, origin)
  if (target !== undefined) return { kind: 'redirected', target }
  if (!isAlive(health)) return { kind: 'other', status: health.status }

  // Health checks are answered on any Host; everything else tells whether the Host came through.
  const session = await ask(context, `${origin}/api/v1/session`)
  if (session.kind === 'failed') return { kind: 'unreachable', failure: session }
  const code = jsonOf(session)?.code
  if (code === 'host_not_served') return { kind: 'wrong_host' }
  if (code === 'development_mode_only_local') return { kind: 'development' }
  const differs = entra && differenceOf(await ask(context, `${origin}/auth/entra/login`), entra)
  return { kind: 'ours', ...(differs ? { differs } : {}) }
}

function isAlive({ status, text }: Answered): boolean {
  return status === 200 && text.trim() === 'alive'
}

/** Where a redirect leads, when that is another scheme or host. */
function redirectTarget({ status, headers }: Answered, origin: string): string | undefined {
  if (status < 300 || status >= 400) return undefined
  const target = URL.parse(headers.location ?? '', origin)?.origin
  return target === origin ? undefined : target
}

/** A sign-in that somebody starts there writes nothing; its address shows with which settings the server runs. */
function differenceOf(
  asked: Awaited<ReturnType<typeof ask>>,
  { authority, clientId }: NonNullable<AddressTarget['entra']>,
): { readonly member: string; readonly running: string } | undefined {
  const location = asked.kind === 'answered' ? URL.parse(asked.headers.location ?? '') : null
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
      ...(isIP(host) === 0 ? { servername: host } : {}),
    })
    const end = (found: CertificateFacts | undefined) => {
      socket.destroy()
      resolve(found)
    }
    signal.addEventListener('abort', () => end(undefined), { once: true })
    socket.once('error', () => end(undefined))
    socket.once('secureConnect', () => {
      const { valid_to: validTo, subjectaltname: names } = socket.getPeerCertificate()
      // Typed as an error, and a code in fact.
      const problem: unknown = socket.authorizationError
      end({
        host: url.host,
        validTo: new Date(validTo),
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
