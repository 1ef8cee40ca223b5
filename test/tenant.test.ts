import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertRefused, goToEntra, noRows, rowCounts } from './support/refusals.ts'
import { newDatabaseFile } from './support/replicas.ts'
import {
  CLIENT_ID,
  CONTOSO,
  createRig,
  ENTRA_URL,
  FABRIKAM,
  people,
  type Rig,
} from './support/rig.ts'
import { openRig } from './support/steps.ts'

const tenantChanged = { code: 'tenant_changed' }

async function configuredTenant({ services }: Rig) {
  return (await services.storage.findConnection('default'))?.tenants
}

describe('a server that is started with another tenant', () => {
  const changes = [
    ['another tenant id', { tenantId: FABRIKAM }],
    ['another cloud', { authority: new URL('https://login.microsoftonline.us') }],
    ['another authority', { authority: new URL('http://localhost:4000') }],
  ] as const
  for (const [what, entra] of changes) {
    it(`refuses to start when people were linked from the old one: ${what} (B27)`, async (t) => {
      const database = await newDatabaseFile(t)
      const before = await openRig(t, { database })
      await before.signIn(people.alice)
      const { secretKeys } = before.options
      await assert.rejects(createRig({ database, secretKeys, entra }), tenantChanged)

      const restored = await openRig(t, { database, secretKeys })
      assert.equal((await restored.signIn(people.alice)).response.status, 200)
      assert.equal((await rowCounts(restored)).users, 1)
    })
  }

  it('starts when nobody was linked yet', async (t) => {
    const database = await newDatabaseFile(t)
    const { options } = await openRig(t, { database })
    const { secretKeys } = options
    const rig = await openRig(t, { database, secretKeys, entra: { tenantId: FABRIKAM } })
    assert.deepEqual(await configuredTenant(rig), {
      kind: 'pinned',
      tenant: FABRIKAM,
      tenantId: FABRIKAM,
    })
  })

  it('starts with the same tenant in other letters, and with another secret', async (t) => {
    const database = await newDatabaseFile(t)
    const before = await openRig(t, { database })
    await before.signIn(people.alice)
    const { secretKeys } = before.options
    const entra = { tenantId: CONTOSO.toUpperCase(), clientId: CLIENT_ID }
    const rig = await openRig(t, { database, secretKeys, entra })
    assert.equal((await rig.signIn(people.alice)).response.status, 200)
    assert.equal((await rowCounts(rig)).users, 1)
  })

  it('switches the sign-in off when the settings are gone, and knows the tenant again later', async (t) => {
    const database = await newDatabaseFile(t)
    const before = await openRig(t, { database })
    await before.signIn(people.alice)
    const { secretKeys } = before.options
    await (await createRig({ database, secretKeys, withoutEntra: true })).close()
    const entra = { tenantId: FABRIKAM }
    await assert.rejects(createRig({ database, secretKeys, entra }), tenantChanged)
  })
})

describe('a tenant given as a domain', () => {
  const byDomain = { tenantId: 'contoso.example' }

  it('is asked for once and then stays, whatever Entra says of the domain later (B27)', async (t) => {
    const database = await newDatabaseFile(t)
    const before = await openRig(t, { database, entra: byDomain })
    assert.deepEqual(await configuredTenant(before), { kind: 'pinned', tenant: 'contoso.example' })
    await before.signIn(people.alice)
    const resolved = { kind: 'pinned', tenant: 'contoso.example', tenantId: CONTOSO }
    assert.deepEqual(await configuredTenant(before), resolved)

    const { secretKeys } = before.options
    const rig = await openRig(t, { database, secretKeys, entra: byDomain })
    const moved = { issuer: `${ENTRA_URL}/${FABRIKAM}/v2.0` }
    rig.emulator.setFault({ kind: 'members', on: 'discovery', set: moved })
    const setClaims = { iss: moved.issuer, tid: FABRIKAM }
    rig.emulator.setFault({ kind: 'id_token', setClaims })
    const at = await goToEntra(rig, people.bob)
    await assertRefused(rig, at, { code: 'tenant_not_allowed', status: 403 })
    assert.deepEqual(await configuredTenant(rig), resolved)
    assert.equal((await rowCounts(rig)).users, 1)
  })

  it('is the same as its tenant id, for the people who are here', async (t) => {
    const database = await newDatabaseFile(t)
    const before = await openRig(t, { database, entra: byDomain })
    await before.signIn(people.alice)
    const { secretKeys } = before.options
    const rig = await openRig(t, { database, secretKeys })
    assert.equal((await rig.signIn(people.alice)).response.status, 200)
    const again = await openRig(t, { database, secretKeys, entra: byDomain })
    assert.equal((await again.signIn(people.alice)).response.status, 200)
    assert.equal((await rowCounts(again)).users, 1)
  })

  it('of another directory lets nobody in while people are linked (B27)', async (t) => {
    const database = await newDatabaseFile(t)
    const before = await openRig(t, { database })
    await before.signIn(people.alice)
    const { secretKeys } = before.options
    const entra = { tenantId: 'fabrikam.example' }
    const rig = await openRig(t, { database, secretKeys, entra })
    rig.emulator.setApplication(CLIENT_ID, { audience: 'multi_tenant', availableIn: [FABRIKAM] })
    const at = await goToEntra(rig, people.frank)
    await assertRefused(rig, at, { code: 'tenant_changed', status: 503 })
    assert.equal((await rowCounts(rig)).users, 1)
  })

  it('keeps out a person of another directory from the first sign-in on', async (t) => {
    const rig = await openRig(t, { entra: byDomain })
    const setClaims = { iss: `${ENTRA_URL}/${FABRIKAM}/v2.0`, tid: FABRIKAM }
    rig.emulator.setFault({ kind: 'id_token', setClaims })
    const at = await goToEntra(rig, people.alice)
    await assertRefused(rig, at, { code: 'id_token_claim_invalid', status: 401 })
    assert.deepEqual(await rowCounts(rig), noRows)
  })
})
