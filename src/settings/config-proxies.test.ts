import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  problemsOfSettings as problemsOf,
  readTestSettings as read,
} from '../../test/support/settings.ts'

describe('settings of proxies', () => {
  const address = (host: string) => `http://user:hidden@${host}.example:3128/`

  it('are those of other programs, in lower case first, also where both are set (E4)', () => {
    const { settings } = read({ HTTPS_PROXY: address('upper'), https_proxy: address('lower') })
    assert.equal(settings.httpsProxy?.reveal(), address('lower'))
    assert.equal(settings.httpProxy, undefined)
    const { settings: others } = read({ HTTPS_PROXY: address('upper'), https_proxy: ' ' })
    assert.equal(others.httpsProxy?.reveal(), address('upper'))
    assert.deepEqual(read({ no_proxy: 'A.example, 10.0.0.0/8' }).settings.noProxy, [
      'a.example',
      '10.0.0.0/8',
    ])
  })

  it('are refused without their password, and warn of entries that match nothing (E4)', () => {
    const [problem, ...others] = problemsOf({ HTTPS_PROXY: 'http://user:hid/den@proxy.example' })
    assert.match(problem ?? '', /^HTTPS_PROXY must be .* percent-encode/)
    assert.doesNotMatch(problem ?? '', /hid/)
    assert.deepEqual(others, [])
    assert.match(read({ NO_PROXY: '10.*' }).warnings.join(), /NO_PROXY holds "10\.\*"/)
  })
})
