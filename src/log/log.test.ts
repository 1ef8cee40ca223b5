import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { EntradaError } from '../errors/errors.ts'
import { Secret } from '../keys/secret.ts'
import type { LogFields } from './log.ts'
import { createLog } from './log.ts'
import { redact } from './redact.ts'

/** The lines that one entry makes. */
function linesOf(fields: LogFields, event = 'something_happened'): string[] {
  const lines: string[] = []
  createLog('debug', { write: (line) => void lines.push(line) }).info(event, fields)
  return lines
}

/** The one line of an entry, read as JSON. */
function entryOf(fields: LogFields): Record<string, unknown> {
  const [line = '', ...more] = linesOf(fields)
  assert.equal(more.length, 0)
  return JSON.parse(line)
}

describe('createLog', () => {
  it('writes an event as one line of JSON with time and level', () => {
    const { time, ...entry } = entryOf({ count: 1, at: new Date(0), nothing: undefined })
    assert.deepEqual(entry, {
      level: 'info',
      event: 'something_happened',
      count: 1,
      at: '1970-01-01T00:00:00.000Z',
    })
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  it('leaves out what is below its level', () => {
    const lines: string[] = []
    const log = createLog('warn', { write: (line) => void lines.push(line) })
    log.debug('a')
    log.info('b')
    log.warn('c')
    log.error('d')
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).event),
      ['c', 'd'],
    )
  })

  it('loses no line of a process that ends in the same turn, by itself or by an error', () => {
    for (const [end, exitCode] of [
      ['process.exit(3)', 3],
      ['throw new Error("x")', 1],
    ] as const) {
      const text = `import { createLog, standardOutputByTurns } from '${import.meta.dirname}/log.ts'
        const destination = standardOutputByTurns((flush) => process.once('exit', flush))
        const log = createLog('info', destination)
        log.info('first')
        log.info('second')
        ${end}`
      const parameters = ['--input-type=module', '--eval', text]
      const { status, stdout } = spawnSync(process.execPath, parameters, { encoding: 'utf8' })
      const events = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).event)
      assert.deepEqual([status, events], [exitCode, ['first', 'second']])
    }
  })

  it('writes nothing at all when silent', () => {
    const lines: string[] = []
    createLog('silent', { write: (line) => void lines.push(line) }).error('a')
    assert.deepEqual(lines, [])
  })

  it('keeps a forged entry inside the text it came in (I09)', () => {
    const userAgent = 'x\n{"level":"info","event":"signed_in"}\r\n\u2028\u0000'
    const lines = linesOf({ userAgent, nested: { userAgent }, list: [userAgent] })
    assert.equal(lines.length, 1)
    assert.equal(lines[0]?.trimEnd().includes('\n'), false)
    assert.equal(JSON.parse(lines[0] ?? '').userAgent, userAgent)
  })

  it('sends no terminal any control sequence (I09)', () => {
    const fields = {
      username: '\u001b[31mred\u001b[0m \u009b31m \u007f \u0085',
      error: new Error('\u009b2J'),
    }
    const [line = ''] = linesOf(fields)
    const controls = [...line.trimEnd()].filter(
      (letter) => letter < ' ' || /[\u007f-\u009f]/.test(letter),
    )
    assert.deepEqual(controls, [])
  })

  it('cuts text without end, wherever it stands (I09)', () => {
    const endless = 'x'.repeat(1_000_000)
    const fields = {
      userAgent: endless,
      nested: { deeper: [endless] },
      error: new Error(`first line\n${endless}\n${endless}`, { cause: new Error(endless) }),
      ours: new EntradaError('internal_error', { description: endless }),
      url: new URL(`https://x.example/${endless}`),
      bytes: Buffer.alloc(1_000_000),
      list: Array(1_000_000).fill(1),
      object: Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`n${index}`, 1])),
    }
    assert.ok((linesOf(fields)[0] ?? '').length < 60_000)
  })

  it('survives what cannot be written', () => {
    const circle: Record<string, unknown> = { big: 10n, symbol: Symbol('x'), call: () => 1 }
    circle.self = circle
    const error = new Error('round', { cause: circle })
    circle.error = error
    assert.equal(linesOf({ circle, error, map: new Map([[1, 2]]), none: Number.NaN }).length, 1)
  })
})

const CANARY = 'Canary.0.AXoA~value'

describe('redact', () => {
  const secretNames = [
    'code',
    'state',
    'nonce',
    'cookie',
    'Cookie',
    'set-cookie',
    'authorization',
    'Authorization',
    'password',
    'client_secret',
    'clientSecret',
    'CLIENT_SECRET',
    'secrets',
    'stateSecret',
    'id_token',
    'idToken',
    'id_token_hint',
    'access_token',
    'refresh_token',
    'sessionToken',
    'operatorTokens',
    'form_token',
    'code_verifier',
    'codeVerifier',
    'client_assertion',
    'code_challenge',
    'SAMLResponse',
  ]
  for (const name of secretNames) {
    it(`hides ${name}, at any depth and in any shape (I08)`, () => {
      const shapes: LogFields[] = [
        { [name]: CANARY },
        { detail: { list: [{ [name]: CANARY }] } },
        { [name]: [CANARY] },
        { [name]: { value: CANARY } },
        { error: new EntradaError('internal_error', { body: { [name]: CANARY } }) },
        {
          error: new Error('x', { cause: new EntradaError('internal_error', { [name]: CANARY }) }),
        },
      ]
      for (const fields of shapes) {
        assert.equal(JSON.stringify(redact(fields)).includes(CANARY), false, JSON.stringify(fields))
      }
    })
  }

  it('keeps our own codes and states, which only share the name', () => {
    const fields = { code: 'storage_full', detail: { state: 'active' }, status: 503 }
    assert.deepEqual(redact(fields), fields)
    assert.deepEqual(redact({ code: 11 }), { code: 11 })
  })

  it('keeps the rest as it is', () => {
    const fields = {
      tid: 'x',
      codes: [50105],
      secretsLeft: 3,
      none: null,
      yes: true,
      deep: { a: [1] },
    }
    assert.deepEqual(redact(fields), fields)
  })

  it('shows a secret as such', () => {
    assert.deepEqual(redact({ value: new Secret(CANARY), list: [new Secret(CANARY)] }), {
      value: '[secret]',
      list: ['[secret]'],
    })
  })

  it('looks into what an object writes of itself (I08)', () => {
    const fields = { answer: { toJSON: () => ({ client_secret: CANARY, ok: 1 }) } }
    assert.deepEqual(redact(fields), { answer: { client_secret: '[secret]', ok: 1 } })
  })

  it('shows no query of an address (I08)', () => {
    const url = new URL(
      `https://me:${CANARY}@sso.example.com/auth/entra/callback?code=${CANARY}#${CANARY}`,
    )
    assert.deepEqual(redact({ url }), { url: 'https://sso.example.com/auth/entra/callback' })
  })

  it('shows of a foreign error its name, message, place and causes, never what hangs on it (I08)', () => {
    const cause = Object.assign(new TypeError('inner'), {
      request: { headers: { cookie: CANARY } },
    })
    const error = Object.assign(new Error('outer', { cause }), { response: CANARY, config: CANARY })
    const text = JSON.stringify(redact({ error }))
    assert.equal(text.includes(CANARY), false)
    assert.match(text, /outer.*log\.test\.ts.*TypeError.*inner/)
  })

  it('shows of our error its code and evidence', () => {
    const error = new EntradaError('storage_full', { attempt: 1 })
    const { stack: _, ...shown } = Object(redact({ error }).error)
    assert.equal(shown.code, 'storage_full')
    assert.deepEqual(shown.detail, { attempt: 1 })
  })

  it('stops at five levels', () => {
    const deep = { a: { b: { c: { d: { e: { f: { g: CANARY } } } } } } }
    assert.equal(JSON.stringify(redact(deep)).includes(CANARY), false)
  })
})
