import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  alice,
  aliceId,
  applicationToken,
  ask,
  bob,
  bobId,
  dave,
  listOf,
  tokenOf,
} from '../../../test/support/emulator-graph.ts'
import { newEmulator } from '../../../test/support/emulator-sign-in.ts'
import type { Emulator } from '../emulator.ts'

const eventual = { ConsistencyLevel: 'eventual' }
const engineering = '1a000000-0000-4000-8000-000000000001'
const sales = '1a000000-0000-4000-8000-000000000002'
const allStaff = '1a000000-0000-4000-8000-000000000003'
const newsletter = '1a000000-0000-4000-8000-000000000004'

/** The values of one property in a list, for the application by itself. */
async function valuesOf(emulator: Emulator, path: string, name: string) {
  const token = await applicationToken(emulator)
  const { answer, message } = await ask(emulator, path, { token, headers: eventual })
  assert.equal(message, undefined)
  return listOf(answer.value).map((object) => object[name])
}

describe('GET users', () => {
  it('lists the people of the token’s directory alone, with the usual properties (M7)', async () => {
    const emulator = newEmulator()
    const token = await applicationToken(emulator)
    const { answer } = await ask(emulator, '/users', { token })
    const people = listOf(answer.value)
    assert.equal(people.length, 8)
    const [first] = people
    assert.deepEqual(
      [first?.id, first?.displayName, first?.jobTitle, first?.businessPhones],
      [aliceId, 'Alice Example', 'Head of Engineering', ['+49 30 0000001']],
    )
    assert.equal(first !== undefined && 'department' in first, false)
    assert.match(String(answer['@odata.context']), /\$metadata#users$/)
  })

  it('goes through everybody in pages, with the same query on each (M7)', async () => {
    const emulator = newEmulator()
    const token = await applicationToken(emulator)
    const names: unknown[] = []
    let next: unknown = `/users?$top=3&$select=userPrincipalName&$filter=${encodeURIComponent("userType eq 'Member'")}`
    for (let pages = 0; typeof next === 'string'; pages += 1) {
      assert.ok(pages < 3)
      const { answer } = await ask(emulator, next, { token })
      names.push(...listOf(answer.value).flatMap((person) => Object.values(person)))
      next = answer['@odata.nextLink']
    }
    assert.equal(names.length, 7)
    assert.equal(new Set(names).size, 7)
  })

  const filters: readonly (readonly [filter: string, found: number])[] = [
    [`userPrincipalName eq '${alice.toUpperCase()}'`, 1],
    ["mail eq 'J.O''Connor@Contoso.Example'", 1],
    ['accountEnabled eq false', 1],
    ['accountEnabled eq true and givenName eq null', 4],
    ["startswith(displayName,'Bob') or startswith(displayName, 'Carol')", 2],
    [`id in ('${aliceId}','${bobId}')`, 2],
    ["not(userType eq 'Member')", 1],
    ["endswith(userPrincipalName,'#EXT#@contoso.example')", 1],
    ["department ne 'Sales' and department ne null", 1],
    ["(department eq 'Sales' or department eq 'Engineering') and accountEnabled eq true", 2],
    ["proxyAddresses/any(p:p eq 'smtp:alice@contoso.example')", 1],
    ["proxyAddresses/any(p:startswith(p,'SMTP:'))", 7],
    ['createdDateTime ge 2023-01-01T00:00:00Z', 8],
    ["displayName ge 'E' and displayName lt 'H'", 1],
    ["userPrincipalName eq 'nobody@contoso.example'", 0],
  ]
  for (const [filter, found] of filters) {
    it(`filters by ${filter} (M7)`, async () => {
      const path = `/users?$count=true&$filter=${encodeURIComponent(filter)}`
      assert.equal((await valuesOf(newEmulator(), path, 'id')).length, found)
    })
  }

  const unusable: readonly (readonly [filter: string, code: string, message: RegExp])[] = [
    ["shoeSize eq '42'", 'BadRequest', /Could not find a property named 'shoeSize'/],
    ["accountEnabled eq 'true'", 'BadRequest', /Invalid filter clause/],
    ['displayName eq', 'BadRequest', /Syntax error at position 14/],
    ["displayName = 'x'", 'BadRequest', /Syntax error at position 12/],
    ["displayName eq 'x", 'BadRequest', /Invalid filter clause/],
    ["(displayName eq 'x'", 'BadRequest', /Syntax error/],
    ["contains(displayName,'li')", 'Request_UnsupportedQuery', /'contains'/],
    ["displayName ne 'x'", 'Request_UnsupportedQuery', /NotEqualsMatch.*ConsistencyLevel/],
    ["endswith(mail,'x')", 'Request_UnsupportedQuery', /EndsWithMatch/],
    ["companyName eq 'x'", 'Request_UnsupportedQuery', /property 'companyName' of resource 'User'/],
    ['('.repeat(5000), 'Request_UnsupportedQuery', /too long/],
  ]
  for (const [filter, code, message] of unusable) {
    it(`refuses the filter ${filter.slice(0, 40)} as Graph does (M7)`, async () => {
      const emulator = newEmulator()
      const token = await applicationToken(emulator)
      const path = `/users?$filter=${encodeURIComponent(filter)}`
      const answer = await ask(emulator, path, { token })
      assert.deepEqual(answer.refused, [400, code])
      assert.match(String(answer.message), message)
    })
  }

  it('sorts and searches (M7)', async () => {
    const emulator = newEmulator()
    const sorted = await valuesOf(emulator, '/users?$orderby=displayName desc&$top=2', 'id')
    assert.equal(sorted[0], 'aaaaaaaa-0000-4000-8000-000000000007')
    const search = encodeURIComponent('"displayName:exam" OR "mail:grace"')
    assert.equal((await valuesOf(emulator, `/users?$search=${search}`, 'id')).length, 6)
    const token = await applicationToken(emulator)
    const lone = await ask(emulator, `/users?$search=${search}`, { token })
    assert.deepEqual(lone.refused, [400, 'Request_UnsupportedQuery'])
    const both = `/users?$orderby=displayName&$filter=${encodeURIComponent('accountEnabled eq true')}`
    assert.equal((await ask(emulator, both, { token })).response.status, 400)
  })

  it('counts: as a member of the list, and as a text of its own (M7)', async () => {
    const emulator = newEmulator()
    const token = await applicationToken(emulator)
    const counted = await ask(emulator, '/users?$count=true&$top=1', { token, headers: eventual })
    assert.equal(counted.answer['@odata.count'], 8)
    const ignored = await ask(emulator, '/users?$count=true&$top=1', { token })
    assert.equal(ignored.answer['@odata.count'], undefined)
    const headers = { Authorization: `Bearer ${token}`, ...eventual }
    const url = `${emulator.graphUrl}/users/$count?$filter=${encodeURIComponent('accountEnabled eq false')}`
    const response = await emulator.fetch(new Request(url, { headers }))
    assert.deepEqual(
      [await response.text(), response.headers.get('content-type')],
      ['1', 'text/plain'],
    )
    const lone = await ask(emulator, '/users/$count', { token })
    assert.deepEqual(lone.refused, [400, 'Request_BadRequest'])
  })

  it('needs a right over everybody, and shows little with User.ReadBasic.All (M7)', async () => {
    const emulator = newEmulator()
    const own = await ask(emulator, '/users', { token: await tokenOf(emulator, alice) })
    assert.deepEqual(own.refused, [403, 'Authorization_RequestDenied'])
    const token = await tokenOf(emulator, bob, 'User.ReadBasic.All')
    const path = '/users?$select=id,displayName,jobTitle&$top=1'
    const [first] = listOf((await ask(emulator, path, { token })).answer.value)
    assert.deepEqual(first, { id: aliceId, displayName: 'Alice Example', jobTitle: null })
  })
})

describe('GET groups', () => {
  it('lists and filters the groups of the directory, and finds one by id (M7)', async () => {
    const emulator = newEmulator()
    assert.equal((await valuesOf(emulator, '/groups?$top=999', 'id')).length, 254)
    const filter = encodeURIComponent("displayName eq 'Sales'")
    assert.deepEqual(await valuesOf(emulator, `/groups?$filter=${filter}`, 'id'), [sales])
    const mail = encodeURIComponent('mailEnabled eq true and securityEnabled eq false')
    assert.deepEqual(await valuesOf(emulator, `/groups?$filter=${mail}`, 'id'), [newsletter])
    const token = await applicationToken(emulator)
    const { answer } = await ask(emulator, `/groups/${engineering}`, { token })
    assert.deepEqual([answer.displayName, answer.description], ['Engineering', 'Who builds it'])
    const other = await ask(emulator, '/groups/2b000000-0000-4000-8000-000000000001', { token })
    assert.deepEqual(other.refused, [404, 'Request_ResourceNotFound'])
  })

  it('lists direct and transitive members, of all kinds or cast to one (M7)', async () => {
    const emulator = newEmulator()
    const direct = await valuesOf(emulator, `/groups/${allStaff}/members`, 'id')
    assert.deepEqual(direct, [engineering, sales])
    const all = await valuesOf(emulator, `/groups/${allStaff}/transitiveMembers`, '@odata.type')
    assert.equal(all.filter((type) => type === '#microsoft.graph.group').length, 2)
    assert.equal(all.filter((type) => type === '#microsoft.graph.user').length, 5)
    const cast = `/groups/${allStaff}/transitiveMembers/microsoft.graph.user?$count=true&$select=id`
    assert.equal((await valuesOf(emulator, cast, 'id')).length, 5)
    const memberOf = await valuesOf(emulator, `/groups/${engineering}/memberOf`, 'id')
    assert.deepEqual(memberOf, [allStaff])
  })

  it('needs a right over groups (M7)', async () => {
    const emulator = newEmulator()
    const token = await tokenOf(emulator, alice, 'User.Read.All')
    for (const path of ['/groups', `/groups/${sales}`, `/groups/${sales}/members`]) {
      assert.deepEqual((await ask(emulator, path, { token })).refused, [
        403,
        'Authorization_RequestDenied',
      ])
    }
  })
})

describe('POST getMemberGroups and checkMemberGroups', () => {
  it('answer the ids of groups around a person, by name or id, also of a group (M7)', async () => {
    const emulator = newEmulator()
    const token = await applicationToken(emulator)
    const read = async (path: string, body: unknown) =>
      (await ask(emulator, path, { token, body })).answer.value
    const security = { securityEnabledOnly: true }
    const every = { securityEnabledOnly: false }
    assert.deepEqual(await read(`/users/${bob}/getMemberGroups`, security), [sales, allStaff])
    assert.deepEqual(await read(`/directoryObjects/${bobId}/getMemberGroups`, security), [
      sales,
      allStaff,
    ])
    assert.deepEqual(await read(`/groups/${sales}/getMemberGroups`, every), [allStaff])
    const groupIds = [newsletter, allStaff.toUpperCase(), engineering]
    assert.deepEqual(await read(`/users/${bobId}/checkMemberGroups`, { groupIds }), [allStaff])
    assert.deepEqual(await read(`/users/${bobId}/checkMemberObjects`, { ids: groupIds }), [
      allStaff,
    ])
  })

  it('need the rights that Graph names: User.Read is enough for getMemberObjects alone (M7)', async () => {
    const emulator = newEmulator()
    const body = { securityEnabledOnly: true }
    const own = await tokenOf(emulator, alice, 'User.Read')
    const objects = await ask(emulator, '/me/getMemberObjects', { token: own, body })
    assert.equal(objects.response.status, 200)
    const groups = await ask(emulator, '/me/getMemberGroups', { token: own, body })
    assert.deepEqual(groups.refused, [403, 'Authorization_RequestDenied'])
    const token = await tokenOf(emulator, alice)
    assert.equal((await ask(emulator, '/me/getMemberGroups', { token, body })).response.status, 200)
  })

  const bodies: readonly (readonly [action: string, body: unknown])[] = [
    ['checkMemberGroups', {}],
    ['checkMemberGroups', { groupIds: 'one' }],
    ['checkMemberGroups', { groupIds: Array(21).fill(sales) }],
    ['checkMemberObjects', { ids: [1] }],
    ['getMemberGroups', {}],
    ['getMemberGroups', { securityEnabledOnly: 'true' }],
  ]
  for (const [action, body] of bodies) {
    it(`refuse ${JSON.stringify(body).slice(0, 40)} for ${action}: 400 (M7)`, async () => {
      const emulator = newEmulator()
      const token = await tokenOf(emulator, dave)
      const { response } = await ask(emulator, `/me/${action}`, { token, body })
      assert.equal(response.status, 400)
    })
  }
})

describe('Graph', () => {
  it('names people, groups and the organization by id (M7)', async () => {
    const emulator = newEmulator()
    const token = await applicationToken(emulator)
    const body = { ids: [aliceId, sales, '99999999-0000-4000-8000-000000000000'] }
    const { answer } = await ask(emulator, '/directoryObjects/getByIds', { token, body })
    const names = listOf(answer.value).map(({ displayName }) => displayName)
    assert.deepEqual(names, ['Alice Example', 'Sales'])
    const object = await ask(emulator, `/directoryObjects/${sales}`, { token })
    assert.equal(object.answer['@odata.type'], '#microsoft.graph.group')
    const own = await tokenOf(emulator, alice)
    const { value } = (await ask(emulator, '/organization', { token: own })).answer
    assert.equal(listOf(value)[0]?.displayName, 'Contoso')
  })

  const elsewhere: readonly (readonly [
    method: string,
    path: string,
    status: number,
    code: string,
  ])[] = [
    ['GET', '/me/messages', 400, 'BadRequest'],
    ['GET', '/me/photo/$value', 404, 'ImageNotFound'],
    ['GET', '/me/photos/48x48/$value', 404, 'ImageNotFound'],
    ['GET', '/me/manager', 404, 'Request_ResourceNotFound'],
    ['PATCH', '/me', 405, 'Request_BadRequest'],
    ['DELETE', `/users/${bobId}`, 405, 'Request_BadRequest'],
    ['POST', '/users', 405, 'Request_BadRequest'],
    ['GET', '/../beta/me', 400, 'BadRequest'],
    ['GET', '/../me', 400, 'BadRequest'],
  ]
  for (const [method, path, status, code] of elsewhere) {
    it(`answers ${method} ${path} with JSON of one shape: ${status} (M7)`, async () => {
      const emulator = newEmulator()
      const token = await tokenOf(emulator, alice)
      const { refused, response, answer } = await ask(emulator, path, { token, method })
      assert.deepEqual(refused, [status, code])
      const error = answer.error
      assert.ok(typeof error === 'object' && error !== null && 'innerError' in error)
      assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
    })
  }

  it('can be read by a script of any origin (M7)', async () => {
    const emulator = newEmulator()
    const preflight = await emulator.fetch(
      new Request(`${emulator.graphUrl}/me`, {
        method: 'OPTIONS',
        headers: {
          Origin: 'http://localhost:5173',
          'Access-Control-Request-Method': 'GET',
          'Access-Control-Request-Headers': 'authorization',
        },
      }),
    )
    assert.equal(preflight.status, 204)
    assert.equal(preflight.headers.get('access-control-allow-headers'), 'authorization')
    emulator.setFault({ kind: 'status', on: 'graph', status: 503 })
    for (const expected of [503, 401]) {
      const response = await emulator.fetch(new Request(`${emulator.graphUrl}/me`))
      assert.equal(response.status, expected)
      assert.equal(response.headers.get('access-control-allow-origin'), '*')
    }
  })
})
