import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseDirectoryName } from './directory-name.ts'

describe('parseDirectoryName', () => {
  it('reads a tenant id or a domain, without regard to letter case and white space', () => {
    const id = '11111111-1111-4111-8111-1111111111AA'
    assert.deepEqual(parseDirectoryName(` ${id}\n`), { kind: 'tenant_id', value: id.toLowerCase() })
    assert.deepEqual(parseDirectoryName('Contoso.OnMicrosoft.com'), {
      kind: 'domain',
      value: 'contoso.onmicrosoft.com',
    })
  })

  it('refuses whatever could be an address, a path or a host of this network (I16)', () => {
    for (const text of [
      '',
      ' ',
      'contoso',
      'localhost',
      'http://127.0.0.1',
      'https://contoso.com',
      'contoso.com/',
      'contoso.com/../evil',
      'contoso.com:22',
      'contoso.com?x=1',
      'contoso.com#x',
      'contoso.com@evil.example',
      'admin@contoso.com',
      '//evil.example',
      '127.0.0.1',
      '0x7f.1',
      '2130706433',
      '127.1',
      '[::1]',
      '[::ffff:169.254.169.254]',
      'localhost.',
      'contoso.com.',
      '..',
      '%2e%2e',
      'file:///etc/passwd',
      'contoso .com',
      'contoso.com\u0000',
      'conto\u0131so.com',
      `${'a'.repeat(64)}.com`,
      `${'a.'.repeat(200)}com`,
    ]) {
      assert.throws(() => parseDirectoryName(text), { code: 'directory_invalid' }, text)
    }
  })

  it('refuses names that stand for many directories, and the one of personal accounts', () => {
    for (const alias of ['common', 'Organizations', 'consumers ']) {
      assert.throws(() => parseDirectoryName(alias), { code: 'directory_is_alias' }, alias)
    }
    assert.throws(() => parseDirectoryName('9188040D-6C67-4C5B-B112-36A304B66DAD'), {
      code: 'directory_is_personal',
    })
  })
})
