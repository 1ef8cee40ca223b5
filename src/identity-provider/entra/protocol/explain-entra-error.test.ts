import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  explainEntraError,
  explainOAuthError,
  nearestEntraErrorCodes,
  parseEntraError,
  parseEntraErrorCode,
  parseEntraErrorDescription,
} from './explain-entra-error.ts'

const traceId = '0f9c1d3e-5a6b-4c7d-8e9f-001122334455'
const correlationId = 'a1b2c3d4-e5f6-4a7b-8c9d-99887766aabb'
const timestamp = '2026-11-22 09:37:12Z'
const description = `AADSTS7000222: Some sentence of Microsoft.\r\nTrace ID: ${traceId}\r\nCorrelation ID: ${correlationId}\r\nTimestamp: ${timestamp}`

const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc
    .array(
      fc.constantFrom('AADSTS', '50011', '<b>', '\r\n', 'Trace ID: ', traceId, 'Timestamp: ', '"'),
      { maxLength: 40 },
    )
    .map((parts) => parts.join('')),
)
const wireNames = fc.constantFrom(
  'error',
  'suberror',
  'error_description',
  'error_codes',
  'error_uri',
  'trace_id',
  'correlation_id',
  'timestamp',
  'claims',
  '__proto__',
)
const hostileWire = fc.oneof(
  fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }),
  fc.dictionary(wireNames, fc.oneof(hostileText, fc.anything())),
  fc
    .array(fc.tuple(wireNames, hostileText))
    .map((pairs) => new URLSearchParams(pairs.map(([name, value]) => [name, value]))),
)

describe('parseEntraErrorCode', () => {
  it('reads the number however it was copied', () => {
    const spellings = [
      'AADSTS50011',
      'aadsts 50011',
      ' 50011\n',
      'AADSTS: 50011',
      'Error code: 50011.',
      'https://login.microsoftonline.com/error?code=50011',
    ]
    for (const spelling of spellings) assert.equal(parseEntraErrorCode(spelling), 50011, spelling)
  })

  it('finds the number in the whole text of the page of Entra', () => {
    const page = `Sorry, but we’re having trouble signing you in.\nRequest Id: ${traceId}\nCorrelation Id: ${correlationId}\nTimestamp: 2026-11-22T09:37:12Z\nMessage: AADSTS700016: Application with identifier '12345678-0000-4000-8000-000000000000' was not found.`

    assert.equal(parseEntraErrorCode(page), 700016)
  })

  it('takes no number out of ids, times, addresses or numbers of another length', () => {
    const others = [
      '',
      '404',
      '12345678-1234-4234-8234-123456789012',
      '2026-11-22T09:37:12.1234567Z',
      'AADSTS',
      'AADSTS00000',
      'AADSTS500112345',
      '10.12345',
      'x50011',
      '__proto__',
    ]
    for (const other of others) assert.equal(parseEntraErrorCode(other), undefined, other)
  })

  it('reads the first 8 KB only, and in no time', () => {
    const startedAt = performance.now()

    assert.equal(parseEntraErrorCode(`${' '.repeat(9000)}AADSTS50011`), undefined)
    assert.equal(parseEntraErrorCode('AADSTS   '.repeat(1_000_000)), undefined)
    assert.equal(parseEntraErrorCode('1'.repeat(10_000_000)), undefined)
    assert.ok(performance.now() - startedAt < 1000)
  })

  it('never throws and answers a number or nothing', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const code = parseEntraErrorCode(text)
        assert.ok(code === undefined || Number.isSafeInteger(code))
      }),
    )
  })
})

describe('parseEntraErrorDescription', () => {
  it('reads the number, both ids and the time', () => {
    const expected = { code: 7000222, traceId, correlationId, timestamp }

    assert.deepEqual(parseEntraErrorDescription(description), expected)
  })

  it('drops ids and times that are not well-formed', () => {
    const bad = `Trace ID: ${traceId}0\r\nCorrelation ID: <script>\r\nTimestamp: 2026-13-45 99:00:00Z`

    assert.deepEqual(parseEntraErrorDescription(bad), {})
  })

  it('takes no number that does not follow AADSTS', () => {
    assert.deepEqual(parseEntraErrorDescription('The value 50011 is wrong.'), {})
  })

  it('never throws and never repeats text', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        assert.doesNotMatch(JSON.stringify(parseEntraErrorDescription(text)), /</)
      }),
    )
  })
})

describe('parseEntraError', () => {
  it('reads the JSON of the token endpoint', () => {
    const wire = {
      error: 'invalid_client',
      suberror: 'bad_token',
      error_description: description,
      error_codes: [7000222],
      timestamp,
      trace_id: traceId,
      correlation_id: correlationId,
      error_uri: 'https://login.microsoftonline.com/error?code=7000222',
      claims: '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}',
    }

    assert.deepEqual(parseEntraError(wire), {
      error: 'invalid_client',
      suberror: 'bad_token',
      codes: [7000222],
      traceId,
      correlationId,
      timestamp,
      claims: '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}',
      description: description.replace(/[\r\n]/g, ' '),
    })
  })

  it('reads the parameters of a redirect, taking the rest from the description', () => {
    const parameters = new URLSearchParams({
      error: 'access_denied',
      error_description: description,
    })
    const { error, codes, traceId: trace, correlationId: correlation } = parseEntraError(parameters)

    assert.deepEqual(
      { error, codes, trace, correlation },
      {
        error: 'access_denied',
        codes: [7000222],
        trace: traceId,
        correlation: correlationId,
      },
    )
  })

  it('takes the number from error_uri when the description has none', () => {
    const wire = {
      error: 'invalid_request',
      error_uri: 'https://login.microsoftonline.com/error?code=90014',
    }

    assert.deepEqual(parseEntraError(wire).codes, [90014])
  })

  it('keeps each number once, drops what is no number of Entra, and stops at eight', () => {
    const wire = { error_codes: [50011, '50012', 50011, -1, 1.5, Number.NaN, 70000, 404, 75005] }

    assert.deepEqual(parseEntraError(wire).codes, [50011, 70000])
    const many = Array.from({ length: 100_000 }, (_, index) => 50_000 + index)
    assert.equal(parseEntraError({ error_codes: many }).codes.length, 8)
  })

  it('calls junk unknown_error', () => {
    const unknown = { error: 'unknown_error', codes: [] }
    const junk = [
      undefined,
      null,
      7,
      'invalid_grant',
      [],
      [{ error: 'invalid_grant' }],
      {},
      () => 1,
    ]

    for (const wire of junk) assert.deepEqual(parseEntraError(wire), unknown)
  })

  it('refuses an error outside the alphabet of RFC 6749, too long, or with a tag', () => {
    const bad = ['', 'a"b', 'a\\b', 'a\nb', 'é', '<b>', 'a'.repeat(65), ['invalid_grant'], 7]

    for (const error of bad) assert.equal(parseEntraError({ error }).error, 'unknown_error')
    assert.equal(parseEntraError({ error: 'a'.repeat(64) }).error, 'a'.repeat(64))
  })

  it('reads own members only, and no repeated parameter', () => {
    const inherited = JSON.parse('{"__proto__":{"error":"invalid_grant"}}')

    assert.equal(parseEntraError(inherited).error, 'unknown_error')
    assert.equal(parseEntraError(Object.create({ error: 'a' })).error, 'unknown_error')
    assert.equal(parseEntraError(new URLSearchParams('error=a&error=b')).error, 'unknown_error')
  })

  it('runs no getter', () => {
    const trap = {
      get error(): string {
        throw new Error('read')
      },
    }

    assert.equal(parseEntraError(trap).error, 'unknown_error')
  })

  it('keeps a claims challenge to the letter or not at all', () => {
    const bad = ['', '[]', 'null', '{', '{"a":"<"}', `{"a":"${'x'.repeat(5000)}"}`, { a: 1 }]

    for (const claims of bad) assert.equal(parseEntraError({ claims }).claims, undefined)
    assert.equal(parseEntraError({ claims: '{ "a": 1 }' }).claims, '{ "a": 1 }')
  })

  it('shortens a huge description and keeps it on one line', () => {
    const wire = { error_description: `a\u2028b\u202Ec\r\n${'x'.repeat(1_000_000)}` }
    const shortened = parseEntraError(wire).description ?? ''

    assert.equal(shortened.length, 2048)
    assert.match(shortened, /^a b c {2}x/)
  })

  it('never throws, and no text of it contains a tag or a line break', () => {
    fc.assert(
      fc.property(hostileWire, (wire) => {
        const { claims, ...rest } = parseEntraError(wire)
        assert.doesNotMatch(claims ?? '', /</)
        for (const text of Object.values(rest)) assert.doesNotMatch(String(text), /[<>\r\n]/)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('explainEntraError', () => {
  it('explains a known number and nothing else', () => {
    assert.equal(explainEntraError(50105)?.name, 'EntitlementGrantsNotFound')
    for (const code of [0, -1, 1.5, Number.NaN, 12345]) {
      assert.equal(explainEntraError(code), undefined)
    }
  })
})

describe('explainOAuthError', () => {
  it('explains every error value that Entra sends', () => {
    const errors = `access_denied consent_required interaction_required login_required invalid_client
      unauthorized_client invalid_grant invalid_request invalid_scope invalid_resource
      unsupported_response_type unsupported_grant_type server_error temporarily_unavailable`

    for (const error of errors.split(/\s+/)) assert.ok(explainOAuthError(error), error)
  })

  it('knows neither other words nor the names every object has', () => {
    for (const error of ['', 'unknown_error', '__proto__', 'constructor', 'toString']) {
      assert.equal(explainOAuthError(error), undefined)
    }
  })
})

describe('nearestEntraErrorCodes', () => {
  it('offers known numbers that begin alike, the most alike first', () => {
    assert.deepEqual(nearestEntraErrorCodes(7000216), [7000215, 7000218, 7000222])
    assert.equal(nearestEntraErrorCodes(50012)[0], 50011)
  })

  it('offers nothing for a number that resembles none', () => {
    for (const code of [0, -50011, 12345, Number.NaN, 1e21]) {
      assert.deepEqual(nearestEntraErrorCodes(code), [])
    }
  })

  it('offers at most three, all known, never the number itself', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10_000, max: 9_999_999 }), (code) => {
        const nearest = nearestEntraErrorCodes(code)
        assert.ok(nearest.length <= 3)
        for (const known of nearest) assert.ok(explainEntraError(known) && known !== code)
      }),
    )
  })
})
