/** What the doctor finds about the names of public addresses in DNS, and about their certificates. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import type { Resolve } from '../src/doctor/ask.ts'
import { createAuthority } from './support/certificate-authority.ts'
import { type Examined, examineAs } from './support/examined.ts'
import { newCertificate } from './support/https-site.ts'
import { freePort, temporaryFolder } from './support/server-process.ts'

const NAME = 'sso.example.com'
const answered: RequestListener = (_, response) => void response.end('{"server":"entrada"}')

/** A server at 127.0.0.1 that looks like Entrada; returns its port. */
async function serve(
  t: TestContext,
  {
    answer = answered,
    certificate = newCertificate(NAME, { days: 90 }),
  }: {
    readonly answer?: RequestListener
    readonly certificate?: { readonly chain: string; readonly key: string }
  } = {},
): Promise<number> {
  const server = createServer({ cert: certificate.chain, key: certificate.key }, answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port // it listens on a port
}

const dns =
  (names: Readonly<Record<string, readonly string[]>>): Resolve =>
  async (host) => {
    const addresses = names[host]
    if (addresses === undefined) throw Object.assign(new Error('unknown'), { code: 'ENOTFOUND' })
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  }

async function examineNamed(
  t: TestContext,
  names: Readonly<Record<string, readonly string[]>>,
  { port, host = NAME }: { readonly port: number; readonly host?: string },
): Promise<Examined> {
  const environment = {
    ENTRADA_DATA_DIR: await temporaryFolder(t),
    ENTRADA_SERVER_URL: `https://${host}:${port}`,
    ENTRADA_LISTEN: `127.0.0.1:${await freePort()}`,
    ENTRADA_TRUSTED_PROXIES: '127.0.0.1',
  }
  const limits = { requestMs: 1_000, databaseMs: 1_000, allMs: 9_000 }
  return examineAs(environment, { resolve: dns(names), limits }, ['address'])
}

describe('what the doctor finds about the name of a public address', () => {
  it('that it is not known', async (t) => {
    const { find, exitCode } = await examineNamed(t, {}, { port: 443 })
    assert.equal(exitCode, 1)
    assert.match(
      find('address_name_unknown').what,
      /does not know the name of https:\/\/sso\.example\.com/,
    )
  })

  it('one of its addresses, at which nothing listens', async (t) => {
    const port = await serve(t)
    const { find } = await examineNamed(t, { [NAME]: ['127.0.0.1', '127.0.0.3'] }, { port })
    assert.deepEqual(find('address_partly_reached').items, ['127.0.0.3'])
  })

  it('that it has IPv6 addresses only', async (t) => {
    const { find } = await examineNamed(t, { [NAME]: ['2001:db8::1'] }, { port: 443 })
    assert.match(find('address_only_ipv6').fix ?? '', /A record/)
  })

  it('that it leads to a private address, which may be meant so', async (t) => {
    const { find } = await examineNamed(t, { [NAME]: ['10.255.255.1'] }, { port: 443 })
    assert.equal(find('address_private').severity, 'info')
  })

  it('that people who type www before it are refused', async (t) => {
    const port = await serve(t, {
      answer: (request, response) => {
        const isTwin = request.headers.host?.startsWith('www.')
        response.writeHead(isTwin ? 421 : 200)
        response.end(isTwin ? '{"code":"host_not_served"}' : '{"server":"entrada"}')
      },
    })
    const host = 'example.com'
    const names = { [host]: ['127.0.0.1'], [`www.${host}`]: ['127.0.0.1'] }
    const { find } = await examineNamed(t, names, { port, host })
    const twin = `https://www.example.com:${port}`
    assert.ok(
      find('address_twin_not_served').what.startsWith(`${twin} resolves to the same machine`),
    )
  })

  it('nothing where www is sent on, or is another machine', async (t) => {
    const host = 'example.com'
    let port = 0
    port = await serve(t, {
      answer: (request, response) => {
        if (!request.headers.host?.startsWith('www.')) return answered(request, response)
        response.writeHead(301, { location: `https://${host}:${port}${request.url}` }).end()
      },
    })
    const same = { [host]: ['127.0.0.1'], [`www.${host}`]: ['127.0.0.1'] }
    for (const names of [same, { ...same, [`www.${host}`]: ['192.0.2.1'] }]) {
      const { troubles } = await examineNamed(t, names, { port, host })
      assert.ok(!troubles.includes('address_twin_not_served'), troubles.join())
    }
  })
})

describe('what the doctor finds about the certificate of a public address', () => {
  const here = { [NAME]: ['127.0.0.1'] }

  it('that it is valid from a later day on', async (t) => {
    const certificate = newCertificate(NAME, { days: 90, fromDay: 2 })
    const { find, exitCode } = await examineNamed(t, here, {
      port: await serve(t, { certificate }),
    })
    assert.equal(exitCode, 1)
    assert.match(
      find('address_certificate_not_yet_valid').what,
      /not valid before \d{4}-\d\d-\d\d\.$/,
    )
  })

  it('that it has ended', async (t) => {
    const certificate = newCertificate(NAME, { days: 1, fromDay: -3 })
    const { find } = await examineNamed(t, here, { port: await serve(t, { certificate }) })
    assert.equal(find('address_certificate_expired').severity, 'error')
  })

  it('that it is for another name, whether or not it is trusted', async (t) => {
    const certificate = newCertificate('other.example.com', { days: 90 })
    const { find, troubles } = await examineNamed(t, here, {
      port: await serve(t, { certificate }),
    })
    assert.equal(find('address_certificate_of_other_name').severity, 'error')
    assert.ok(troubles.includes('address_certificate_self_signed'))
  })

  it('that it is sent without the one that issued it', async (t) => {
    const { certificate: chain, key } = (await createAuthority(t)).issue(NAME)
    const port = await serve(t, { certificate: { chain, key } })
    const { find } = await examineNamed(t, here, { port })
    assert.match(find('address_certificate_chain_incomplete').fix ?? '', /fullchain\.pem/)
  })

  it('that there is none, because http is spoken at the port of https', async (t) => {
    const plain = createHttpServer((_, response) => response.end('alive')).listen(0, '127.0.0.1')
    await once(plain, 'listening')
    t.after(() => plain.close())
    const { port } = plain.address() as AddressInfo // it listens on a port
    const environment = {
      ENTRADA_SERVER_URL: `https://${NAME}:${port}`,
      ENTRADA_LISTEN: `127.0.0.1:${port}`,
      ENTRADA_TRUSTED_PROXIES: '127.0.0.1',
    }
    const { find, exitCode } = await examineAs(environment, { resolve: dns(here) }, ['address'])
    assert.equal(exitCode, 1)
    assert.match(find('address_speaks_no_tls').fix ?? '', /listen 443 ssl/)
  })
})
