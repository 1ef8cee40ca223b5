/** What is between users and the server: the public address, the reverse proxy, its certificate. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { startHttpServer } from '../src/cli/http-server.ts'
import type { CheckedOptions } from '../src/settings/check-options.ts'
import { type Patient, startPatient } from './support/examined.ts'
import { listen } from './support/far-rig.ts'
import { newCertificate } from './support/https-site.ts'
import { freePort } from './support/server-process.ts'
import { openRig } from './support/steps.ts'

/** A server on a port of its own, which is reached at `serverUrl`. */
async function serve(
  t: TestContext,
  serverUrl: string,
  { emulator }: Patient,
  options: Partial<Omit<CheckedOptions, 'entra'>> & { readonly clientId?: string } = {},
): Promise<number> {
  const { clientId, ...others } = options
  const port = others.serverUrl ? await freePort() : Number(new URL(serverUrl).port)
  const entra = { authority: new URL(emulator.origin), ...(clientId ? { clientId } : {}) }
  const rig = await openRig(t, { serverUrl: new URL(serverUrl), fetch, entra, ...others })
  const server = await startHttpServer(rig.entrada, { host: '127.0.0.1', port })
  t.after(() => server.stop())
  return port
}

/** A reverse proxy that writes this Host, or passes it on as it came. Answers its origin. */
function startProxy(t: TestContext, to: () => number, host?: string): Promise<string> {
  return listen(t, (incoming, outgoing) => {
    const headers = { ...incoming.headers, host: host ?? incoming.headers.host }
    const options = { port: to(), host: '127.0.0.1', path: incoming.url, headers, agent: false }
    request(options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    }).end()
  })
}

const only = ['--only', 'address'] as const

describe('what the doctor finds about the public address', () => {
  it('that this Entrada is reached there', async (t) => {
    const patient = await startPatient(t)
    await serve(t, patient.serverUrl, patient)
    const { exitCode, troubles, find } = await patient.examine({}, ...only)
    assert.deepEqual([exitCode, troubles], [0, []])
    assert.equal(find('address_reached').severity, 'ok')
  })

  it('that no server runs, which is no error', async (t) => {
    const { examine } = await startPatient(t)
    const { exitCode, find } = await examine({}, ...only)
    assert.equal(exitCode, 0)
    assert.equal(find('server_not_running').severity, 'info')
  })

  it('somebody else who answers there', async (t) => {
    const { examine } = await startPatient(t)
    const stranger = await listen(t, (_, response) => response.end('<h1>Welcome to nginx!</h1>'))
    const { exitCode, find } = await examine({ ENTRADA_SERVER_URL: stranger }, ...only)
    assert.equal(exitCode, 1)
    assert.match(find('address_answered_by_other').what, /\/auth\/server returned 200/)
  })

  it('a proxy that does not get through', async (t) => {
    const { examine } = await startPatient(t)
    const proxy = await listen(t, (_, response) => response.writeHead(502).end('Bad Gateway'))
    const { exitCode, find } = await examine({ ENTRADA_SERVER_URL: proxy }, ...only)
    assert.equal(exitCode, 1)
    assert.match(find('address_proxy_without_server').what, /answers 502/)
  })

  it('a proxy that passes another Host', async (t) => {
    const patient = await startPatient(t)
    let port = 0
    const proxy = await startProxy(t, () => port, 'entrada:3000')
    port = await serve(t, proxy, patient, { serverUrl: new URL(proxy) })
    const changes = { ENTRADA_SERVER_URL: proxy, ENTRADA_LISTEN: `127.0.0.1:${port}` }
    const { exitCode, find } = await patient.examine(changes, ...only)
    assert.equal(exitCode, 1)
    assert.match(find('proxy_wrong_host').fix ?? '', /proxy_set_header Host \$host/)
  })

  it('a proxy that passes the Host on as it came', async (t) => {
    const patient = await startPatient(t)
    let port = 0
    const proxy = await startProxy(t, () => port)
    port = await serve(t, proxy, patient, { serverUrl: new URL(proxy) })
    const changes = { ENTRADA_SERVER_URL: proxy, ENTRADA_LISTEN: `127.0.0.1:${port}` }
    const { find } = await patient.examine(changes, ...only)
    assert.equal(find('address_reached').severity, 'ok')
  })

  it('an address that sends people on to another one', async (t) => {
    const { examine } = await startPatient(t)
    const from = await listen(t, (incoming, response) => {
      response.writeHead(301, { location: `https://sso.example.com${incoming.url}` }).end()
    })
    const { exitCode, find } = await examine({ ENTRADA_SERVER_URL: from }, ...only)
    assert.equal(exitCode, 1)
    assert.match(find('address_redirected').what, /redirects to https:\/\/sso\.example\.com\.$/)
  })

  it('a public address that nobody knows, while the server runs', async (t) => {
    const patient = await startPatient(t)
    await serve(t, patient.serverUrl, patient)
    const changes = {
      ENTRADA_SERVER_URL: 'https://localhost:1',
      ENTRADA_LISTEN: new URL(patient.serverUrl).host.replace('localhost', '127.0.0.1'),
    }
    const { exitCode, find } = await patient.examine(changes, ...only)
    assert.equal(exitCode, 1)
    assert.match(find('address_not_reached').what, /The server itself answers at 127\.0\.0\.1/)
  })

  it('a server that runs with another client id than is configured', async (t) => {
    const patient = await startPatient(t)
    const clientId = '44444444-4444-4444-8444-444444444444'
    await serve(t, patient.serverUrl, patient, { clientId })
    const { exitCode, find } = await patient.examine({}, ...only)
    assert.equal(exitCode, 0)
    assert.match(find('server_has_other_settings').what, new RegExp(`client id .*${clientId}`))
  })

  it('a certificate that is not trusted here', async (t) => {
    const { examine } = await startPatient(t)
    const { chain, key } = newCertificate('localhost')
    const server = createHttpsServer({ cert: chain, key }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo // it listens on a port
    const changes = { ENTRADA_SERVER_URL: `https://localhost:${port}` }
    const { find, troubles } = await examine(changes, ...only)
    assert.match(find('address_certificate_self_signed').what, /is self-signed/)
    assert.deepEqual(troubles, ['address_certificate_self_signed'])
  })

  it('a server behind a proxy that ENTRADA_TRUSTED_PROXIES does not name', async (t) => {
    const { examine } = await startPatient(t)
    const changes = { ENTRADA_SERVER_URL: 'https://nobody.invalid' }
    assert.ok((await examine(changes, ...only)).troubles.includes('proxies_not_named'))
    const named = { ...changes, ENTRADA_TRUSTED_PROXIES: '127.0.0.1' }
    assert.ok(!(await examine(named, ...only)).troubles.includes('proxies_not_named'))
  })
})
