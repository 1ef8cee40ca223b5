import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import {
  api,
  contoso,
  fabrikam,
  frozenAt,
  multiTenant,
  newEmulator,
  origin,
  type Parameters,
  parseObject,
  readRefusal,
  requestTokens,
  signIn,
  singleTenant,
} from '../../test/support/emulator-sign-in.ts'
import type { Emulator } from './emulator.ts'

const alice = 'alice@contoso.example'
const aliceId = 'aaaaaaaa-0000-4000-8000-000000000001'

async function verified(emulator: Emulator, accessToken: unknown, version: 'v2.0' | undefined) {
  const base = `${origin}/${contoso}${version === undefined ? '' : `/${version}`}`
  const document = `${base}/.well-known/openid-configuration`
  const { issuer, jwks_uri: keys } = parseObject(
    await (await emulator.fetch(new Request(document))).json(),
  )
  const list = await (await emulator.fetch(new Request(String(keys)))).json()
  const options = { issuer: String(issuer), currentDate: frozenAt, algorithms: ['RS256'] }
  return jwtVerify(String(accessToken), createLocalJWKSet(list), options)
}

async function accessTokenFor(emulator: Emulator, scope: string) {
  const { access_token: accessToken } = await signIn(emulator, alice, { changes: { scope } })
  return accessToken
}

async function applicationToken(emulator: Emulator, form: Parameters = {}, tenant = contoso) {
  return requestTokens(
    emulator,
    {
      grant_type: 'client_credentials',
      client_id: singleTenant.clientId,
      client_secret: singleTenant.secret,
      scope: `${api.uri}/.default`,
      ...form,
    },
    { tenant },
  )
}

describe('an access token for an API of the directory', () => {
  it('is a JWT of version 2 that the published keys verify (M7)', async () => {
    const emulator = newEmulator()
    const token = await accessTokenFor(emulator, `openid ${api.uri}/access_as_user`)
    const { payload, protectedHeader } = await verified(emulator, token, 'v2.0')
    assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'kid', 'typ'])
    const { aud, azp, azpacr, scp, oid, tid, ver, preferred_username: name } = payload
    assert.deepEqual(
      { aud, azp, azpacr, scp, oid, tid, ver, name },
      {
        aud: api.clientId,
        azp: singleTenant.clientId,
        azpacr: '1',
        scp: 'access_as_user',
        oid: aliceId,
        tid: contoso,
        ver: '2.0',
        name: alice,
      },
    )
    assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 3599)
  })

  it('is of version 1 where the API is registered so, for the name it was asked for by (M7)', async () => {
    const emulator = newEmulator()
    emulator.setApplication(api.clientId, { accessTokenVersion: 1 })
    const token = await accessTokenFor(emulator, `${api.uri}/access_as_user`)
    const { payload, protectedHeader } = await verified(emulator, token, undefined)
    assert.equal(protectedHeader.x5t, protectedHeader.kid)
    const { iss, aud, appid, appidacr, scp, upn, ver } = payload
    assert.deepEqual(
      { iss, aud, appid, appidacr, scp, upn, ver },
      {
        iss: `https://sts.windows.net/${contoso}/`,
        aud: api.uri,
        appid: singleTenant.clientId,
        appidacr: '1',
        scp: 'access_as_user',
        upn: alice,
        ver: '1.0',
      },
    )
  })

  it('has the groups, roles and optional claims that the API is registered for (M7)', async () => {
    const emulator = newEmulator()
    emulator.setApplication(api.clientId, {
      groupMembershipClaims: 'SecurityGroup',
      optionalClaims: ['email'],
    })
    emulator.assign(api.clientId, aliceId, 'Tasks.Read.All')
    const token = await accessTokenFor(emulator, `${api.uri}/access_as_user`)
    const { payload } = await verified(emulator, token, 'v2.0')
    assert.deepEqual(payload.roles, ['Tasks.Read.All'])
    assert.deepEqual(payload.groups, [
      '1a000000-0000-4000-8000-000000000001',
      '1a000000-0000-4000-8000-000000000003',
    ])
    assert.equal(payload.email, alice)
  })

  it('can be asked for by client id, by ".default" and for oneself (M7)', async () => {
    const emulator = newEmulator()
    emulator.setApplication(singleTenant.clientId, {
      identifierUris: ['api://ours', 'https://ours.example/api/'],
      exposedScopes: ['Read'],
    })
    for (const [scope, audience] of [
      [`${api.clientId}/access_as_user`, api.clientId],
      [`${api.uri}/.default`, api.clientId],
      ['api://OURS/read', 'api://OURS'],
      ['https://ours.example/api//.default', 'https://ours.example/api/'],
    ] as const) {
      const token = await accessTokenFor(emulator, scope)
      const version = audience === api.clientId ? 'v2.0' : undefined
      const { payload } = await verified(emulator, token, version)
      assert.equal(payload.aud, audience)
      assert.match(String(payload.scp), /^(access_as_user|Read)$/)
    }
  })

  it('stays opaque for Microsoft Graph, which does not take one for an API (M7)', async () => {
    const emulator = newEmulator()
    assert.doesNotMatch(String(await accessTokenFor(emulator, 'User.Read')), /\..*\./)
    const token = await accessTokenFor(emulator, `${api.uri}/access_as_user`)
    const response = await emulator.fetch(
      new Request(`${emulator.graphUrl}/me`, { headers: { Authorization: `Bearer ${token}` } }),
    )
    assert.equal(response.status, 401)
  })

  it('has the app roles that the API assigned to an application for itself (M7)', async () => {
    const emulator = newEmulator()
    const { access_token: token } = parseObject(await (await applicationToken(emulator)).json())
    const { payload } = await verified(emulator, token, 'v2.0')
    assert.deepEqual(payload.roles, ['Tasks.Read.All'])
    assert.equal(payload.sub, payload.oid)
    assert.equal('scp' in payload, false)
  })

  it('is refused to an application that is not assigned, where the API asks for it (M7)', async () => {
    const emulator = newEmulator()
    emulator.setApplication(api.clientId, { assignmentRequired: true })
    emulator.unassign(api.clientId, singleTenant.clientId)
    assert.deepEqual(await readRefusal(await applicationToken(emulator)), [
      400,
      'invalid_grant',
      501051,
    ])
  })

  it('is refused in a tenant that does not have the API (M7)', async () => {
    const emulator = newEmulator()
    emulator.setApplication(api.clientId, { availableIn: [] })
    const client = { client_id: multiTenant.clientId, client_secret: multiTenant.secret }
    assert.deepEqual(await readRefusal(await applicationToken(emulator, client, fabrikam)), [
      400,
      'invalid_resource',
      500011,
    ])
  })
})
