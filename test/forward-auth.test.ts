/** `/auth/verify`, asked as each proxy asks. Real proxies: forward-auth-proxies.test.ts. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createRemoteJWKSet, customFetch, decodeProtectedHeader, jwtVerify } from 'jose'
import { createEntrada } from '../src/entrada.ts'
import type { AccessRulesInput } from '../src/forward-auth/access-rules-file.ts'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { Secret } from '../src/keys/secret.ts'
import { openServices } from '../src/open-services.ts'
import { ENGINEERING, people, type Rig, type RigOptions } from './support/rig.ts'
import { HTTPS_URL, openHttpsRig, sessionCookieOf, signInWithToken } from './support/steps.ts'
import { type Ask, dialects, navigation, script, verifyWays } from './support/verify-ways.ts'

const HOST = 'sso.example.com'
const IDENTITY = ['User', 'Id', 'Email', 'Email-Unverified', 'Groups', 'Roles', 'Organization'].map(
  (name) => `X-Auth-Request-${name}`,
)

const rules = (...given: AccessRulesInput['rules']): AccessRulesInput => ({ rules: given })

const adminOnly = rules(
  { path: '/public/*', allow: 'everyone' },
  { method: 'OPTIONS', allow: 'everyone' },
  { path: '/engineers/*', allow: { groups: [ENGINEERING] } },
  { path: '/admin/*', allow: { roles: ['admin'] } },
)

/** A rig behind a proxy at 127.0.0.1. */
function openProxied(t: TestContext, options: RigOptions = {}): Promise<Rig> {
  return openHttpsRig(t, { trustedProxies: ['127.0.0.1'], ...options })
}

async function cookieOf(rig: Rig, person: string = people.alice): Promise<string> {
  const { browser } = await rig.signIn(person)
  return sessionCookieOf(browser, HTTPS_URL).join('=')
}

function ofNginx(original: Partial<Parameters<(typeof dialects)['nginx']>[0]> = {}) {
  const { headers } = dialects.nginx?.({ method: 'GET', host: HOST, uri: '/', ...original }) ?? {}
  return headers ?? {}
}

for (const [way, open] of Object.entries(verifyWays)) {
  describe(`/auth/verify ${way}`, () => {
    for (const [name, speak] of Object.entries(dialects)) {
      it(`is asked by ${name}: passes, asks to sign in, denies, by the page that was asked for`, async (t) => {
        const rig = await openProxied(t, { accessRules: adminOnly })
        const ask = await open(t, rig)
        const cookie = await cookieOf(rig)
        const asking = (method: string, uri: string, more = {}) => {
          const { headers, ...rest } = speak({ method, host: HOST, uri })
          return ask({ ...headers, ...more }, rest)
        }

        // Envoy's HTTP service takes 200 alone for a yes.
        const yes = name === 'Envoy' ? 200 : 204
        const passed = await asking('GET', '/reports?year=2026', { cookie })
        assert.equal(passed.status, yes)
        assert.equal(passed.text, '')
        assert.equal(passed.headers.get('x-auth-request-email'), people.alice)
        assert.match(passed.headers.get('x-auth-request-id') ?? '', /^usr_/)
        assert.match(passed.headers.get('cache-control') ?? '', /no-store/)

        const anonymous = await asking('GET', '/reports', script)
        assert.deepEqual([anonymous.status, anonymous.code], [401, 'sign_in_required'])
        const denied = await asking('GET', '/admin/users', { cookie, ...script })
        assert.deepEqual([denied.status, denied.code], [403, 'access_denied'])
        assert.equal((await asking('POST', '/engineers/x', { cookie })).status, yes)
        const nobody = await asking('GET', '/public/a.css')
        assert.equal(nobody.status, yes)
        for (const header of IDENTITY) assert.equal(nobody.headers.get(header), '', header)
        assert.equal((await asking('OPTIONS', '/admin/x')).status, yes)
        for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND']) {
          assert.equal((await asking(method, '/reports')).status, 401, method)
        }
      })
    }

    it('answers an application that asks itself with the cookies and the host it was sent', async (t) => {
      const rig = await openProxied(t)
      const ask = await open(t, rig)
      const cookie = await cookieOf(rig)
      assert.equal((await ask({ host: HOST, cookie }, { from: '127.0.0.9' })).status, 204)
      assert.equal((await ask({ host: HOST, cookie }, { method: 'HEAD' })).status, 204)
      assert.equal((await ask({ host: HOST }, { method: 'HEAD' })).status, 401)
      const posted = await ask({ host: HOST, cookie }, { method: 'POST' })
      assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD'])
    })

    it('answers under a mount path, and nowhere else', async (t) => {
      const rig = await openProxied(t, { mountPath: '/sso', accessRules: adminOnly })
      const ask = await open(t, rig)
      const headers = ofNginx({ uri: '/public/x' })
      assert.equal((await ask(headers, { path: '/sso/auth/verify' })).status, 204)
      assert.equal((await ask(headers, { path: '/auth/verify' })).status, 404)
      const envoy = { path: '/sso/auth/verify/reports' }
      assert.equal((await ask({ host: HOST }, { path: '/sso/auth/verify/public/x' })).status, 200)
      assert.equal((await ask({ host: HOST, ...script }, envoy)).status, 401)
      const led = await ask(
        { ...ofNginx({ uri: '/x' }), ...navigation },
        { path: '/sso/auth/verify' },
      )
      assert.equal(led.headers.get('location'), `${HTTPS_URL}/sso/login?return_to=%2Fx`)
      for (const path of ['/sso/auth/verifyx', '/sso/auth/verify.x']) {
        assert.equal((await ask(headers, { path })).status, 404, path)
      }
    })

    it('denies when rules need the page and nobody says which it is', async (t) => {
      const rig = await openProxied(t, { accessRules: adminOnly })
      const ask = await open(t, rig)
      const cookie = await cookieOf(rig)
      assert.deepEqual((await ask({ host: HOST, cookie })).code, 'page_not_named')
    })

    it('carries every identity header once, whatever the client sent by these names (G01, G02)', async (t) => {
      const rig = await openProxied(t)
      const ask = await open(t, rig)
      const forged = Object.fromEntries(IDENTITY.map((name) => [name, 'admin']))
      const answer = await ask({
        ...ofNginx(),
        ...forged,
        cookie: await cookieOf(rig, people.dave),
      })
      assert.equal(answer.status, 204)
      for (const name of IDENTITY) {
        assert.notEqual(answer.headers.get(name), null, name)
        assert.doesNotMatch(answer.headers.get(name) ?? '', /admin/, name)
      }
      assert.equal(answer.headers.get('x-auth-request-roles'), 'member')
    })

    it('believes X-Forwarded-Uri and X-Original-URI from trusted proxies alone (G05)', async (t) => {
      const rig = await openProxied(t, { accessRules: adminOnly })
      const ask = await open(t, rig)
      const cookie = await cookieOf(rig)
      for (const [name, speak] of Object.entries(dialects)) {
        const { headers, ...rest } = speak({ method: 'GET', host: HOST, uri: '/public/x' })
        const answer = await ask({ ...headers, host: HOST, cookie }, { ...rest, from: '127.0.0.9' })
        assert.deepEqual(
          [answer.status, answer.code],
          [401, 'forward_auth_proxy_not_trusted'],
          name,
        )
        assert.equal(answer.headers.get('location'), null, 'no way that leads back here')
      }
    })

    it('takes two ways of naming the page at once for an attempt to name another (G05)', async (t) => {
      const rig = await openProxied(t, { accessRules: adminOnly })
      const ask = await open(t, rig)
      const cookie = await cookieOf(rig)
      const both = { ...ofNginx({ uri: '/admin/x' }), 'x-forwarded-uri': '/public/x', cookie }
      assert.equal((await ask(both)).code, 'forward_auth_request_invalid')
      const urls = {
        ...ofNginx({ uri: '/public/x' }),
        'x-original-url': `https://${HOST}/admin`,
        cookie,
      }
      assert.equal((await ask(urls)).code, 'forward_auth_request_invalid')
      const envoy = await ask(
        { host: HOST, cookie, 'x-forwarded-uri': '/public/x', 'x-original-uri': '/public/x' },
        { path: '/auth/verify/admin/x' },
      )
      assert.equal(envoy.code, 'access_denied', 'what Envoy appends counts')
    })

    it('knows no health checks by their User-Agent (G07)', async (t) => {
      const ask = await open(t, await openProxied(t))
      for (const agent of ['GoogleHC/1.0', 'kube-probe/1.30', 'ELB-HealthChecker/2.0', 'HAProxy']) {
        assert.equal((await ask({ ...ofNginx(), 'user-agent': agent })).status, 401, agent)
      }
    })

    it('believes X-Forwarded-Method from trusted proxies alone, and takes no override (G10)', async (t) => {
      const rig = await openProxied(t, { accessRules: adminOnly })
      const ask = await open(t, rig)
      const cookie = await cookieOf(rig)
      const options = {
        host: HOST,
        'x-forwarded-method': 'OPTIONS',
        'x-forwarded-uri': '/admin/x',
        cookie,
      }
      assert.equal((await ask(options)).status, 204)
      assert.equal((await ask(options, { from: '127.0.0.9' })).status, 401)
      const overridden = { ...ofNginx({ method: 'POST', uri: '/admin/x' }), cookie }
      const override = { 'x-http-method-override': 'OPTIONS', 'x-method-override': 'OPTIONS' }
      assert.equal((await ask({ ...overridden, ...override })).status, 403)
    })

    it('refuses repeated, listed and malformed headers (G11)', async (t) => {
      const rig = await openProxied(t, { accessRules: adminOnly })
      const ask = await open(t, rig)
      const cookie = await cookieOf(rig)
      const good = {
        host: HOST,
        'x-forwarded-method': 'GET',
        'x-forwarded-uri': '/public/x',
        'x-forwarded-host': HOST,
        cookie,
      }
      assert.equal((await ask(good)).status, 204)
      const bad: readonly (readonly [string, string | readonly string[]])[] = [
        ['x-forwarded-uri', ['/public/x', '/admin/x']],
        ['x-forwarded-uri', '/public/x, /admin/x'],
        ['x-forwarded-uri', 'public'],
        ['x-forwarded-uri', ''],
        ['x-forwarded-uri', 'https://sso.example.com/public/x'],
        ['x-forwarded-uri', '/public/\u00e9'],
        ['x-forwarded-uri', '/public/\tx'],
        ['x-forwarded-uri', `/public/${'x'.repeat(16_384)}`],
        ['x-forwarded-method', ['GET', 'OPTIONS']],
        ['x-forwarded-method', 'get'],
        ['x-forwarded-method', ''],
        ['x-forwarded-method', 'GET POST'],
        ['x-forwarded-host', [HOST, 'evil.example']],
        ['x-forwarded-host', `${HOST}, evil.example`],
        ['x-forwarded-host', `${HOST}/x`],
        ['x-forwarded-host', `x@${HOST}`],
        ['x-forwarded-host', ''],
        ['x-forwarded-proto', 'https, http'],
        ['x-forwarded-proto', ['https', 'http']],
        ['x-forwarded-proto', 'javascript'],
      ]
      for (const [name, value] of bad) {
        const answer = await ask({ ...good, [name]: value })
        assert.deepEqual(
          [answer.status, answer.code],
          [400, 'forward_auth_request_invalid'],
          `${name}: ${value}`,
        )
      }
      for (const path of [
        '/auth/verify?sign_in=yes',
        '/auth/verify?sign_in=redirect&sign_in=redirect',
      ]) {
        assert.equal((await ask(good, { path })).status, 400, path)
      }
      const { 'x-forwarded-method': _method, ...withoutMethod } = good
      assert.equal((await ask(withoutMethod)).status, 400)
      const other = await ask({ ...good, 'x-forwarded-host': 'evil.example' })
      assert.deepEqual([other.status, other.code], [421, 'host_not_served'])
      const forwardedFor = { ...good, 'x-forwarded-for': ['203.0.113.9', 'junk, 192.0.2.1'] }
      assert.equal((await ask(forwardedFor)).status, 204, 'names nobody, and decides nothing')
    })

    it('leads windows of browsers to the sign-in, and answers everything else (G12)', async (t) => {
      const rig = await openProxied(t)
      const ask = await open(t, rig)
      const windows = [
        navigation,
        { ...navigation, 'sec-fetch-dest': 'document', 'sec-fetch-site': 'cross-site' },
        { accept: 'text/html' },
      ]
      for (const headers of windows) {
        const answer = await ask({ ...ofNginx({ uri: '/reports?a=1&b=//x' }), ...headers })
        assert.equal(answer.status, 401)
        assert.equal(
          answer.headers.get('location'),
          `${HTTPS_URL}/login?return_to=%2Freports%3Fa%3D1%26b%3D%2F%2Fx`,
        )
        assert.match(answer.text, /Sign in first/)
        const sent = await ask(
          { ...ofNginx({ uri: '/reports' }), ...headers },
          { path: '/auth/verify?sign_in=redirect' },
        )
        assert.deepEqual(
          [sent.status, sent.headers.get('location')],
          [303, `${HTTPS_URL}/login?return_to=%2Freports`],
        )
      }
      const others = [
        script,
        { ...navigation, 'sec-fetch-dest': 'iframe' },
        { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', accept: 'image/*' },
        { 'sec-fetch-mode': 'websocket', 'sec-fetch-dest': 'empty' },
        { upgrade: 'websocket', accept: 'text/html' },
        { accept: 'application/json' },
        { accept: 'text/html', 'x-requested-with': 'XMLHttpRequest' },
        { accept: '*/*', 'user-agent': 'curl/8' },
        {},
      ]
      for (const headers of others) {
        for (const path of ['/auth/verify', '/auth/verify?sign_in=redirect']) {
          const answer = await ask({ ...ofNginx({ uri: '/api/x' }), ...headers }, { path })
          assert.deepEqual([answer.status, answer.code], [401, 'sign_in_required'])
          assert.equal(answer.headers.get('location'), null)
          assert.equal(JSON.parse(answer.text).signIn, `${HTTPS_URL}/login`)
        }
      }
      const posted = await ask({ ...ofNginx({ method: 'POST', uri: '/form' }), ...navigation })
      assert.deepEqual([posted.status, posted.headers.get('location')], [401, null])
    })

    it('shows a page at 403 and leads nowhere by itself (G12)', async (t) => {
      const rig = await openProxied(t, { accessRules: adminOnly })
      const ask = await open(t, rig)
      const cookie = await cookieOf(rig)
      for (const path of ['/auth/verify', '/auth/verify?sign_in=redirect']) {
        const answer = await ask(
          { ...ofNginx({ uri: '/admin/x' }), ...navigation, cookie },
          { path },
        )
        assert.deepEqual([answer.status, answer.code], [403, 'access_denied'])
        assert.equal(answer.headers.get('location'), null)
        assert.equal(answer.headers.get('refresh'), null)
        assert.match(answer.text, /You are signed in as <strong>Alice Example/)
        assert.match(
          answer.text,
          /href="https:\/\/sso\.example\.com\/login\?return_to=%2Fadmin%2Fx"/,
        )
        assert.match(answer.text, /href="https:\/\/sso\.example\.com\/auth\/assets\/entrada\.css/)
        assert.match(
          answer.headers.get('content-security-policy') ?? '',
          /style-src https:\/\/sso\.example\.com;/,
        )
      }
    })

    it('lets nobody in by an operator session, a session of another host, or a cookie that is none', async (t) => {
      const rig = await openProxied(t)
      const ask = await open(t, rig)
      const operator = rig.browser()
      await signInWithToken(operator, HTTPS_URL)
      const operatorCookie = sessionCookieOf(operator, HTTPS_URL).join('=')
      assert.equal((await ask({ ...ofNginx(), cookie: operatorCookie })).status, 401)
      const cookie = await cookieOf(rig)
      assert.equal((await ask({ ...ofNginx({ host: 'second.example.com' }), cookie })).status, 401)
      for (const junk of [
        '%',
        `${cookie}x`,
        cookie.toLowerCase(),
        '='.repeat(9000),
        'a=%E0%A4%A',
      ]) {
        assert.equal((await ask({ ...ofNginx(), cookie: junk })).status, 401, junk.slice(0, 80))
      }
    })

    it('passes on that the session is in use, and ends with it', async (t) => {
      const rig = await openProxied(t, { session: { idleSeconds: 600, maxSeconds: 1500 } })
      const ask = await open(t, rig)
      const headers = { ...ofNginx(), cookie: await cookieOf(rig) }
      for (const seconds of [500, 500]) {
        rig.clock.advanceSeconds(seconds)
        assert.equal((await ask(headers)).status, 204)
      }
      rig.clock.advanceSeconds(501)
      assert.equal((await ask(headers)).status, 401)
    })

    it('denies while the database is away, and says so (G15)', async (t) => {
      const rig = await openProxied(t)
      const cookie = await cookieOf(rig)
      const ask = await open(t, rig)
      t.mock.method(rig.services.storage, 'findSession', () => Promise.reject(new Error('away')))
      const answer = await ask({ ...ofNginx(), cookie })
      assert.equal(answer.status, 500)
      for (const name of IDENTITY) assert.equal(answer.headers.get(name), null)
    })

    it('is not limited by address, leaves no audit event, and is counted', async (t) => {
      const rig = await openProxied(t, { accessRules: adminOnly, signInsPerMinute: 60 })
      const ask = await open(t, rig)
      const cookie = await cookieOf(rig)
      const before = (await rig.services.storage.listAuditEvents({}, { limit: 200 })).items.length
      for (let count = 0; count < 1300; count += 1) {
        const { status } = await ask({ ...ofNginx({ uri: '/x' }), cookie })
        assert.equal(status, 204)
      }
      await ask({ ...ofNginx({ uri: '/admin/x' }), cookie })
      await ask(ofNginx({ uri: '/public/x' }))
      await ask(ofNginx({ uri: '/x' }))
      await ask({ host: 'evil.example' })
      const after = (await rig.services.storage.listAuditEvents({}, { limit: 200 })).items.length
      assert.equal(after, before)
      const metrics = rig.services.metrics.render([])
      for (const [decision, count] of [
        ['allowed', 1300],
        ['public', 1],
        ['sign_in_needed', 1],
        ['denied', 1],
        ['refused', 1],
      ] as const) {
        const line = `entrada_access_decisions_total{decision="${decision}"} ${count}`
        assert.ok(metrics.includes(line), line)
      }
      assert.match(
        metrics,
        /entrada_http_request_duration_seconds_count\{method="GET",route="\/auth\/verify",status="2xx"\} 1301/,
      )
      const denied = rig.logLines.find((line) => line.includes('access_denied'))
      assert.match(denied ?? '', /"rule":"rule 4"/)
    })
  })
}

describe('what Envoy appends, through fetch', () => {
  const hosts = { host: HOST, cookie: '' }

  it('is taken as the request line had it, or not at all: an address of the Web has no dots any more (G05)', async (t) => {
    const rig = await openProxied(t, { accessRules: adminOnly })
    const path = '/auth/verify/admin/../public/x'
    const request = () => new Request(`https://${HOST}${path}`, { headers: hosts })
    for (const target of [path, `https://${HOST}${path}`]) {
      const known = await rig.entrada.fetch(request(), { remoteAddress: '127.0.0.1', target })
      assert.equal(known.status, 403)
    }
    const tidied = await rig.entrada.fetch(request(), { remoteAddress: '127.0.0.1' })
    assert.equal(tidied.status, 400)
  })
})

describe('entrada.handles', () => {
  it('knows the addresses for proxies, with what Envoy appends', async (t) => {
    const { entrada } = await openProxied(t)
    for (const path of ['/auth/verify', '/auth/verify/', '/auth/verify/a/b', '/auth/keys']) {
      assert.equal(entrada.handles(path), true, path)
    }
    assert.equal(entrada.handles('/auth/verifyx'), false)
  })
})

describe('signed tokens of /auth/verify', () => {
  const openSigning = (t: TestContext, options: RigOptions = {}) =>
    openProxied(t, { identityTokens: true, ...options })
  const keysOf = (rig: Pick<Rig, 'entrada'>) =>
    createRemoteJWKSet(new URL(`${HTTPS_URL}/auth/keys`), {
      cooldownDuration: 0,
      [customFetch]: (url, init) => rig.entrada.fetch(new Request(url, init as RequestInit)),
    })
  const tokenFrom = async (ask: Ask, cookie: string) => {
    const { headers } = await ask({ ...ofNginx(), cookie })
    return (headers.get('authorization') ?? '').replace('Bearer ', '')
  }
  const open = verifyWays['past fetch']
  assert.ok(open)

  it('say who it is, to one application, for a minute', async (t) => {
    const rig = await openSigning(t)
    const token = await tokenFrom(await open(t, rig), await cookieOf(rig))
    const currentDate = rig.clock.now()
    const { payload, protectedHeader } = await jwtVerify(token, keysOf(rig), {
      issuer: HTTPS_URL,
      audience: HTTPS_URL,
      algorithms: ['ES256'],
      currentDate,
    })
    assert.equal(protectedHeader.alg, 'ES256')
    assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 60)
    assert.match(payload.sub ?? '', /^usr_/)
    assert.partialDeepStrictEqual(payload, {
      preferred_username: 'alice',
      name: 'Alice Example',
      email: people.alice,
      org: 'default',
      roles: [],
    })
    const later = new Date(currentDate.getTime() + 61_000)
    await assert.rejects(jwtVerify(token, keysOf(rig), { currentDate: later }), {
      code: 'ERR_JWT_EXPIRED',
    })
    await assert.rejects(
      jwtVerify(token, keysOf(rig), { currentDate, audience: 'https://second.example.com' }),
      { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' },
    )
  })

  it('are published without private halves, at any host, and not at all when off', async (t) => {
    const rig = await openSigning(t)
    const response = await rig.entrada.fetch(new Request('http://10.0.0.7:3000/auth/keys'))
    assert.equal(response.headers.get('cache-control'), 'public, max-age=300')
    const { keys } = (await response.json()) as { keys: Record<string, string>[] }
    assert.deepEqual(
      keys.map((key) => Object.keys(key).sort()),
      [['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']],
    )
    const off = await openProxied(t)
    assert.equal((await off.entrada.fetch(new Request(`${HTTPS_URL}/auth/keys`))).status, 404)
  })

  it('leave no Authorization of the client in place where nobody is signed in', async (t) => {
    const rig = await openSigning(t, { accessRules: adminOnly })
    const ask = await open(t, rig)
    const answer = await ask({ ...ofNginx({ uri: '/public/x' }), authorization: 'Bearer forged' })
    assert.deepEqual([answer.status, answer.headers.get('authorization')], [204, ''])
    const off = await openProxied(t)
    const passed = await (await open(t, off))({ ...ofNginx(), cookie: await cookieOf(off) })
    assert.equal(passed.headers.get('authorization'), null, 'the application may have its own')
  })

  it('outlive the rotation of the key ring over two replicas, none of them refused', async (t) => {
    const [oldKey, newKey] = [new Secret(newSecretKey()), new Secret(newSecretKey())]
    const rig = await openSigning(t, { secretKeys: [oldKey] })
    const cookie = await cookieOf(rig)
    const replicaWith = async (secretKeys: readonly Secret[]) => {
      const options = { ...rig.options, secretKeys }
      const opened = await openServices(options)
      t.after(() => opened.close())
      const services = { ...opened, storage: rig.services.storage }
      return { entrada: createEntrada(options, services), services }
    }
    const keyIds = new Set<string | undefined>()
    // Both replicas at each moment of a roll: before, appended, moved to the front, removed.
    const rings = [[oldKey], [oldKey, newKey], [newKey, oldKey], [newKey]]
    for (const [step, ring] of rings.entries()) {
      const replicas = [
        await replicaWith(rings[Math.max(0, step - 1)] ?? ring),
        await replicaWith(ring),
      ]
      for (const signing of replicas) {
        const request = new Request(`${HTTPS_URL}/auth/verify`, { headers: { cookie, host: HOST } })
        const answer = await signing.entrada.fetch(request, { remoteAddress: '127.0.0.1' })
        const token = (answer.headers.get('authorization') ?? '').replace('Bearer ', '')
        keyIds.add(decodeProtectedHeader(token).kid)
        for (const publishing of replicas) {
          const verified = jwtVerify(token, keysOf(publishing), { currentDate: rig.clock.now() })
          await assert.doesNotReject(verified, `step ${step}`)
        }
      }
    }
    assert.equal(keyIds.size, 2)
  })
})
