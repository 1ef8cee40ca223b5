import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  contoso,
  decodePart,
  frozenAt,
  multiTenant,
  newEmulator,
  type Parameters,
  parseObject,
  post,
  signIn,
  singleTenant,
} from '../../test/support/emulator-sign-in.ts'
import type { Emulator } from './emulator.ts'

const alice = 'alice@contoso.example'

async function refresh(emulator: Emulator, refreshToken: unknown, form: Parameters = {}) {
  const response = await post(emulator, `/${contoso}/oauth2/v2.0/token`, {
    form: {
      grant_type: 'refresh_token',
      client_id: singleTenant.clientId,
      client_secret: singleTenant.secret,
      refresh_token: String(refreshToken),
      ...form,
    },
  })
  return parseObject(await response.json())
}

async function signedIn(emulator = newEmulator()) {
  const answer = await signIn(emulator, alice)
  return { emulator, answer, refreshToken: answer.refresh_token }
}

function outcome({ error, error_codes: codes }: Record<string, unknown>) {
  return [error, ...(Array.isArray(codes) ? codes : [])]
}

describe('a refresh token', () => {
  it('gives new tokens for the same person, without a nonce', async () => {
    const { emulator, answer, refreshToken } = await signedIn()
    const refreshed = await refresh(emulator, refreshToken)
    const [before, after] = [decodePart(answer.id_token, 1), decodePart(refreshed.id_token, 1)]
    assert.deepEqual([after.oid, after.sub, after.sid], [before.oid, before.sub, before.sid])
    assert.equal(after.nonce, undefined)
    assert.notEqual(refreshed.access_token, answer.access_token)
  })

  it('is replaced by each answer, and the one before stays good, as Entra’s do', async () => {
    const { emulator, refreshToken } = await signedIn()
    const { refresh_token: second } = await refresh(emulator, refreshToken)
    assert.notEqual(second, refreshToken)
    assert.equal((await refresh(emulator, refreshToken)).token_type, 'Bearer')
    assert.equal((await refresh(emulator, second)).token_type, 'Bearer')
  })

  it('is revoked with the person’s sessions: AADSTS50173', async () => {
    const { emulator, refreshToken } = await signedIn()
    emulator.revokeSessions(alice)
    assert.deepEqual(outcome(await refresh(emulator, refreshToken)), ['invalid_grant', 50173])
    const again = await signedIn(emulator)
    assert.equal((await refresh(emulator, again.refreshToken)).token_type, 'Bearer')
  })

  it('ends when it was not used for 90 days: AADSTS700082', async () => {
    let days = 0
    const now = () => new Date(frozenAt.getTime() + days * 86_400_000)
    const { emulator, refreshToken } = await signedIn(newEmulator({ now }))
    days = 89
    const { refresh_token: second } = await refresh(emulator, refreshToken)
    days = 91
    assert.deepEqual(outcome(await refresh(emulator, refreshToken)), ['invalid_grant', 700082])
    assert.equal((await refresh(emulator, second)).token_type, 'Bearer')
  })

  it('is refused for a disabled person: AADSTS50057', async () => {
    const { emulator, refreshToken } = await signedIn()
    emulator.updateUser(alice, { accountEnabled: false })
    assert.deepEqual(outcome(await refresh(emulator, refreshToken)), ['invalid_grant', 50057])
  })

  it('is refused for a person who was removed: AADSTS50034', async () => {
    const { emulator, refreshToken } = await signedIn()
    emulator.removeUser(alice)
    assert.deepEqual(outcome(await refresh(emulator, refreshToken)), ['invalid_grant', 50034])
  })

  it('of another client, or of nobody, is refused: AADSTS70000', async () => {
    const { emulator, refreshToken } = await signedIn()
    const other = { client_id: multiTenant.clientId, client_secret: multiTenant.secret }
    assert.deepEqual(outcome(await refresh(emulator, refreshToken, other)), [
      'invalid_grant',
      70000,
    ])
    assert.deepEqual(outcome(await refresh(emulator, 'nonsense')), ['invalid_grant', 70000])
  })

  it('needs the client’s credential', async () => {
    const { emulator, refreshToken } = await signedIn()
    const answer = await refresh(emulator, refreshToken, { client_secret: 'wrong' })
    assert.deepEqual(outcome(answer), ['invalid_client', 7000215])
  })

  it('gives an ID token without groups when the application is configured so', async () => {
    const { emulator, answer, refreshToken } = await signedIn()
    assert.notEqual(decodePart(answer.id_token, 1).groups, undefined)
    const refreshed = await refresh(emulator, refreshToken)
    assert.notEqual(decodePart(refreshed.id_token, 1).groups, undefined)
    emulator.setApplication(singleTenant.clientId, { omitGroupsOnRefresh: true })
    const without = await refresh(emulator, refreshToken)
    assert.equal(decodePart(without.id_token, 1).groups, undefined)
  })

  it('shows a change of the directory in the new ID token', async () => {
    const { emulator, refreshToken } = await signedIn()
    emulator.updateUser(alice, { displayName: 'Alice Married' })
    const { id_token: idToken } = await refresh(emulator, refreshToken)
    assert.equal(decodePart(idToken, 1).name, 'Alice Married')
  })
})

describe('an application for itself (client credentials)', () => {
  const ask = async (emulator: Emulator, tenant: string, scope: string | undefined) => {
    const form = {
      grant_type: 'client_credentials',
      client_id: multiTenant.clientId,
      client_secret: multiTenant.secret,
      scope,
    }
    const response = await post(emulator, `/${tenant}/oauth2/v2.0/token`, { form })
    return parseObject(await response.json())
  }

  it('gets an access token, and nothing about a person', async () => {
    const answer = await ask(newEmulator(), contoso, 'https://graph.microsoft.com/.default')
    assert.deepEqual(Object.keys(answer), [
      'token_type',
      'expires_in',
      'ext_expires_in',
      'access_token',
    ])
  })

  it('asks for ".default" of one known resource, in one tenant', async () => {
    const emulator = newEmulator()
    const scope = 'https://graph.microsoft.com/.default'
    const outcomes = [
      await ask(emulator, contoso, 'https://graph.microsoft.com/User.Read.All'),
      await ask(emulator, contoso, undefined),
      await ask(emulator, contoso, 'api://other/.default'),
      await ask(emulator, 'organizations', scope),
    ].map(outcome)
    assert.deepEqual(outcomes, [
      ['invalid_scope', 70011],
      ['invalid_request', 900144],
      ['invalid_resource', 500011],
      ['invalid_request', 50059],
    ])
  })
})
