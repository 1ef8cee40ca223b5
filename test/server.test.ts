/** The server as people start it: a process of its own, real sockets, a folder on disk. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir, readFile, stat } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { startEmulator } from '../src/emulator/start-emulator.ts'
import { CLIENT_ID, CLIENT_SECRET, CONTOSO, people } from './support/rig.ts'
import { createSocketBrowser, freePort, startServer } from './support/server-process.ts'

type Answer = { readonly status: number | undefined; readonly text: string }

/** One request with exactly these headers, `Host` included. */
async function ask(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
  method = 'GET',
): Promise<Answer> {
  const sent = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage] // the event's one argument
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return { status: response.statusCode, text }
}

function mode(path: string): Promise<string> {
  return stat(path).then((found) => (found.mode & 0o777).toString(8))
}

describe('entrada dev', () => {
  it('says where it is, signs in a made-up person, and keeps to this machine', async (t) => {
    const server = await startServer(t, 'dev')
    const { origin, port } = server
    const printed = await server.printed(/Open {15}http.*\n/)
    assert.match(printed, new RegExp(`DEVELOPMENT.*[\\s\\S]*Open +${origin}\n$`))

    const browser = createSocketBrowser()
    const login = await browser.visit(`${origin}/`)
    assert.match(login.text, /DEVELOPMENT/)
    const picker = await browser.visit(`${origin}/auth/entra/login?return_to=/account`)
    assert.equal(picker.url.pathname, `/${CONTOSO}/oauth2/v2.0/authorize`)
    const account = await browser.visit(...choiceOf(picker, people.alice))
    assert.equal(account.url.href, `${origin}/account`, account.text)
    assert.match((await browser.visit(`${origin}/`)).text, /Alice Example/)

    const host = `localhost:${port}`
    assert.equal((await ask(port, '/login', { host })).status, 200)
    for (const other of [`dev.example.com:${port}`, `192.0.2.1:${port}`]) {
      assert.equal((await ask(port, '/login', { host: other })).status, 421, other)
    }
    for (const name of ['Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Real-IP', 'Via']) {
      const { status, text } = await ask(port, '/login', { host, [name]: '127.0.0.1' })
      assert.equal(status, 403, name)
      assert.match(text, /development_mode_only_local/)
    }
    for (const path of ['/healthz', '/readyz']) {
      assert.equal((await ask(port, path, { host: 'anything.example' })).status, 200)
    }
    assert.equal((await ask(port, '/healthz', { host }, 'TRACE')).status, 405)
    // GET is answered before the routes are loaded, HEAD by a route: neither has a header that the other lacks.
    const [got, looked] = await Promise.all(
      ['GET', 'HEAD'].map((method) => fetch(`${origin}/healthz`, { method })),
    )
    const plain = (response?: Response) =>
      [...(response?.headers ?? [])].filter(
        ([name]) => !/^(date|connection|keep-alive|content-length)$/.test(name),
      )
    assert.deepEqual(plain(got), plain(looked))
    assert.equal(await got?.text(), 'alive\n')

    server.kill('SIGTERM')
    assert.equal(await server.ended, 0, server.output())
  })

  it('keeps its folder to its owner, and its token to itself', async (t) => {
    const server = await startServer(t, 'dev', { environment: { ENTRADA_LOG_LEVEL: 'debug' } })
    await server.printed(/Open {15}/)
    const folder = join(server.folder, 'entrada-data')
    assert.equal(await mode(folder), '700')
    assert.equal(await mode(join(folder, 'dev')), '700')
    const files = await readdir(join(folder, 'dev'))
    assert.ok(['entrada.db', 'operator-token', 'secret-keys'].every((name) => files.includes(name)))
    for (const file of files) assert.equal(await mode(join(folder, 'dev', file)), '600', file)

    const operatorToken = (await readFile(join(folder, 'dev', 'operator-token'), 'utf8')).trim()
    const headers = { authorization: `Bearer ${operatorToken}` }
    const { status } = await fetch(`${server.origin}/api/v1/users`, { headers })
    assert.equal(status, 200)
    server.kill('SIGINT')
    assert.equal(await server.ended, 0)
    assert.ok(!server.output().includes(operatorToken))
    assert.match(server.output(), /operator-token/)
    assert.doesNotMatch(server.output(), /credential_expir/, 'what is made up does not end')
  })

  it('does not start where somebody means production, and names every reason', async (t) => {
    const server = await startServer(t, 'dev', {
      environment: {
        NODE_ENV: 'production',
        ENTRADA_ENTRA_TENANT_ID: CONTOSO,
        DSTACK_ENTRA_CLIENT_ID: CLIENT_ID,
        ENTRADA_ENTRA_CLIENT_SECRET: CLIENT_SECRET,
        ENTRADA_SERVER_URL: 'https://sso.example.com',
        ENTRADA_LISTEN: '0.0.0.0:3000',
      },
    })
    assert.equal(await server.ended, 1)
    const output = server.output()
    assert.match(output, /^entrada: development_mode_refused/)
    for (const name of ['NODE_ENV', 'TENANT_ID', 'CLIENT_ID', 'SECRET', 'SERVER_URL', 'LISTEN']) {
      assert.match(output, new RegExp(`^ {2}\\w*${name} is`, 'm'))
    }
    assert.ok(!output.includes(CLIENT_SECRET))
    assert.deepEqual(await readdir(server.folder), [], 'and leaves nothing behind')
  })
})

/** The form of the account picker, as the press of one of its buttons sends it. */
function choiceOf(
  { url, text }: { readonly url: URL; readonly text: string },
  person: string,
): [URL, RequestInit] {
  const fields = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)]
  const action = /<form method="post" action="([^"]+)"/.exec(text)?.[1] ?? ''
  const button = [...text.matchAll(/<button[\s\S]*?<\/button>/g)].find(([one]) =>
    one.includes(person),
  )
  const [, name = '', value = ''] = /name="([^"]+)" value="([^"]*)"/.exec(button?.[0] ?? '') ?? []
  const plain = (markup = '') => markup.replaceAll('&amp;', '&').replaceAll('&#39;', "'")
  const body = new URLSearchParams(fields.map(([, field = '', content]) => [field, plain(content)]))
  body.append(name, plain(value))
  return [new URL(plain(action), url), { method: 'POST', body }]
}

describe('entrada serve', () => {
  it('without Entra shows no button, says what to set, and outlives being killed', async (t) => {
    const first = await startServer(t, 'serve')
    const printed = await first.printed(/entra_not_configured.*\n/)
    for (const name of ['TENANT_ID', 'CLIENT_ID', 'CLIENT_SECRET']) {
      assert.match(printed, new RegExp(`ENTRADA_ENTRA_${name}`))
    }
    const browser = createSocketBrowser()
    const login = await browser.visit(`${first.origin}/login`)
    assert.doesNotMatch(login.text, /DEVELOPMENT|Sign in with Microsoft Entra ID/)

    const { folder, port } = first
    const path = join(folder, 'entrada-data', 'operator-token')
    const body = new URLSearchParams({ operator_token: await readFile(path, 'utf8') })
    const admin = await browser.visit(`${first.origin}/login/token`, { method: 'POST', body })
    assert.equal(admin.url.pathname, '/admin', admin.text)
    first.kill('SIGKILL')
    assert.equal(await first.ended, 'SIGKILL')

    const second = await startServer(t, 'serve', { folder, port })
    await second.printed(/"event":"started"/)
    const again = await browser.visit(`${second.origin}/admin`)
    assert.equal(again.url.pathname, '/admin')
    assert.match(again.text, /<h1[^>]*>Overview</)

    const third = await startServer(t, 'serve', { folder, port })
    assert.equal(await third.ended, 1)
    assert.match(third.output(), /address_in_use/)
    assert.ok(!second.output().includes(body.get('operator_token')?.trim() ?? '?'))
  })

  it('ends when it cannot listen for metrics, and says where', async (t) => {
    const taken = createServer().listen(0, '127.0.0.1')
    t.after(() => void taken.close())
    await once(taken, 'listening')
    const address = `127.0.0.1:${(taken.address() as AddressInfo).port}` // it listens on a port
    const server = await startServer(t, 'serve', {
      environment: { ENTRADA_METRICS_LISTEN: address },
    })
    assert.equal(await server.ended, 1)
    assert.match(server.output(), /^entrada: address_in_use: /m)
    assert.ok(server.output().includes(address))
  })

  it('with the names of dstack signs in against the directory, and ends in order', async (t) => {
    const emulator = await startEmulator()
    t.after(() => emulator.close())
    const port = await freePort()
    const origin = `http://localhost:${port}`
    emulator.addRedirectUri(CLIENT_ID, `${origin}/auth/entra/callback`)
    emulator.signInAutomaticallyAs(people.alice)
    const server = await startServer(t, 'serve', {
      port,
      environment: {
        ENTRADA_SERVER_URL: '',
        DSTACK_SERVER_URL: origin,
        DSTACK_ENTRA_TENANT_ID: 'contoso.example',
        DSTACK_ENTRA_CLIENT_ID: CLIENT_ID,
        DSTACK_ENTRA_CLIENT_SECRET: CLIENT_SECRET,
        ENTRADA_ENTRA_AUTHORITY: emulator.origin,
        NODE_ENV: 'production',
      },
    })
    await server.printed(/"event":"started"/)
    const browser = createSocketBrowser()
    const home = await browser.visit(`${origin}/auth/entra/login`)
    assert.equal(home.url.href, `${origin}/`, home.text)
    assert.match(home.text, /Alice Example/)

    const socket = connect(port, '127.0.0.1').setEncoding('utf8')
    let answered = ''
    socket.on('data', (chunk: string) => {
      answered += chunk
    })
    const closed = once(socket, 'close')
    socket.write(
      `POST /login/token HTTP/1.1\r\nHost: localhost:${port}\r\nSec-Fetch-Site: same-origin\r\n` +
        'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 16\r\n' +
        'Expect: 100-continue\r\n\r\n',
    )
    await once(socket, 'data') // "100 Continue": the request is under way
    server.kill('SIGTERM')
    await server.printed(/"event":"stopping"/)
    socket.write('operator_token=x')
    await closed
    assert.match(answered, /401 Unauthorized[\s\S]*operator_token_invalid/)
    assert.equal(await server.ended, 0)
    assert.match(server.output(), /"event":"stopped"\}\n$/)
    assert.ok(!server.output().includes(CLIENT_SECRET))
  })

  it('takes requests while it drains, says so at /readyz, and ends at once with a second signal (O2)', async (t) => {
    const server = await startServer(t, 'serve', { environment: { ENTRADA_DRAIN_SECONDS: '300' } })
    await server.printed(/"event":"started"/)
    const host = `localhost:${server.port}`
    server.kill('SIGTERM')
    await server.printed(/"drainSeconds":300,"event":"stopping"/)
    const ready = await ask(server.port, '/readyz', { host })
    assert.equal(ready.status, 503)
    assert.match(ready.text, /server_stopping/)
    assert.equal((await ask(server.port, '/login', { host })).status, 200)
    assert.equal((await ask(server.port, '/healthz', { host })).status, 200)
    // A request whose body does not come would hold up an orderly end.
    const unfinished = connect(server.port, '127.0.0.1').on('error', () => {})
    unfinished.write(
      `POST /auth/logout HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n`,
    )
    await once(unfinished, 'data')
    server.kill('SIGTERM')
    assert.equal(await server.ended, 0)
    assert.match(server.output(), /"event":"stopped"\}\n$/)
  })

  it('names every setting that is wrong, at once, and no value (I24, I25)', async (t) => {
    const wrong = {
      ENTRADA_SERVER_URL: 'http://value-one.example',
      ENTRADA_ENTRA_TENANT_ID: 'common',
      ENTRADA_ENTRA_CLIENT_ID: 'value-two',
      ENTRADA_OPERATOR_TOKEN: 'value-three',
      ENTRADA_SECRET_KEYS: 'value-four',
      ENTRADA_SESSION_IDLE_SECONDS: 'value-five',
      ENTRADA_LISTEN: 'value-six',
      ENTRADA_ENTRA_CLIENTSECRET: 'value-seven',
    }
    const server = await startServer(t, 'serve', { environment: wrong })
    assert.equal(await server.ended, 1)
    const output = server.output()
    assert.match(output, /^entrada: settings_invalid/)
    for (const name of [...Object.keys(wrong), 'ENTRADA_ENTRA_CLIENT_SECRET']) {
      assert.match(output, new RegExp(`^ {2}${name} `, 'm'), name)
    }
    assert.match(output, /Did you mean ENTRADA_ENTRA_CLIENT_SECRET\?/)
    assert.doesNotMatch(output, /value-/)
    assert.deepEqual(await readdir(server.folder), [])
  })
})
