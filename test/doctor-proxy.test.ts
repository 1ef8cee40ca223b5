/** What the doctor finds about reverse proxies and about the server behind them, each misconfiguration planted in a real proxy. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { startHttpServer } from '../src/cli/http-server.ts'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { Secret } from '../src/keys/secret.ts'
import type { CheckedOptions } from '../src/settings/check-options.ts'
import type { Environment } from '../src/settings/config.ts'
import { type Examined, examineWith } from './support/examined.ts'
import { listen } from './support/far-rig.ts'
import { OPERATOR_TOKEN } from './support/rig.ts'
import { freePort, temporaryFolder } from './support/server-process.ts'
import { openRig } from './support/steps.ts'

type Proxy = {
  /** Makes other headers of those that came; `host` is added afterwards. */
  readonly request?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders
  readonly path?: (path: string) => string
  readonly response?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders
  /** Answers by itself; what is not answered goes on to the server. */
  readonly answer?: (incoming: IncomingMessage, outgoing: ServerResponse) => boolean
}

const setAnew = (headers: IncomingHttpHeaders) => ({
  ...headers,
  'x-forwarded-for': '198.51.100.7',
})

/** Starts Entrada behind a proxy that does this, and returns the doctor's findings about it. */
async function examineBehind(
  t: TestContext,
  proxy: Proxy = {},
  {
    settings = {},
    options = {},
  }: { readonly settings?: Environment; readonly options?: Partial<CheckedOptions> } = {},
): Promise<Examined> {
  const port = await freePort()
  const origin = await listen(t, (incoming, outgoing) => {
    if (proxy.answer?.(incoming, outgoing)) return
    const { host } = incoming.headers
    const headers = { ...(proxy.request ?? setAnew)(incoming.headers), host }
    const path = (proxy.path ?? ((same) => same))(incoming.url ?? '/')
    request({ port, host: '127.0.0.1', path, headers, agent: false }, (answer) => {
      const changed = (proxy.response ?? ((same) => same))(answer.headers)
      outgoing.writeHead(answer.statusCode ?? 502, changed)
      answer.pipe(outgoing)
    }).end()
  })
  const { entra: _, ...others } = options
  const rig = await openRig(t, {
    serverUrl: new URL(origin),
    trustedProxies: ['127.0.0.1'],
    withoutEntra: true,
    ...others,
  })
  const server = await startHttpServer(rig.entrada, { host: '127.0.0.1', port })
  t.after(() => server.stop())
  const environment = {
    ENTRADA_DATA_DIR: await temporaryFolder(t),
    ENTRADA_SERVER_URL: origin,
    ENTRADA_LISTEN: `127.0.0.1:${port}`,
    ENTRADA_TRUSTED_PROXIES: '127.0.0.1',
    ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
  }
  return examineWith({ ...environment, ...settings }, '--only', 'address')
}

function without(...names: string[]) {
  return (headers: IncomingHttpHeaders) =>
    Object.fromEntries(Object.entries(setAnew(headers)).filter(([name]) => !names.includes(name)))
}

/** The findings of a proxy that is not in order; each alone, so that one cause is one finding. */
const planted: readonly (readonly [string, string, Proxy])[] = [
  [
    'sends no X-Forwarded-For (O7)',
    'proxy_sends_no_client_address',
    { request: without('x-forwarded-for') },
  ],
  [
    'passes X-Forwarded-For on as clients wrote it',
    'proxy_passes_forged_address',
    { request: (headers) => ({ 'x-forwarded-for': '198.51.100.7', ...headers }) },
  ],
  ['drops cookies', 'proxy_drops_cookies', { request: without('cookie') }],
  [
    'takes Set-Cookie out of answers',
    'proxy_drops_set_cookie',
    { response: ({ 'set-cookie': _, ...headers }) => headers },
  ],
  [
    'changes the attributes of cookies',
    'proxy_changes_cookies',
    {
      response: ({ 'set-cookie': cookies, ...headers }) => ({
        ...headers,
        ...(cookies
          ? {
              'set-cookie': cookies.map((cookie) =>
                cookie.replace('SameSite=Lax', 'SameSite=Strict'),
              ),
            }
          : {}),
      }),
    },
  ],
  ['decodes addresses', 'proxy_changes_addresses', { path: (path) => path.replaceAll('%2F', '/') }],
  [
    'drops what forms are recognised by',
    'proxy_drops_headers',
    { request: without('origin', 'sec-fetch-site') },
  ],
  [
    'drops the Authorization header',
    'proxy_drops_authorization',
    { request: without('authorization') },
  ],
  [
    'replaces the Referrer-Policy',
    'proxy_changes_policies',
    { response: (headers) => ({ ...headers, 'referrer-policy': 'no-referrer' }) },
  ],
  [
    'adds a second Content-Security-Policy',
    'proxy_repeats_policies',
    {
      response: (headers) => ({
        ...headers,
        'content-security-policy': [
          headers['content-security-policy'] ?? '',
          "default-src 'self'",
        ] as unknown as string, // Node writes each value of a list; the type knows it of a few headers
      }),
    },
  ],
  [
    'refuses large cookies',
    'proxy_refuses_large_cookies',
    {
      answer: ({ headers: { cookie = '' } }, outgoing) => {
        if (cookie.length < 8_000) return false
        outgoing.writeHead(400).end('Request Header Or Cookie Too Large')
        return true
      },
    },
  ],
  [
    'keeps paths of Entrada to the application',
    'proxy_hides_paths',
    {
      answer: ({ url = '' }, outgoing) => {
        if (!/^\/(setup|enterprise-login)/.test(url)) return false
        outgoing.writeHead(404).end('The application has no such page')
        return true
      },
    },
  ],
  [
    'asks for a password of its own',
    'address_behind_password',
    {
      answer: (_, outgoing) => {
        outgoing.writeHead(401, { 'www-authenticate': 'Basic realm="staff"' }).end()
        return true
      },
    },
  ],
  [
    'leads to itself for ever',
    'address_redirect_loop',
    {
      answer: ({ url }, outgoing) => {
        outgoing.writeHead(301, { location: url }).end()
        return true
      },
    },
  ],
]

describe('what the doctor finds about a reverse proxy', () => {
  it('nothing, where it passes everything and names the client', async (t) => {
    const { exitCode, troubles, find } = await examineBehind(t)
    assert.deepEqual([exitCode, troubles], [0, []])
    assert.equal(find('proxy_passes_requests').severity, 'ok')
  })

  for (const [does, id, proxy] of planted) {
    it(`that it ${does}`, async (t) => {
      const { troubles } = await examineBehind(t, proxy)
      assert.deepEqual(troubles, [id])
    })
  }

  it('which paths it keeps, and which headers it adds', async (t) => {
    const hides = planted.find(([, id]) => id === 'proxy_hides_paths')?.[2]
    const { find } = await examineBehind(t, hides)
    assert.deepEqual(find('proxy_hides_paths').items, ['/enterprise-login', '/setup'])
  })

  it('that it answers from a cache', async (t) => {
    const kept = new Map<string, { readonly headers: IncomingHttpHeaders; readonly body: string }>()
    const port = await freePort()
    const cache: Proxy['answer'] = ({ url = '', headers }, outgoing) => {
      const known = kept.get(url)
      if (known) {
        outgoing.writeHead(200, known.headers).end(known.body)
        return true
      }
      if (!url.startsWith('/auth/server')) return false
      request({ port, host: '127.0.0.1', path: url, headers }, async (answer) => {
        let body = ''
        for await (const chunk of answer.setEncoding('utf8')) body += chunk
        kept.set(url, { headers: answer.headers, body })
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(body)
      }).end()
      return true
    }
    const origin = await listen(t, (incoming, outgoing) => {
      if (!cache(incoming, outgoing)) outgoing.writeHead(404).end('/auth/assets/')
    })
    const rig = await openRig(t, { serverUrl: new URL(origin), withoutEntra: true })
    const server = await startHttpServer(rig.entrada, { host: '127.0.0.1', port })
    t.after(() => server.stop())
    const environment = {
      ENTRADA_SERVER_URL: origin,
      ENTRADA_LISTEN: `127.0.0.1:${port}`,
      ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
      ENTRADA_DATA_DIR: await temporaryFolder(t),
    }
    const { troubles } = await examineWith(environment, '--only', 'address')
    assert.ok(troubles.includes('proxy_caches_pages'), troubles.join())
  })

  it('its address, where ENTRADA_TRUSTED_PROXIES does not name it', async (t) => {
    const options = { trustedProxies: ['192.0.2.1'] }
    const { find, troubles } = await examineBehind(t, {}, { options })
    assert.match(find('proxy_not_trusted').fix ?? '', /Add 127\.0\.0\.1 to ENTRADA_TRUSTED_PROXIES/)
    assert.deepEqual(troubles, ['proxy_not_trusted'])
  })

  it('nothing that only the server knows, without the operator token', async (t) => {
    const settings = { ENTRADA_OPERATOR_TOKEN: undefined }
    const { find, troubles } = await examineBehind(t, { request: without('cookie') }, { settings })
    assert.equal(find('proxy_not_examined').severity, 'info')
    assert.deepEqual(troubles, [])
  })
})

describe('what the doctor finds about the running server', () => {
  const own = newSecretKey()
  const other = newSecretKey()

  it('that it runs with another key ring than this command has (O7)', async (t) => {
    const options = { secretKeys: [new Secret(other)] }
    const settings = { ENTRADA_SECRET_KEYS: own }
    const { find, exitCode } = await examineBehind(t, {}, { options, settings })
    assert.equal(exitCode, 1)
    assert.match(find('server_has_other_key_ring').items[0] ?? '', /^key [0-9a-f]{8}$/)
  })

  it('that it was not restarted since a key was added, which a rotation does (O7)', async (t) => {
    const options = { secretKeys: [new Secret(other)] }
    const settings = { ENTRADA_SECRET_KEYS: `${own},${other}` }
    const { find, exitCode } = await examineBehind(t, {}, { options, settings })
    assert.equal(exitCode, 0)
    assert.equal(find('server_has_older_key_ring').severity, 'warning')
  })

  it('nothing where the rings are the same', async (t) => {
    const options = { secretKeys: [new Secret(other)] }
    const settings = { ENTRADA_SECRET_KEYS: other }
    assert.deepEqual((await examineBehind(t, {}, { options, settings })).troubles, [])
  })

  it('that it knows another operator token', async (t) => {
    const settings = { ENTRADA_OPERATOR_TOKEN: `another-${OPERATOR_TOKEN}` }
    const { troubles } = await examineBehind(t, {}, { settings })
    assert.deepEqual(troubles, ['server_has_other_token'])
  })

  it('with the token of the data folder, where none is set', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'operator-token'), `${OPERATOR_TOKEN}\n`)
    const settings = { ENTRADA_OPERATOR_TOKEN: undefined, ENTRADA_DATA_DIR: folder }
    const { find } = await examineBehind(t, {}, { settings })
    assert.equal(find('proxy_passes_requests').severity, 'ok')
  })
})

describe('GET /auth/server', () => {
  it('describes a request only to a caller who knows the operator token', async (t) => {
    const rig = await openRig(t)
    const address = `${rig.options.serverUrl.origin}/auth/server`
    const challenge = 'c'.repeat(43)
    for (const headers of [
      {},
      { 'entrada-challenge': challenge },
      { 'entrada-challenge': challenge, 'entrada-question': 'f'.repeat(64) },
      { 'entrada-question': 'f'.repeat(64) },
    ]) {
      const answer = await rig.entrada.fetch(new Request(address, { headers }))
      assert.equal(await answer.text(), '{"server":"entrada"}')
      assert.equal(answer.headers.get('set-cookie'), null)
    }
  })
})
