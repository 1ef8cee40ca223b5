import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { EntradaError } from '../errors/errors.ts'
import { createOutgoing } from '../outgoing/outgoing.ts'
import { createProviderHttp } from './provider-http.ts'

/** Starts a server on loopback that answers as the test defines. */
function createAuthority() {
  let answer: RequestListener = (_request, response) => response.end('{}')
  const server = createServer((request, response) => answer(request, response))
  return {
    server,
    answersWith(next: RequestListener) {
      answer = next
    },
    get origin() {
      const address = server.address()
      return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
    },
  }
}

const authority = createAuthority()
const canary = createAuthority()
const outgoing = createOutgoing()
const http = createProviderHttp(outgoing)
const options = { endpoint: 'token' }
const post = (form = 'code=x', by = http) => by.postForm(`${authority.origin}/token`, form, options)

before(async () => {
  for (const { server } of [authority, canary]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  }
})
after(() => {
  for (const { server } of [authority, canary]) {
    server.close()
    server.closeAllConnections()
  }
})

describe('postForm', () => {
  it('sends the form, and no Origin (AADSTS9002326)', async () => {
    authority.answersWith((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', () => {
        const { headers, method } = request
        response.end(JSON.stringify({ headers, method, body: Buffer.concat(chunks).toString() }))
      })
    })
    const headers = { 'Content-Type': 'text/plain', Accept: 'x/y', 'X-client-SKU': 'msal.js.node' }
    const { body } = await http.postForm(`${authority.origin}/token`, 'a=b', {
      ...options,
      headers,
    })
    const sent = Object(body.headers)
    assert.deepEqual([body.method, body.body], ['POST', 'a=b'])
    assert.equal(sent['content-type'], 'application/x-www-form-urlencoded;charset=utf-8')
    assert.equal(sent.accept, 'application/json')
    assert.equal(sent['x-client-sku'], 'msal.js.node')
    assert.equal('origin' in sent, false)
    assert.equal('cookie' in sent, false)
  })

  it('answers with a refusal in JSON as it is, for the caller to read', async () => {
    authority.answersWith((_request, response) => {
      response.writeHead(400, { 'x-ms-request-id': 'r' }).end('{"error":"invalid_grant"}')
    })
    const { status, body, headers } = await post()
    assert.deepEqual([status, { ...body }], [400, { error: 'invalid_grant' }])
    assert.equal(headers['x-ms-request-id'], 'r')
  })

  for (const status of [200, 400, 401]) {
    it(`keeps Retry-After of a ${status} from MSAL, which would make everybody wait (H04)`, async () => {
      authority.answersWith((_request, response) => {
        response.writeHead(status, { 'Retry-After': '3600' }).end('{"error":"x"}')
      })
      assert.equal('retry-after' in (await post()).headers, false)
    })
  }
})

type Broken = readonly [string, RequestListener, EntradaError['code'], string?]

const broken: readonly Broken[] = [
  ...[500, 502, 503, 504, 429].map(
    (status): Broken => [
      `status ${status} (H04, H06)`,
      (_request, response) => {
        response
          .writeHead(status, { 'Retry-After': '60' })
          .end('{"error":"temporarily_unavailable"}')
      },
      'provider_unreachable',
    ],
  ),
  [
    'HTML with status 200 (H01, H06)',
    (_request, response) => response.end('<html>proxy</html>'),
    'provider_answer_invalid',
    'not_a_json_object',
  ],
  [
    'HTML with status 400 (H06)',
    (_request, response) => response.writeHead(400).end('<html>'),
    'provider_answer_invalid',
    'not_a_json_object',
  ],
  [
    'half of the JSON (H01, H06)',
    (_request, response) => response.end('{"access_token":"x'),
    'provider_answer_invalid',
    'not_a_json_object',
  ],
  [
    'nothing',
    (_request, response) => response.end(),
    'provider_answer_invalid',
    'not_a_json_object',
  ],
  ...['[]', 'null', '1', '"text"', 'true'].map(
    (json): Broken => [
      `the JSON ${json} (H01)`,
      (_request, response) => response.end(json),
      'provider_answer_invalid',
      'not_a_json_object',
    ],
  ),
  [
    'more than 1 MB (I16)',
    (_request, response) => response.end(JSON.stringify({ a: 'x'.repeat(1_048_577) })),
    'provider_answer_invalid',
    'too_large',
  ],
  [
    'a small answer that unpacks to more than 1 MB',
    (_request, response) => {
      const packed = gzipSync(JSON.stringify({ a: 'x'.repeat(50_000_000) }))
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed)
    },
    'provider_answer_invalid',
    'too_large',
  ],
  [
    'less than it announced (H06)',
    (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{"a":1}', () => response.destroy())
    },
    'provider_unreachable',
  ],
  ['a closed connection (H06)', (_request, response) => response.destroy(), 'provider_unreachable'],
  [
    'junk that says it is packed (H06)',
    (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('{"a":1}'),
    'provider_unreachable',
  ],
]

for (const [way, by] of [
  ['of the server', http],
  ["of the host's fetch", createProviderHttp(outgoing.fetch)],
] as const) {
  describe(`an answer of the authority to a request ${way}`, () => {
    for (const [what, answer, code, reason] of broken) {
      it(`is refused when it is ${what}`, async () => {
        authority.answersWith(answer)
        await assert.rejects(post('code=x', by), (error: EntradaError) => {
          assert.equal(error.code, code)
          assert.equal(error.detail.endpoint, 'token')
          assert.equal(error.detail.reason, reason)
          return true
        })
      })
    }

    it('is read up to 1 MB', async () => {
      const text = 'x'.repeat(1_048_576 - '{"a":""}'.length)
      authority.answersWith((_request, response) => response.end(JSON.stringify({ a: text })))
      assert.equal((await post('code=x', by)).body.a, text)
    })

    for (const status of [301, 302, 303, 307, 308]) {
      it(`is not followed elsewhere with status ${status}, so that neither secret nor code go there (I16)`, async () => {
        let contacted = 0
        canary.answersWith((_request, response) => {
          contacted += 1
          response.end('{}')
        })
        authority.answersWith((_request, response) => {
          response.writeHead(status, { location: `${canary.origin}/steal` }).end('{}')
        })
        const refused = {
          code: 'provider_answer_invalid',
          detail: { endpoint: 'token', status, reason: 'redirect' },
        }
        await assert.rejects(post('client_secret=canary', by), refused)
        await assert.rejects(by.get(`${authority.origin}/keys`, options), refused)
        assert.equal(contacted, 0)
      })
    }
  })
}

describe('a request to the authority', () => {
  /** An authority that takes the request and never answers, until the request is given up. */
  const hangs =
    (seen: { signal?: AbortSignal }): typeof fetch =>
    (_url, init) =>
      new Promise((_resolve, reject) => {
        const { signal } = init ?? {}
        if (!signal) throw new Error('sent without a time limit')
        seen.signal = signal
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      })

  it('has a time limit of its own, under ten seconds (H02, H03)', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const seen: { signal?: AbortSignal } = {}
    const slow = createProviderHttp(hangs(seen)).get('https://x.example/', options)
    assert.equal(seen.signal?.aborted, false)
    t.mock.timers.tick(9_999)
    await assert.rejects(slow, { code: 'provider_timeout' })
  })

  it('ends with the sign-in it belongs to (H03)', async () => {
    const seen: { signal?: AbortSignal } = {}
    const signIn = new AbortController()
    const waiting = createProviderHttp(hangs(seen)).postForm('https://x.example/', '', {
      ...options,
      signal: signIn.signal,
    })
    signIn.abort()
    assert.equal(seen.signal?.aborted, true)
    await assert.rejects(waiting, { code: 'provider_timeout', detail: { endpoint: 'token' } })
  })

  it('ends also when the answer has begun and does not go on (H03)', async () => {
    const signIn = new AbortController()
    authority.answersWith((_request, response) => {
      response.writeHead(200)
      response.write('{"a":', () => signIn.abort())
    })
    const waiting = http.get(`${authority.origin}/`, { ...options, signal: signIn.signal })
    await assert.rejects(waiting, (error: EntradaError) => {
      return error.code === 'provider_timeout' && error.cause === signIn.signal.reason
    })
  })

  it('that reaches nobody says so, with the cause for the log', async () => {
    const { origin } = authority
    const unknown = createProviderHttp(() => Promise.reject(new TypeError('fetch failed')))
    await assert.rejects(unknown.get(`${origin}/`, { endpoint: 'keys' }), (error: EntradaError) => {
      assert.equal(error.code, 'provider_unreachable')
      assert.equal(error.detail.endpoint, 'keys')
      assert.equal(error.cause instanceof TypeError, true)
      return true
    })
  })
})
