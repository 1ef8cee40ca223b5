import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { exchangeAt, servicesWith } from '../../test/support/samples.ts'
import { createKeyRing, newSecretKey } from '../keys/key-ring.ts'
import { Secret } from '../keys/secret.ts'
import type { Exchange } from './exchange.ts'
import { checkFormToken, checkSameOrigin, formToken, readForm, readJson, single } from './form.ts'
import { MAX_BODY_BYTES } from './read-body.ts'

const HERE = new URL('https://sso.example.com')
const FORM = 'application/x-www-form-urlencoded'

function post(headers: Readonly<Record<string, string>>, body: BodyInit = ''): Exchange {
  const init = { method: 'POST', headers: { ...headers }, body, duplex: 'half' }
  return { ...exchangeAt(HERE), request: new Request(HERE, init) }
}

describe('checkSameOrigin', () => {
  const allowed: readonly Readonly<Record<string, string>>[] = [
    { 'sec-fetch-site': 'same-origin', origin: HERE.origin },
    { 'sec-fetch-site': 'same-origin' },
    { origin: HERE.origin },
  ]
  for (const headers of allowed) {
    it(`lets ${JSON.stringify(headers)} through`, () => checkSameOrigin(post(headers)))
  }

  const refused: readonly Readonly<Record<string, string>>[] = [
    {},
    { 'sec-fetch-site': 'cross-site', origin: HERE.origin },
    { 'sec-fetch-site': 'same-site', origin: HERE.origin },
    { 'sec-fetch-site': 'none', origin: HERE.origin },
    { 'sec-fetch-site': '', origin: HERE.origin },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `${HERE.origin}/` },
    { origin: `${HERE.origin}.evil.example` },
    { origin: 'http://sso.example.com' },
    { origin: 'https://sso.example.com:8443' },
    { referer: `${HERE.origin}/` },
  ]
  for (const headers of refused) {
    it(`refuses ${JSON.stringify(headers)} (C24)`, () => {
      assert.throws(() => checkSameOrigin(post(headers)), { code: 'cross_site_request' })
    })
  }
})

describe('checkSameOrigin, of headers that came twice', () => {
  for (const headers of [
    { 'sec-fetch-site': 'same-origin, cross-site', origin: HERE.origin },
    { 'sec-fetch-site': 'same-origin', origin: `${HERE.origin}, ${HERE.origin}` },
  ]) {
    it(`refuses ${JSON.stringify(headers)} (S11)`, () => {
      assert.throws(() => checkSameOrigin(post(headers)), { code: 'request_invalid' })
    })
  }
})

describe('checkFormToken', () => {
  const services = servicesWith({
    keyRing: createKeyRing([new Secret(newSecretKey())]),
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
  })

  it('takes the token of this session', () => {
    checkFormToken(services, 'ses_1', formToken(services, 'ses_1'))
  })

  it('refuses that of another session, a changed one and none (C24)', () => {
    const token = formToken(services, 'ses_1')
    for (const wrong of [
      null,
      '',
      formToken(services, 'ses_2'),
      `${token}x`,
      token.slice(1),
      'ses_1',
    ]) {
      assert.throws(() => checkFormToken(services, 'ses_1', wrong), { code: 'cross_site_request' })
    }
  })
})

describe('readForm', () => {
  it('reads a form', async () => {
    const form = await readForm(
      post({ 'content-type': `${FORM}; charset=UTF-8` }, 'a=1&b=%C3%BC+x'),
    )
    assert.deepEqual(
      [...form],
      [
        ['a', '1'],
        ['b', 'ü x'],
      ],
    )
  })

  for (const type of [
    '',
    'text/plain',
    'application/json',
    'multipart/form-data; boundary=x',
    `x${FORM}`,
  ]) {
    it(`refuses the content type "${type}" (C24)`, async () => {
      await assert.rejects(readForm(post({ 'content-type': type }, 'a=1')), {
        code: 'content_type_not_supported',
      })
    })
  }

  it('reads 64 KB and not a byte more', async () => {
    const most = 'a'.repeat(MAX_BODY_BYTES)
    const form = await readForm(post({ 'content-type': FORM }, most))
    assert.equal([...form.keys()][0]?.length, MAX_BODY_BYTES)
    const more = readForm(post({ 'content-type': FORM }, `${most}a`))
    await assert.rejects(more, { code: 'body_too_large' })
  })

  it('stops reading a body without end', async () => {
    let sent = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1
        controller.enqueue(new Uint8Array(16_384))
      },
    })
    await assert.rejects(readForm(post({ 'content-type': FORM }, endless)), {
      code: 'body_too_large',
    })
    assert.ok(sent < 10, String(sent))
  })

  for (const type of [
    `${FORM}; charset=iso-8859-1`,
    `${FORM}; charset=utf-16`,
    `${FORM}; charset`,
    `${FORM}; charset=utf-8; charset=utf-8`,
    `${FORM}, ${FORM}`,
  ]) {
    it(`refuses the content type "${type}" (A10)`, async () => {
      await assert.rejects(
        readForm(post({ 'content-type': type }, 'a=1')),
        ({ code }) => code === 'content_type_not_supported' || code === 'request_invalid',
      )
    })
  }

  it('refuses a body that is no UTF-8, as it is or percent-encoded (A10)', async () => {
    for (const body of ['a=%E9', 'a=%ff%FE', Uint8Array.of(97, 61, 0xe9)]) {
      await assert.rejects(readForm(post({ 'content-type': FORM }, body)), {
        code: 'request_invalid',
        detail: { parameter: '(body)' },
      })
    }
  })

  it('refuses a body that is compressed', async () => {
    const headers = { 'content-type': FORM, 'content-encoding': 'gzip' }
    await assert.rejects(readForm(post(headers, 'a=1')), { code: 'content_type_not_supported' })
  })

  it('takes a field for what it is, whatever its name', async () => {
    const form = await readForm(
      post({ 'content-type': FORM }, '__proto__=1&constructor=2&a[b]=3&%=4'),
    )
    assert.deepEqual([...form.keys()], ['__proto__', 'constructor', 'a[b]', '%'])
  })
})

describe('readJson', () => {
  const json = { 'content-type': 'application/json' }

  it('reads JSON, also in pieces that cut a letter in two', async () => {
    const bytes = new TextEncoder().encode('{"name":"zoë"}')
    const pieces = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    assert.deepEqual({ ...((await readJson(post(json, pieces))) as object) }, { name: 'zoë' })
  })

  for (const body of ['', '{', '{"a":1}x', "{'a':1}", '\u0000', 'undefined']) {
    it(`refuses ${JSON.stringify(body)}`, async () => {
      await assert.rejects(readJson(post(json, body)), { code: 'request_invalid' })
    })
  }

  it('refuses JSON that a form of another site could send (C24)', async () => {
    for (const type of ['text/plain', FORM, 'application/jsonp', '']) {
      await assert.rejects(readJson(post({ 'content-type': type }, '{}')), {
        code: 'content_type_not_supported',
      })
    }
  })

  it('refuses another charset than UTF-8, and bytes that are none (A10)', async () => {
    const types = ['utf-16', 'UTF-16LE', 'iso-8859-1', '"utf-16"', '']
    for (const charset of types) {
      const type = { 'content-type': `application/json;charset=${charset}` }
      await assert.rejects(readJson(post(type, '{}')), { code: 'content_type_not_supported' })
    }
    const accepted = { 'content-type': 'Application/JSON ; Charset="UTF-8"; profile=x' }
    assert.deepEqual(Object.keys((await readJson(post(accepted, '{"a":1}'))) as object), ['a'])
    const latin = Uint8Array.of(0x22, 0xe9, 0x22)
    await assert.rejects(readJson(post(json, latin)), { code: 'request_invalid' })
  })

  it('refuses a member that is given twice, and names it (A10)', async () => {
    await assert.rejects(readJson(post(json, '{"a":{"b":1,"b":1}}')), {
      code: 'request_invalid',
      detail: {
        parameter: 'a.b',
        errors: [{ parameter: 'a.b', problem: 'is given more than once' }],
      },
    })
  })

  it('refuses more than 64 KB', async () => {
    const body = JSON.stringify('a'.repeat(MAX_BODY_BYTES))
    await assert.rejects(readJson(post(json, body)), { code: 'body_too_large' })
  })
})

describe('single', () => {
  it('finds the one value, or none', () => {
    assert.equal(single(new URLSearchParams('a=1&b=2'), 'a'), '1')
    assert.equal(single(new URLSearchParams('a='), 'a'), '')
    assert.equal(single(new URLSearchParams('b=2'), 'a'), undefined)
    assert.equal(single(new URLSearchParams('b=2'), '__proto__'), undefined)
  })

  it('refuses a parameter that is given twice, also with the same value', () => {
    assert.throws(() => single(new URLSearchParams('a=1&a=1'), 'a'), {
      code: 'request_invalid',
      detail: { parameter: 'a' },
    })
  })
})
