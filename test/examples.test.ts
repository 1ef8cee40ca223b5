/** Every folder of examples/, started by its one command, and signed in through. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { createTestBrowser, type Site, type TestBrowser } from './support/browser.ts'
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
  const port = await freePort()
  const given = [name, `--port=${port}`, `--sign-in-as=${people.alice}`]
  const program = startProgram(t, [resolve('scripts/run-example.ts'), ...given], {
    endWith: 'SIGTERM',
  })
  const [, directory = ''] =
    /made-up directory \((\S+)\)/.exec(await program.printed(/directory \(/)) ?? []
  await program.printed(/^listening|Ready in|"event":"started"/m)
  const origin = `http://localhost:${port}`
  const sites = { [new URL(origin).host]: httpSite(port), [new URL(directory).host]: fetch }
  await answers(httpSite(port), origin)
  return { origin, browser: () => createTestBrowser(sites) }
}

/** Of several programs the one before them all may be up first. */
async function answers(site: Site, origin: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const headers = { ...asScript.headers, host: new URL(origin).host }
    const response = await site(new Request(origin, { headers })).catch(() => undefined)
    if (response && response.status < 500) return
    await pause(100)
  }
  assert.fail(`${origin} does not answer`)
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
