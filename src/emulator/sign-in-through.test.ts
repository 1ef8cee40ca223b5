import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import {
  contoso,
  decodePart,
  newEmulator,
  parseObject,
} from '../../test/support/emulator-sign-in.ts'
import { createCookieJar } from './cookie-jar.ts'
import type { Emulator } from './emulator.ts'
import { signInThrough } from './sign-in-through.ts'

const home = 'http://app.localhost:8080'
const bob = 'bob@contoso.example'

/** An application as others write it: a session in a cookie, and the authorization code flow by hand. */
function createApplication(emulator: Emulator, parameters: Record<string, string> = {}): Hono {
  const secret = 'the secret'
  const redirectUri = `${home}/callback`
  const clientId = emulator.addApplication({
    displayName: 'Somebody’s application',
    homeTenantId: contoso,
    redirectUris: [redirectUri],
    secrets: [{ value: secret }],
    optionalClaims: ['email'],
  })
  const base = `${emulator.origin}/${contoso}/oauth2/v2.0`
  const query = {
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid profile',
    state: 'a state & more',
    ...parameters,
  }

  const app = new Hono()
  app.get('/', (context) => {
    const name = getCookie(context, 'name')
    if (name !== undefined) return context.text(`Hello ${name}`)
    setCookie(context, 'state', query.state, { sameSite: 'Lax', httpOnly: true })
    return context.redirect(`${base}/authorize?${new URLSearchParams(query)}`)
  })
  app.get('/public', (context) => context.text('Everybody may read this'))
  app.post('/sign-out', (context) => {
    if (context.req.header('origin') !== home) return context.text('Where from?', 403)
    setCookie(context, 'name', '', { maxAge: 0 })
    return context.redirect('/public')
  })
  app.on(['GET', 'POST'], '/callback', async (context) => {
    const answer =
      context.req.method === 'POST' ? await context.req.parseBody() : context.req.query()
    if (answer.error) return context.text(`Refused: ${answer.error}`, 403)
    const isOwn = context.req.method === 'POST' || getCookie(context, 'state') === answer.state
    if (!isOwn) return context.text('Not your sign-in', 400)
    const form = {
      grant_type: 'authorization_code',
      client_id: clientId,
      client_secret: secret,
      redirect_uri: redirectUri,
      code: String(answer.code),
    }
    const redeemed = await emulator.fetch(
      new Request(`${base}/token`, { method: 'POST', body: new URLSearchParams(form) }),
    )
    const { id_token: idToken } = parseObject(await redeemed.json())
    setCookie(context, 'name', String(decodePart(idToken, 1).name), { secure: true, path: '/' })
    return context.redirect('/')
  })
  return app
}

describe('signInThrough', () => {
  it('signs a person in to another application in one line (M10)', async () => {
    const emulator = newEmulator()
    const app = createApplication(emulator)
    const { response, url } = await signInThrough(emulator, app.fetch, bob)
    assert.equal(await response.text(), 'Hello Bob Example')
    assert.equal(url.href, `${home}/`)
  })

  it('goes on with the cookies of that browser, which are of no other (M10)', async () => {
    const emulator = newEmulator()
    const app = createApplication(emulator)
    const [first, second] = await Promise.all([
      signInThrough(emulator, app.fetch, bob),
      signInThrough(emulator, app.fetch, 'aaaaaaaa-0000-4000-8000-000000000001'),
    ])
    assert.equal(await (await first.fetch('/')).text(), 'Hello Bob Example')
    assert.equal(await (await second.fetch(`${home}/`)).text(), 'Hello Alice Example')
    const after = await first.fetch('/sign-out', { method: 'POST' })
    assert.equal(await after.text(), 'Everybody may read this')
    // Signed out of the application alone: the same person comes back.
    assert.equal(await (await first.fetch('/')).text(), 'Hello Bob Example')
  })

  const parameters: readonly Record<string, string>[] = [
    { response_mode: 'form_post' },
    { prompt: 'select_account' },
    { prompt: 'consent' },
    { login_hint: 'alice@contoso.example' },
  ]
  for (const changes of parameters) {
    it(`works with ${JSON.stringify(changes)} (M10)`, async () => {
      const emulator = newEmulator()
      const app = createApplication(emulator, changes)
      const { response } = await signInThrough(emulator, app.fetch, bob)
      assert.equal(await response.text(), 'Hello Bob Example')
    })
  }

  it('asks for this person, whoever signs in automatically, and leaves that as it is (M10)', async () => {
    const emulator = newEmulator()
    const app = createApplication(emulator)
    emulator.signInAutomaticallyAs('alice@contoso.example')
    const { response } = await signInThrough(emulator, app.fetch, bob)
    assert.equal(await response.text(), 'Hello Bob Example')
    const { response: other } = await signInThrough(emulator, app.fetch, 'erin@contoso.example')
    assert.match(await other.text(), /Hello/)
  })

  it('comes back with what the application answers to a refusal (M10)', async () => {
    const emulator = newEmulator()
    const app = createApplication(emulator)
    emulator.setFault({
      kind: 'oauth_error',
      on: 'authorize',
      error: 'access_denied',
      code: 50105,
      forUser: bob,
    })
    const { response } = await signInThrough(emulator, app.fetch, bob)
    assert.deepEqual([response.status, await response.text()], [403, 'Refused: access_denied'])
  })

  it('says what the emulator refuses on its own page (M10)', async () => {
    const emulator = newEmulator()
    const app = createApplication(emulator)
    await assert.rejects(signInThrough(emulator, app.fetch, 'carol@contoso.example'), /AADSTS50057/)
    await assert.rejects(
      signInThrough(emulator, app.fetch, 'frank@fabrikam.example'),
      /AADSTS50020/,
    )
    await assert.rejects(signInThrough(emulator, app.fetch, 'nobody@contoso.example'), /no user/)
    emulator.removeRedirectUri('Somebody’s application', `${home}/callback`)
    const start = `${home}/`
    await assert.rejects(signInThrough(emulator, app.fetch, bob, { start }), /AADSTS50011/)
  })

  it('says where it looked when the application leads elsewhere (M10)', async () => {
    const emulator = newEmulator()
    const app = createApplication(emulator)
    await assert.rejects(
      signInThrough(emulator, app.fetch, bob, { start: '/public' }),
      /app\.localhost:8080\/public answered 200 and did not lead to the emulator.*start/,
    )
    const unreachable = () => Promise.reject(new TypeError('fetch failed'))
    await assert.rejects(signInThrough(emulator, unreachable, bob), /nothing answered at/)
    const circle = () => Response.redirect(`${home}/again`)
    await assert.rejects(signInThrough(emulator, circle, bob), /more than 20 redirects/)
    emulator.addRedirectUri('Entrada (development)', 'http://other.localhost:9000/callback')
    await assert.rejects(
      signInThrough(emulator, app.fetch, bob),
      /origins: http:\/\/\S+, http:\/\/\S+; name where.*start/,
    )
  })
})

describe('the cookie jar of a sign-in', () => {
  const at = (address: string) => new URL(address)
  const jarWith = (cookie: string, address = 'https://a.example/x') => {
    const jar = createCookieJar()
    const headers = { 'Set-Cookie': cookie }
    jar.keep(at(address), new Response(null, { headers }))
    return jar
  }

  const cases: readonly (readonly [cookie: string, address: string, isSent: boolean])[] = [
    ['a=1', 'https://a.example/', true],
    ['a=1', 'https://b.example/', false],
    ['a=1', 'https://sub.a.example/', false],
    ['a=1; Domain=a.example', 'https://sub.a.example/', true],
    ['a=1; Path=/x', 'https://a.example/x/y', true],
    ['a=1; Path=/x', 'https://a.example/xy', false],
    ['a=1; Secure', 'http://a.example/', false],
    ['a=1; Max-Age=0', 'https://a.example/', false],
    ['a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'https://a.example/', false],
    ['a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT', 'https://a.example/', true],
  ]
  for (const [cookie, address, isSent] of cases) {
    it(`${isSent ? 'sends' : 'keeps back'} "${cookie}" at ${address} (M10)`, () => {
      assert.equal(jarWith(cookie).headerFor(at(address)), isSent ? 'a=1' : undefined)
    })
  }

  it('holds a Lax cookie back from a form of another site, as browsers do (M10)', () => {
    const post = { isCrossSitePost: true }
    const address = at('https://a.example/')
    assert.equal(jarWith('a=1; SameSite=Lax').headerFor(address, post), undefined)
    assert.equal(jarWith('a=1; SameSite=None; Secure').headerFor(address, post), 'a=1')
  })
})
