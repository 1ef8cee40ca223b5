/** A username belongs to one person for good: applications keep data under it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rotateKeys } from '../src/admin/rotate-keys.ts'
import { ask } from './support/api-calls.ts'
import { createUser, sessionJson, usersOf } from './support/people.ts'
import { CONTOSO, people, type Rig, SERVER_URL } from './support/rig.ts'
import { asOperator, auditEvents, openRig } from './support/steps.ts'

const KIM = 'kim@contoso.example'

function verify(browser: Awaited<ReturnType<Rig['signIn']>>['browser']): Promise<Response> {
  return browser.request(`${SERVER_URL}/auth/verify`)
}

/** Signs Kim in, removes that user, and gives the sign-in name to another person of the directory. */
async function replaceKim(rig: Rig): Promise<void> {
  rig.emulator.addUser(CONTOSO, { userPrincipalName: KIM })
  const { browser } = await rig.signIn(KIM)
  assert.equal((await verify(browser)).headers.get('x-auth-request-user'), 'kim')
  const { user } = await sessionJson(browser)
  const removed = await ask(rig, `/users/${user.id}`, { method: 'DELETE' })
  assert.equal(removed.status, 204)
  rig.emulator.removeUser(KIM)
  rig.emulator.addUser(CONTOSO, { userPrincipalName: KIM })
}

const release = (rig: Rig, username: string, organization = 'default') =>
  ask(rig, `/organizations/${organization}/retired-usernames/${username}`, { method: 'DELETE' })

describe('the username of a removed user', () => {
  it('goes to nobody else: who has the same sign-in name gets a number (S3)', async (t) => {
    const rig = await openRig(t)
    await replaceKim(rig)
    const { browser } = await rig.signIn(KIM)
    assert.equal((await verify(browser)).headers.get('x-auth-request-user'), 'kim-2')
  })

  it('is refused to an operator who asks for it, in any letter case, until it is released (S3)', async (t) => {
    const rig = await openRig(t)
    await replaceKim(rig)
    const create = (username: string) => ask(rig, '/users', { method: 'POST', body: { username } })
    for (const username of ['kim', 'KIM']) {
      const { status, body } = await create(username)
      assert.deepEqual([status, body.code], [409, 'username_given_before'])
    }
    assert.equal((await release(rig, 'lee')).status, 404)
    assert.equal((await release(rig, 'kim', 'no-such')).status, 404)
    assert.equal((await release(rig, 'Kim')).status, 204)
    assert.equal((await release(rig, 'kim')).status, 404)
    const [event] = await auditEvents(rig, { type: 'username.released' })
    assert.deepEqual(event?.detail, { username: 'Kim' })
    assert.equal((await create('kim')).status, 201)
  })

  it('is released from the command line, in an organization by its short name', async (t) => {
    const rig = await openRig(t)
    await replaceKim(rig)
    const noRight = await ask(rig, '/organizations/default/retired-usernames/kim', {
      method: 'DELETE',
      as: {},
    })
    assert.equal(noRight.status, 401)
    assert.equal((await release(rig, 'kim')).status, 204)
    const { browser } = await rig.signIn(KIM)
    assert.equal((await verify(browser)).headers.get('x-auth-request-user'), 'kim')
  })

  it('is kept as a hash under a key that follows the key ring (S3)', async (t) => {
    const rig = await openRig(t)
    const { services } = rig
    assert.equal(await services.storage.findSealedKey('retired-usernames'), undefined)
    await replaceKim(rig)
    const sealed = await services.storage.findSealedKey('retired-usernames')
    assert.match(sealed ?? '', new RegExp(`^v1\\.${services.keyRing.keyIds[0]}\\.`))
    const { keys } = await rotateKeys(services, { kind: 'operator', id: 'test' })
    assert.deepEqual(keys, [{ keyId: services.keyRing.keyIds[0], values: 1 }])
    const plain = await services.storage.findRetiredUsernames('default', ['kim', 'KIM'])
    assert.deepEqual(plain, new Set())
  })

  it('stays free in other organizations, and a user who was only disabled keeps it', async (t) => {
    const rig = await openRig(t)
    await replaceKim(rig)
    const other = await ask(rig, '/organizations', { method: 'POST', body: { name: 'Other' } })
    const organizationId = String(other.body.id)
    await createUser(rig, { username: 'kim', organizationId })
    await rig.signIn(people.alice)
    const [alice] = (await usersOf(rig)).filter(({ memberships }) =>
      memberships.some(({ username }) => username === 'alice'),
    )
    await ask(rig, `/users/${alice?.user.id}/disable`, { method: 'POST', as: asOperator })
    const again = await ask(rig, '/users', { method: 'POST', body: { username: 'alice' } })
    assert.deepEqual([again.status, again.body.code], [409, 'username_in_use'])
  })
})
