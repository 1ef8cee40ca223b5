/** A network whose only way out is a proxy: sign-ins, webhooks, the doctor and the command line use it, and say so when it fails. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { type StartedEmulator, startEmulator } from '../src/emulator/start-emulator.ts'
import { parseNoProxy, parseProxy } from '../src/outgoing/proxies.ts'
import type { Environment } from '../src/settings/config.ts'
import { createWebhookSender } from '../src/webhooks/send-webhook.ts'
import { createTestBrowser } from './support/browser.ts'
import { examineAs } from './support/examined.ts'
import { type ForwardProxy, startForwardProxy } from './support/forward-proxy.ts'
import { httpSite } from './support/http-site.ts'
import { newCertificate } from './support/https-site.ts'
import { CLIENT_ID, CLIENT_SECRET, CONTOSO, people } from './support/rig.ts'
import { startServer, temporaryFolder } from './support/server-process.ts'

/** No name server knows it. */
const LOGIN_HOST = 'login.entra.invalid'
const CREDENTIALS = 'entrada:p@ss-word'
const withCredentials = ({ url }: ForwardProxy) => url.replace('//', '//entrada:p%40ss-word@')

type Network = {
  readonly emulator: StartedEmulator
  readonly proxy: ForwardProxy
  /** PEM of what to trust. */
  readonly trusted: string
  readonly environment: Environment
}

async function startNetwork(t: TestContext): Promise<Network> {
  const emulator = await startEmulator({
    https: { folder: await temporaryFolder(t) },
    publicOrigin: `https://${LOGIN_HOST}`,
  })
  t.after(() => emulator.close())
  const hosts = { [LOGIN_HOST]: emulator.port }
  const proxy = await startForwardProxy(t, { hosts, credentials: CREDENTIALS })
  const trusted = emulator.trust?.certificate ?? ''
  const environment = {
    ENTRADA_ENTRA_AUTHORITY: emulator.origin,
    ENTRADA_ENTRA_TENANT_ID: CONTOSO,
    ENTRADA_ENTRA_CLIENT_ID: CLIENT_ID,
    ENTRADA_ENTRA_CLIENT_SECRET: CLIENT_SECRET,
    NODE_EXTRA_CA_CERTS: trusted,
  }
  return { emulator, proxy, trusted, environment }
}

async function signIn(t: TestContext, network: Network, environment: Environment) {
  const { emulator } = network
  const server = await startServer(t, 'serve', {
    environment: { ...network.environment, ...environment } as Record<string, string>,
  })
  await server.printed(/"event":"started"/)
  emulator.addRedirectUri(CLIENT_ID, `${server.origin}/auth/entra/callback`)
  emulator.signInAutomaticallyAs(people.alice)
  const browser = createTestBrowser({
    [new URL(server.origin).host]: httpSite(server.port),
    [LOGIN_HOST]: emulator.fetch,
  })
  const visit = await browser.visit(`${server.origin}/auth/entra/login`)
  return { server, ...visit }
}

describe('a server whose only way out is a proxy', () => {
  it('signs people in through it, and says at the start that it is used, never with its password (E4)', async (t) => {
    const network = await startNetwork(t)
    const { proxy } = network
    const { server, response, text } = await signIn(t, network, {
      https_proxy: withCredentials(proxy),
      HTTPS_PROXY: 'http://127.0.0.1:1',
      NO_PROXY: '.corp.example, 10.*',
    })
    assert.equal(response.status, 200, text)
    assert.match(text, /Alice Example/)
    assert.deepEqual([...new Set(proxy.asked)], [`${LOGIN_HOST}:443`])
    const lines = server.output().split('\n')
    const started = JSON.parse(lines.find((line) => line.includes('"event":"started"')) ?? '{}')
    assert.equal(started.proxy, proxy.url)
    assert.match(server.output(), /NO_PROXY holds \\"10\.\*\\"/)
    assert.doesNotMatch(server.output(), /ss-word/)
  })

  it('names a proxy that cannot be reached or wants a password, on the page by a code and in the log (E4)', async (t) => {
    const network = await startNetwork(t)
    const unreachable = await signIn(t, network, { HTTPS_PROXY: 'http://127.0.0.1:1' })
    assert.equal(unreachable.response.status, 502)
    assert.match(unreachable.text, /proxy_unreachable/)
    await unreachable.server.printed(/"proxy":"http:\/\/127\.0\.0\.1:1"/)
    const refused = await signIn(t, network, { HTTPS_PROXY: network.proxy.url })
    assert.match(refused.text, /proxy_refused/)
    await refused.server.printed(/"status":407/)
  })

  it('does not start with a proxy that it could not use, and repeats no password (E4)', async (t) => {
    const { environment } = await startNetwork(t)
    const server = await startServer(t, 'serve', {
      environment: {
        ...environment,
        HTTPS_PROXY: 'socks5://user:hidden@proxy.example:1080',
      } as Record<string, string>,
    })
    assert.equal(await server.ended, 1)
    assert.match(server.output(), /HTTPS_PROXY must be .* SOCKS is not supported/)
    assert.doesNotMatch(server.output(), /hidden/)
  })
})

describe('a webhook behind a proxy', () => {
  it('goes to a name that the proxy resolves; literal and local addresses are refused here (E4)', async (t) => {
    const certificate = newCertificate('receiver.invalid')
    trust(certificate.chain)
    let received = 0
    const server = createServer({ cert: certificate.chain, key: certificate.key }, (_, answer) => {
      received += 1
      answer.writeHead(204).end()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    t.after(() => {
      server.closeAllConnections()
      server.close()
    })
    const { port } = server.address() as AddressInfo // listening on a port
    const hosts = Object.fromEntries(
      ['receiver.invalid', '169.254.169.254', '10.0.0.1', 'metadata.google.internal'].map(
        (name) => [name, port],
      ),
    )
    const proxy = await startForwardProxy(t, { hosts })
    const proxies = { https: parseProxy(proxy.url) }
    const send = createWebhookSender({ privateAllowed: false, proxies })
    const to = async (url: string) => (await send({ url, headers: {}, body: '{}' })).answer
    assert.equal(await to('https://receiver.invalid/hook'), '204')
    for (const url of [
      'https://169.254.169.254/latest',
      'https://10.0.0.1/',
      'https://0x0a000001/',
      'https://localhost/',
      'https://receiver.localhost/',
      'https://metadata.google.internal/',
      'https://intranet/',
    ]) {
      assert.equal(await to(url), 'url_not_allowed', url)
    }
    assert.equal(received, 1)
    assert.deepEqual(proxy.asked, ['receiver.invalid:443'])

    // A host that NO_PROXY names is resolved and judged here.
    const direct = createWebhookSender({
      privateAllowed: false,
      proxies: { ...proxies, noProxy: parseNoProxy('receiver.invalid') },
    })
    const answer = await direct({ url: 'https://receiver.invalid/', headers: {}, body: '{}' })
    assert.notEqual(answer.answer, '204')
    const gone = createWebhookSender({
      privateAllowed: false,
      proxies: { https: parseProxy('http://127.0.0.1:1') },
    })
    const failed = await gone({ url: 'https://receiver.invalid/', headers: {}, body: '{}' })
    assert.deepEqual(failed, { answer: 'proxy_unreachable' })
  })
})

describe('the doctor behind a proxy', () => {
  it('asks Entra through it, says who resolves the names of receivers, and names a proxy that fails (E4)', async (t) => {
    const { proxy, environment, trusted } = await startNetwork(t)
    trust(readFileSync(trusted, 'utf8'))
    const folder = await temporaryFolder(t)
    const examine = (changes: Environment) =>
      examineAs({ ...environment, ENTRADA_DATA_DIR: join(folder, 'data'), ...changes }, {}, [
        'settings',
        'entra',
      ])
    const works = await examine({ HTTPS_PROXY: withCredentials(proxy) })
    works.find('directory_found')
    assert.match(works.find('proxy_used').what, new RegExp(proxy.url))
    works.find('webhook_names_resolved_by_proxy')
    assert.doesNotMatch(works.text, /ss-word/)

    const unreachable = await examine({ HTTPS_PROXY: 'http://127.0.0.1:1' })
    assert.match(unreachable.find('proxy_unreachable').what, /127\.0\.0\.1:1/)
    const refused = await examine({ HTTPS_PROXY: proxy.url })
    assert.match(refused.find('proxy_refused').what, /answered 407/)
    const without = await examine({})
    without.find('entra_unreachable')
    assert.ok(!without.report.findings.some(({ id }) => id === 'proxy_used'))
  })
})

function trust(certificate: string): void {
  setDefaultCACertificates([...getCACertificates('default'), certificate])
}
