import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRig, people, requestsAt, SERVER_URL } from './support/rig.ts'

describe('a sign-in', () => {
  it('leads from the button to the home page, which says who you are (A01)', async () => {
    const rig = await createRig()
    const login = await rig.browser().visit(`${SERVER_URL}/`)
    assert.equal(login.url.pathname, '/login')
    assert.match(login.text, /Sign in with Microsoft Entra ID/)

    const { response, text, url } = await rig.signIn(people.alice)
    assert.equal(response.status, 200, text)
    assert.equal(url.href, `${SERVER_URL}/`)
    assert.match(text, /Hello, Alice Example/)
    assert.equal(requestsAt(rig, 'token'), 1)
    await rig.close()
  })
})
