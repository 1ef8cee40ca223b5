/** GET /setup/certificate/NAME and /setup/test/ID: the parts of the set-up page that are not forms. */
import { EntradaError } from '../errors/errors.ts'
import { type Exchange, pathTo } from '../http/exchange.ts'
import type { Services } from '../services.ts'
import { getOpenSetup, getSetup, setupHolder } from './setup-session.ts'
import { testPage } from './test-page.ts'
import { getTestResult } from './test-result.ts'

/**
 * Answers with the newest certificate, to be uploaded in Entra: public, without its key.
 *
 * @throws {EntradaError} `page_not_found`
 */
export async function downloadCertificate(
  services: Services,
  exchange: Exchange,
): Promise<Response> {
  const { link, connection } = await getOpenSetup(services, exchange)
  const state = link.kind === 'setup' ? 'active' : 'pending'
  const certificate = connection.credentials.findLast(
    (credential) => credential.state === state,
  )?.certificate
  const name = exchange.params.name ?? ''
  if (certificate === undefined) throw new EntradaError('page_not_found')
  if (name === 'entrada.pem') return file(name, certificate, 'application/x-pem-file')
  if (name !== 'entrada.cer') throw new EntradaError('page_not_found')
  const { der } = services.certificates.describe(certificate)
  return file(name, new Uint8Array(der), 'application/pkix-cert')
}

function file(name: string, content: string | Uint8Array<ArrayBuffer>, type: string): Response {
  return new Response(content, {
    headers: {
      'content-type': type,
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
    },
  })
}

/** Answers GET /setup/test/ID with the result of a test. @throws {EntradaError} `test_result_not_found`, and those of `getSetup` */
export async function showSetupTest(services: Services, exchange: Exchange): Promise<Response> {
  const setup = await getSetup(services, exchange)
  const id = exchange.params.id ?? ''
  const result = await getTestResult(services, { id, holder: setupHolder(setup) })
  return testPage(services, {
    result,
    seenBy: 'customer',
    back: { href: pathTo(services, '/setup'), words: 'Back to the set-up' },
  })
}
