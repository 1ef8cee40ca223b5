import { generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { createSelfSignedCertificate } from '../../src/emulator/certificate.ts'
import type { Site } from './browser.ts'
import { toResponse } from './http-site.ts'

export type Certificate = { readonly chain: string; readonly key: string }

/** A self-signed certificate of this name. */
export function newCertificate(
  commonName: string,
  { days = 1, fromDay = 0 }: { readonly days?: number; readonly fromDay?: number } = {},
): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const now = Date.now()
  const der = createSelfSignedCertificate({
    publicKey,
    privateKey,
    commonName,
    serialNumber: randomBytes(8),
    notBefore: new Date(now + fromDay * 86_400_000 - 3_600_000),
    notAfter: new Date(now + (fromDay + days) * 86_400_000),
  })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { chain: new X509Certificate(der).toString(), key }
}

export type HttpsSiteOptions = {
  readonly port: number
  readonly chain: string
  /** Where this client comes from. */
  readonly localAddress: string
  /** The name that was requested in the TLS handshake, independent of the Host header. */
  readonly serverName: string
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A site for the test browser behind a real https port, whose certificate is checked. */
export function httpsSite({
  port,
  chain,
  localAddress,
  serverName,
  headers,
}: HttpsSiteOptions): Site {
  return async (request) => {
    const { pathname, search } = new URL(request.url)
    const sent = httpsRequest({
      host: '127.0.0.1',
      port,
      localAddress,
      servername: serverName,
      ca: chain,
      agent: false,
      method: request.method,
      path: pathname + search,
      headers: { ...Object.fromEntries(request.headers), ...headers },
    })
    sent.end(Buffer.from(await request.arrayBuffer()))
    const [answer] = (await once(sent, 'response')) as [IncomingMessage] // the event's one argument
    return toResponse(answer)
  }
}
