/** Every folder of examples/, started by its one command, and signed in through. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { installPackages } from '../scripts/install-packages.ts'
import { routes } from '../src/routes.ts'
import { createTestBrowser, type TestBrowser } from './support/browser.ts'
import { httpSite } from './support/http-site.ts'
import { people } from './support/rig.ts'
import { freePort, startProgram } from './support/server-process.ts'

const asPage = { headers: { 'sec-fetch-mode': 'navigate', accept: 'text/html' } }
const asScript = { headers: { 'sec-fetch-mode': 'cors', accept: 'application/json' } }

/** What a person who is signed in finds under `page`; `closed` is for the role that Alice holds, where there is such a page. */
const examples: Readonly<Record<string, { page: string; shows: RegExp; closed?: string }>> = {
  express: { page: '/reports', shows: /"reportsOf":"Alice Example"/, closed: '/everyones' },
  hono: { page: '/reports', shows: /"reportsOf":"Alice Example"/, closed: '/everyones' },
  fastify: { page: '/reports', shows: /"reportsOf":"Alice Example"/, closed: '/everyones' },
  next: { page: '/reports', shows: /"reportsOf":"Alice Example"/, closed: '/everyones' },
  nginx: { page: '/reports', shows: /"reportsOf": "alice"/ },
  caddy: { page: '/', shows: /Hello alice\./ },
  'library-with-own-user-table': { page: '/', shows: /"notesOf":"Alice Example"/ },
}

async function start(t: TestContext, name: string) {
  // Here, where npm has the whole environment; the program has none but its path.
  installPackages(`examples/${name}`)
  const port = await freePort()
  const parameters = [name, `--port=${port}`, `--sign-in-as=${people.alice}`]
  const program = startProgram(t, [resolve('scripts/run-example.ts'), ...parameters], {
    endWith: 'SIGTERM',
  })
  await program.printed(/^Open http/m)
  const [, directory = ''] =
    /made-up directory \((\S+)\)/.exec(await program.printed(/directory \(/)) ?? []
  const origin = `http://localhost:${port}`
  const sites = { [new URL(origin).host]: httpSite(port), [new URL(directory).host]: fetch }
  const headers = { ...asScript.headers, host: new URL(origin).host }
  const first = await httpSite(port)(new Request(origin, { headers }))
  assert.ok(first.status < 500, 'an example says that it is open once it answers (P16)')
  return { origin, browser: () => createTestBrowser(sites) }
}

async function signIn(browser: TestBrowser, page: string) {
  const login = await browser.visit(page, asPage)
  const [, button = ''] = /class="entra-button" href="([^"]+)"/.exec(login.text) ?? []
  assert.notEqual(button, '', login.text)
  return browser.visit(new URL(button.replaceAll('&amp;', '&'), login.url))
}

describe('the examples', () => {
  it('are all tried here, and all named in examples/README.md', () => {
    const folders = readdirSync('examples', { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
    assert.deepEqual(folders.sort(), Object.keys(examples).sort())
    const readme = readFileSync('examples/README.md', 'utf8')
    for (const name of folders) assert.ok(readme.includes(`npm run example ${name}`), name)
  })

  for (const path of ['nginx/nginx.conf', 'caddy/Caddyfile']) {
    it(`${path} passes every page of ours (P16)`, () => {
      const text = readFileSync(`examples/${path}`, 'utf8')
      const own = text.split('\n').find((line) => /location ~|@entrada path/.test(line)) ?? ''
      const first = routes.map((route) => route.path.split('/')[1] ?? '')
      for (const name of new Set(first)) {
        if (['', 'healthz', 'readyz', 'metrics', '.well-known'].includes(name)) continue
        assert.match(own, new RegExp(`\\b${name}\\b`), name)
      }
    })
  }

  for (const [name, { page, shows, closed }] of Object.entries(examples)) {
    it(`${name} signs a person in`, async (t) => {
      const { origin, browser } = await start(t, name)
      const alice = browser()
      const shown = await signIn(alice, origin + page)
      assert.equal(shown.url.href, origin + page)
      assert.match(shown.text, shows)
      if (closed) assert.equal((await alice.request(origin + closed, asPage)).status, 200)
      const stranger = await browser().request(origin + (closed ?? page), asScript)
      assert.equal(stranger.status, 401)
    })
  }

  it('library-with-own-user-table keeps what a person wrote under the id of its user', async (t) => {
    const { origin, browser } = await start(t, 'library-with-own-user-table')
    const alice = browser()
    await signIn(alice, `${origin}/`)
    await alice.request(`${origin}/`, { method: 'POST', body: 'buy milk' })
    const again = browser()
    const shown = await signIn(again, `${origin}/`)
    assert.match(shown.text, /"notes":"buy milk"/)
  })
})
