import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { graphOrigin } from './graph-origin.ts'

const at = (authority: string, msgraphHost?: string) => graphOrigin(new URL(authority), msgraphHost)

describe('graphOrigin', () => {
  it('knows the Graph of each cloud of Microsoft, whatever a discovery document says', () => {
    for (const named of [undefined, 'evil.example', 'graph.windows.net']) {
      assert.equal(at('https://login.microsoftonline.com', named), 'https://graph.microsoft.com')
      assert.equal(at('https://login.microsoftonline.us', named), 'https://graph.microsoft.us')
      assert.equal(
        at('https://login.partner.microsoftonline.cn', named),
        'https://microsoftgraph.chinacloudapi.cn',
      )
    }
  })

  it('lets a discovery document choose between those of one cloud', () => {
    const dod = 'dod-graph.microsoft.us'
    assert.equal(at('https://login.microsoftonline.us', dod), `https://${dod}`)
    assert.equal(at('https://login.microsoftonline.com', dod), 'https://graph.microsoft.com')
  })

  it('takes the host that another authority names', () => {
    assert.equal(at('https://login.example.fr', 'graph.example.fr'), 'https://graph.example.fr')
    assert.equal(at('http://localhost:4000', 'localhost:4000'), 'http://localhost:4000')
  })

  it('finds none where it is not a host, or another one in plain text', () => {
    for (const named of [undefined, '', 'a/b', 'user@evil.example', 'a b', 'https://a', '[::1]']) {
      assert.equal(at('https://login.example.fr', named), undefined, String(named))
    }
    assert.equal(at('http://localhost:4000', 'graph.example.fr'), undefined)
    assert.equal(at('http://localhost:4000', 'localhost:4001'), undefined)
  })
})
