import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  alice,
  aliceId,
  ask,
  bobId,
  listOf,
  tokenOf,
} from '../../../test/support/emulator-graph.ts'
import { newEmulator, parseObject } from '../../../test/support/emulator-sign-in.ts'
import type { Emulator } from '../emulator.ts'

const scope = 'User.Read.All GroupMember.Read.All'

async function batch(emulator: Emulator, requests: unknown) {
  const token = await tokenOf(emulator, alice, scope)
  const { answer, refused, message } = await ask(emulator, '/$batch', { token, body: { requests } })
  return { answers: listOf(answer.responses), refused, message }
}

describe('POST $batch', () => {
  it('answers every part like a request of its own (M7)', async () => {
    const json = { 'Content-Type': 'application/json' }
    const { answers } = await batch(newEmulator(), [
      { id: 'a', method: 'GET', url: '/me?$select=id' },
      {
        id: 'b',
        method: 'get',
        url: `users/${bobId}/memberOf/$count`,
        headers: { ConsistencyLevel: 'eventual' },
      },
      {
        id: 'c',
        method: 'POST',
        url: '/me/getMemberGroups',
        headers: json,
        body: { securityEnabledOnly: true },
      },
      { id: 'd', method: 'GET', url: '/users/nobody@contoso.example' },
    ])
    assert.deepEqual(
      answers.map(({ id, status }) => [id, status]),
      [
        ['a', 200],
        ['b', 200],
        ['c', 200],
        ['d', 404],
      ],
    )
    assert.equal(parseObject(answers[0]?.body).id, aliceId)
    assert.equal(Buffer.from(String(answers[1]?.body), 'base64').toString(), '1')
    assert.equal(listOf(parseObject(answers[2]?.body).value).length, 2)
    const { error } = parseObject(answers[3]?.body)
    assert.equal(parseObject(error).code, 'Request_ResourceNotFound')
    assert.match(String(parseObject(answers[0]?.headers)['Content-Type']), /json/)
  })

  it('waits for what a part depends on, and answers 424 when that failed (M7)', async () => {
    const { answers } = await batch(newEmulator(), [
      { id: '3', method: 'GET', url: '/me', dependsOn: ['2'] },
      { id: '2', method: 'GET', url: '/me', dependsOn: ['1'] },
      { id: '1', method: 'GET', url: '/users/nobody@contoso.example' },
      { id: '4', method: 'GET', url: '/me' },
    ])
    assert.deepEqual(
      answers.map(({ id, status }) => `${id}: ${status}`),
      ['3: 424', '2: 424', '1: 404', '4: 200'],
    )
  })

  it('lets a fault hit one part alone, after the batch itself was skipped (M7)', async () => {
    const emulator = newEmulator()
    const parts = ['1', '2', '3'].map((id) => ({ id, method: 'GET', url: '/me' }))
    emulator.setFault({ kind: 'status', on: 'graph', status: 429, retryAfterSeconds: 7, skip: 2 })
    const { answers } = await batch(emulator, parts)
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 429, 200],
    )
    assert.equal(parseObject(answers[1]?.headers)['Retry-After'], '7')
    emulator.setFault({ kind: 'cut_body', on: 'graph', skip: 1 })
    assert.equal((await batch(emulator, parts)).answers[0]?.status, 502)
  })

  it('shows each part among the requests, with its status (M7)', async () => {
    const emulator = newEmulator()
    await batch(emulator, [{ id: '1', method: 'GET', url: '/me/photo/$value' }])
    const seen = emulator.requests.slice(-2).map(({ path, status }) => [path, status])
    assert.deepEqual(seen, [
      ['/graph/v1.0/$batch', 200],
      ['/graph/v1.0/me/photo/$value', 404],
    ])
  })

  it('never leaves Graph (M7)', async () => {
    const emulator = newEmulator()
    const urls = ['/../../emulator/api/reset', '/..%2f..%2femulator', '/../beta/me', '/$batch']
    const parts = urls.map((url, index) => ({ id: String(index), method: 'GET', url }))
    const { answers } = await batch(emulator, parts)
    assert.deepEqual(
      answers.map(({ status }) => status),
      [400, 400, 400, 400],
    )
    assert.ok(emulator.requests.every(({ path }) => !path.startsWith('/emulator')))
  })

  const part = { id: '1', method: 'GET', url: '/me' }
  const unusable: readonly (readonly [name: string, requests: unknown, message: RegExp])[] = [
    ['no requests', undefined, /requests/],
    ['an empty list', [], /empty/],
    ['more than 20', Array.from({ length: 21 }, (_, id) => ({ ...part, id: `${id}` })), /20/],
    ['one id twice', [part, part], /unique/],
    ['an id that is no text', [{ ...part, id: 1 }], /id/],
    ['an absolute url', [{ ...part, url: 'https://graph.microsoft.com/v1.0/me' }], /relative/],
    ['a url of another host', [{ ...part, url: '//evil.example/me' }], /relative/],
    ['a POST without a body', [{ ...part, method: 'POST' }], /Content-Type header or body/],
    ['a dependency that is not there', [{ ...part, dependsOn: ['9'] }], /9/],
    ['a dependency on itself', [{ ...part, dependsOn: ['1'] }], /circle/],
  ]
  for (const [name, requests, message] of unusable) {
    it(`refuses a batch with ${name} as a whole (M7)`, async () => {
      const answer = await batch(newEmulator(), requests)
      assert.deepEqual(answer.refused, [400, 'BadRequest'])
      assert.match(String(answer.message), message)
    })
  }

  it('needs a token (M7)', async () => {
    const body = { requests: [part] }
    const { refused } = await ask(newEmulator(), '/$batch', { body })
    assert.deepEqual(refused, [401, 'InvalidAuthenticationToken'])
  })
})
