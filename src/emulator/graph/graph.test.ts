import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  alice,
  aliceId,
  applicationToken,
  ask,
  bob,
  dave,
  everything,
  listOf,
  tokenOf,
} from '../../../test/support/emulator-graph.ts'
import {
  decodePart,
  frozenAt,
  multiTenant,
  newEmulator,
  origin,
  parseObject,
  signIn,
} from '../../../test/support/emulator-sign-in.ts'

const eventual = { ConsistencyLevel: 'eventual' }
const groups = '/me/transitiveMemberOf/microsoft.graph.group'

describe('GET me', () => {
  it('says who the token is about', async () => {
    const emulator = newEmulator()
    const { answer } = await ask(emulator, '/me', { token: await tokenOf(emulator, alice) })
    assert.equal(answer.id, aliceId)
    assert.equal(answer.userPrincipalName, alice)
    assert.equal(answer.surname, 'Example')
  })

  it('sends the properties that are selected, and no others', async () => {
    const emulator = newEmulator()
    const token = await tokenOf(emulator, alice)
    const { answer } = await ask(emulator, '/me?$select=id,Mail', { token })
    const { '@odata.context': _, ...rest } = answer
    assert.deepEqual(rest, { id: aliceId, mail: alice })
    const wrong = await ask(emulator, '/me?$select=shoeSize', { token })
    assert.deepEqual(wrong.refused, [400, 'BadRequest'])
  })

  it('refuses a request without a token, with a wrong one or an old one: 401', async () => {
    let at = frozenAt
    const emulator = newEmulator({ now: () => at })
    const token = await tokenOf(emulator, alice)
    const refused = [401, 'InvalidAuthenticationToken']
    const { response, answer } = await ask(emulator, '/me')
    assert.equal(response.status, 401)
    assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer realm=""/)
    const { innerError } = parseObject(answer.error)
    assert.equal(parseObject(innerError)['request-id'], response.headers.get('request-id'))
    assert.deepEqual((await ask(emulator, '/me', { token: 'x' })).refused, refused)
    const { id_token: idToken } = await signIn(emulator, alice)
    assert.deepEqual((await ask(emulator, '/me', { token: String(idToken) })).refused, refused)
    at = new Date(frozenAt.getTime() + 3600_000)
    assert.deepEqual((await ask(emulator, '/me', { token })).refused, refused)
  })

  it('refuses a token that is for an API of the application, by its audience (M7)', async () => {
    const emulator = newEmulator()
    const scope = 'api://88888888-8888-4888-8888-888888888888/.default'
    const token = await applicationToken(emulator, scope)
    const { refused, message } = await ask(emulator, '/users', { token })
    assert.deepEqual(refused, [401, 'InvalidAuthenticationToken'])
    assert.match(String(message), /Invalid audience/)
  })

  it('refuses a token without User.Read: 403', async () => {
    const emulator = newEmulator()
    const token = await tokenOf(emulator, alice, 'openid profile')
    const { refused } = await ask(emulator, '/me', { token })
    assert.deepEqual(refused, [403, 'Authorization_RequestDenied'])
  })
})

describe('GET users/{id}', () => {
  it('needs more than User.Read for somebody else', async () => {
    const emulator = newEmulator()
    const own = await tokenOf(emulator, alice)
    assert.equal((await ask(emulator, `/users/${aliceId}`, { token: own })).response.status, 200)
    assert.equal((await ask(emulator, `/users/${bob}`, { token: own })).response.status, 403)
    const token = await tokenOf(emulator, alice, 'User.Read.All')
    assert.equal((await ask(emulator, `/users/${bob}`, { token })).answer.userPrincipalName, bob)
  })

  it('finds nobody of another directory', async () => {
    const emulator = newEmulator()
    const token = await tokenOf(emulator, alice, 'User.Read.All')
    const { refused } = await ask(emulator, '/users/frank@fabrikam.example', { token })
    assert.deepEqual(refused, [404, 'Request_ResourceNotFound'])
  })

  it('answers an application for itself by its application permissions', async () => {
    const emulator = newEmulator()
    const token = await applicationToken(emulator)
    assert.equal((await ask(emulator, `/users/${aliceId}`, { token })).answer.id, aliceId)
    assert.deepEqual((await ask(emulator, '/me', { token })).refused, [400, 'BadRequest'])
    const body = { securityEnabledOnly: true }
    const ids = await ask(emulator, `/users/${aliceId}/getMemberObjects`, { token, body })
    assert.equal(listOf(ids.answer.value).length, 2)
  })
})

describe('POST me/getMemberObjects', () => {
  it('answers every group of a person with 250, nested ones included', async () => {
    const emulator = newEmulator()
    const token = await tokenOf(emulator, dave)
    const body = { securityEnabledOnly: true }
    const { answer } = await ask(emulator, '/me/getMemberObjects', { token, body })
    assert.equal(listOf(answer.value).length, 250)
  })

  it('leaves out what is no security group only when asked', async () => {
    const emulator = newEmulator()
    const token = await tokenOf(emulator, alice)
    const count = async (securityEnabledOnly: boolean) => {
      const body = { securityEnabledOnly }
      return listOf((await ask(emulator, '/me/getMemberObjects', { token, body })).answer.value)
        .length
    }
    assert.deepEqual([await count(true), await count(false)], [2, 3])
  })

  it('refuses a body that does not say', async () => {
    const emulator = newEmulator()
    const token = await tokenOf(emulator, alice)
    const { refused } = await ask(emulator, '/me/getMemberObjects', { token, body: {} })
    assert.deepEqual(refused, [400, 'BadRequest'])
  })
})

describe('GET me/transitiveMemberOf', () => {
  it('answers in pages of 100, each with the address of the next', async () => {
    const emulator = newEmulator()
    const token = await tokenOf(emulator, dave)
    const sizes: number[] = []
    let next: unknown = '/me/transitiveMemberOf?$select=id'
    while (typeof next === 'string') {
      const { answer } = await ask(emulator, next, { token })
      sizes.push(listOf(answer.value).length)
      next = answer['@odata.nextLink']
    }
    assert.deepEqual(sizes, [100, 100, 50])
  })

  it('counts, and takes up to 999 at once', async () => {
    const emulator = newEmulator()
    const token = await tokenOf(emulator, dave)
    const path = `${groups}?$top=999&$count=true&$select=id,displayName`
    const { answer } = await ask(emulator, path, { token, headers: eventual })
    assert.equal(answer['@odata.count'], 250)
    assert.equal(answer['@odata.nextLink'], undefined)
    assert.deepEqual(Object.keys(listOf(answer.value)[0] ?? {}), ['id', 'displayName'])
  })

  for (const query of [
    '$top=1000',
    '$top=0',
    '$top=x',
    '$skiptoken=x',
    '$expand=members',
    '$skip=3',
  ]) {
    it(`refuses ${query}`, async () => {
      const emulator = newEmulator()
      const token = await tokenOf(emulator, alice)
      const { refused } = await ask(emulator, `/me/transitiveMemberOf?${query}`, { token })
      assert.deepEqual(refused, [400, 'Request_UnsupportedQuery'])
    })
  }

  it('casts to groups only with "ConsistencyLevel: eventual" and "$count=true"', async () => {
    const emulator = newEmulator()
    const token = await tokenOf(emulator, alice)
    const statusOf = async (path: string, headers: Record<string, string>) =>
      (await ask(emulator, path, { token, headers })).response.status
    assert.equal(await statusOf(groups, {}), 400)
    assert.equal(await statusOf(groups, eventual), 400)
    assert.equal(await statusOf(`${groups}?$count=true`, {}), 400)
    assert.equal(await statusOf(`${groups}?$count=true`, eventual), 200)
  })

  it('tells the ids of the groups alone without GroupMember.Read.All', async () => {
    const emulator = newEmulator()
    const read = async (scope: string) => {
      const token = await tokenOf(emulator, alice, scope)
      const { answer } = await ask(emulator, '/me/transitiveMemberOf', { token })
      return listOf(answer.value)[0]
    }
    const limited = await read('User.Read')
    assert.match(String(limited?.id), /^1a000000/)
    assert.equal(limited?.displayName, null)
    assert.equal(limited?.['@odata.type'], '#microsoft.graph.group')
    assert.notEqual((await read(everything))?.displayName, null)
  })

  it('follows groups within groups within groups', async () => {
    const emulator = newEmulator()
    const scope = everything
    const changes = { client_id: multiTenant.clientId, scope }
    const form = { client_id: multiTenant.clientId, client_secret: multiTenant.secret }
    const tenant = 'northwind.example'
    const { access_token: token } = await signIn(emulator, 'omar@northwind.example', {
      changes,
      form,
      tenant,
    })
    const { answer } = await ask(emulator, '/me/transitiveMemberOf', { token: String(token) })
    const names = listOf(answer.value).map(({ displayName }) => displayName)
    assert.deepEqual(names, ['Night shift', 'Warehouse', 'Operations'])
  })
})

describe('Graph', () => {
  it('answers on a host of its own when it is given one', async () => {
    const graphOrigin = 'https://graph.microsoft.com'
    const emulator = newEmulator({ graphOrigin })
    assert.equal(emulator.graphUrl, 'https://graph.microsoft.com/v1.0')
    const token = await tokenOf(emulator, dave)
    const { answer } = await ask(emulator, '/me/transitiveMemberOf', { token })
    const next = String(answer['@odata.nextLink'])
    assert.ok(next.startsWith(`${graphOrigin}/v1.0/me/transitiveMemberOf?$skiptoken=`), next)
    assert.equal((await ask(emulator, next, { token })).response.status, 200)
  })

  it('answers 429 with Retry-After, 503 and odd members on demand, once each', async () => {
    const emulator = newEmulator()
    const token = await tokenOf(emulator, alice)
    emulator.setFault({ kind: 'status', on: 'graph', status: 429, retryAfterSeconds: 7 })
    const url = `${emulator.graphUrl}/me`
    const headers = { Authorization: `Bearer ${token}` }
    const get = () => emulator.fetch(new Request(url, { headers }))
    const limited = await get()
    assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, '7'])
    emulator.setFault({ kind: 'status', on: 'graph', status: 503, forUser: alice })
    assert.equal((await get()).status, 503)
    emulator.setFault({ kind: 'members', on: 'graph', set: { id: 'wrong' } })
    assert.equal(parseObject(await (await get()).json()).id, 'wrong')
    assert.equal(parseObject(await (await get()).json()).id, aliceId)
  })

  it('knows what it does not have', async () => {
    const emulator = newEmulator()
    const token = await tokenOf(emulator, alice)
    const { refused, response } = await ask(emulator, '/me/messages', { token })
    assert.deepEqual(refused, [400, 'BadRequest'])
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
  })
})

describe('GET /oidc/userinfo', () => {
  it('answers the claims of the ID token’s person, by scope', async () => {
    const emulator = newEmulator()
    const { access_token: token, id_token: idToken } = await signIn(emulator, alice, {
      changes: { scope: 'openid email' },
    })
    const { answer } = await ask(emulator, `${origin}/oidc/userinfo`, { token: String(token) })
    assert.deepEqual(answer, { sub: decodePart(idToken, 1).sub, email: alice })
  })
})
