/** What other sites learn of a sign-in: no other site gets a request, and no address with a code is kept in the history or sent as a referrer. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page, Request } from 'playwright-core'
import { people } from '../support/rig.ts'
import { type BrowserRig, createBrowserRig } from './browser-rig.ts'
import { open, pick, pressSignIn, see } from './steps.ts'

let rig: BrowserRig
before(async () => {
  rig = await createBrowserRig()
})
after(() => rig.close())

function watchRequests(page: Page): readonly Request[] {
  const requests: Request[] = []
  page.on('request', (request) => requests.push(request))
  return requests
}

async function walk(page: Page): Promise<void> {
  await open(rig, page, '/login?return_to=/account')
  await pressSignIn(page)
  await pick(page, people.alice)
  await see(page, 'Where you are signed in')
}

describe('a sign-in', () => {
  it('asks nobody but Entrada and Entra for anything (I10)', async (t) => {
    const { page } = await rig.open(t)
    const requests = watchRequests(page)
    await walk(page)
    const hosts = new Set(requests.map((request) => new URL(request.url()).host))
    assert.deepEqual([...hosts].sort(), [rig.entraUrl.host, rig.serverUrl.host].sort())
    assert.ok(requests.some((request) => request.resourceType() === 'stylesheet'))
  })

  it('leaves no code in the address, the history or the referrer (I10)', async (t) => {
    const { page } = await rig.open(t)
    const requests = watchRequests(page)
    await walk(page)
    assert.ok(
      requests.some((request) => request.url().includes('code=')),
      'the code came by',
    )
    assert.equal(page.url(), `${rig.serverUrl.origin}/account`)
    assert.doesNotMatch(await page.evaluate('document.referrer'), /code=|state=/)
    for (const request of requests) {
      const { referer = '' } = await request.allHeaders()
      if (!referer.startsWith(rig.serverUrl.origin)) continue
      assert.equal(new URL(request.url()).host, rig.serverUrl.host, 'no other site is told a page')
      assert.doesNotMatch(referer, /code=|state=/, request.url())
    }
  })

  // `same-origin` in place of the case's `no-referrer`: with that one Chromium sends `Origin: null` on our own forms.
  it('says on every page that only this site may be told where somebody came from (I10)', async (t) => {
    const { page } = await rig.open(t)
    const responses: string[] = []
    page.on('response', (response) => {
      if (new URL(response.url()).host !== rig.serverUrl.host) return
      responses.push(`${response.status()} ${response.headers()['referrer-policy']}`)
    })
    await walk(page)
    await page.goto(`${rig.serverUrl.origin}/nowhere?code=secret`).catch(() => {})
    assert.ok(responses.some((line) => line.startsWith('303')))
    assert.ok(
      responses.every((line) => line.endsWith(' same-origin')),
      responses.join(),
    )
  })
})
