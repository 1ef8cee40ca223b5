import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { onlyUser } from './support/people.ts'
import {
  assertRefused,
  assertRefusedForGood,
  goToEntra,
  noRows,
  rowCounts,
} from './support/refusals.ts'
import { newDatabaseFile } from './support/replicas.ts'
import { CONTOSO, FABRIKAM, people } from './support/rig.ts'
import { openRig } from './support/steps.ts'

describe('guests of the directory', () => {
  const refused = { code: 'guest_not_allowed', status: 403 }

  it('are refused', async (t) => {
    const rig = await openRig(t)
    await assertRefusedForGood(rig, await goToEntra(rig, people.grace), refused)
    assert.deepEqual(await rowCounts(rig), noRows)
  })

  it('are let in when the connection says so, as what they are', async (t) => {
    const rig = await openRig(t, { entra: { policies: { guests: 'allow' } } })
    const { text } = await rig.signIn(people.grace)
    assert.match(text, /Hello, Grace Fabrikam/)
    const { membership } = await onlyUser(rig)
    assert.equal(membership.profile.guest, true)
    assert.equal(membership.username, 'grace')
  })

  for (const acct of [1, '1']) {
    it(`are known by acct ${JSON.stringify(acct)}`, async (t) => {
      const rig = await openRig(t)
      rig.emulator.setFault({ kind: 'id_token', setClaims: { acct } })
      await assertRefused(rig, await goToEntra(rig, people.alice), refused)
    })
  }

  for (const acct of [2, true, [0]]) {
    it(`are not decided by acct ${JSON.stringify(acct)}, which is refused by name`, async (t) => {
      const rig = await openRig(t)
      rig.emulator.setFault({ kind: 'id_token', setClaims: { acct } })
      const malformed = { code: 'id_token_claim_invalid', status: 401 }
      await assertRefused(rig, await goToEntra(rig, people.alice), malformed)
    })
  }

  it('are known without acct, by an identity provider that is not the issuer', async (t) => {
    const rig = await openRig(t)
    rig.emulator.setFault({ kind: 'id_token', removeClaims: ['acct'] })
    await assertRefused(rig, await goToEntra(rig, people.grace), refused)
    rig.emulator.setFault({ kind: 'id_token', removeClaims: ['acct'] })
    assert.equal((await rig.signIn(people.alice)).response.status, 200)
  })

  it('are not taken for guests by their own directory in another spelling, without acct (E7)', async (t) => {
    const rig = await openRig(t)
    const without = { kind: 'id_token', removeClaims: ['acct'] } as const
    for (const idp of [
      `https://sts.windows.net/${CONTOSO}/`,
      `https://login.microsoftonline.com/${CONTOSO}/v2.0`,
    ]) {
      rig.emulator.setFault({ ...without, setClaims: { idp } })
      assert.equal((await rig.signIn(people.alice)).response.status, 200, idp)
    }
    for (const idp of [`https://sts.windows.net/${FABRIKAM}/`, 'live.com', 'google.com']) {
      rig.emulator.setFault({ ...without, setClaims: { idp } })
      await assertRefused(rig, await goToEntra(rig, people.alice), refused)
    }
  })

  it('stay out once the connection no longer takes them', async (t) => {
    const database = await newDatabaseFile(t)
    const open = await openRig(t, { database, entra: { policies: { guests: 'allow' } } })
    await open.signIn(people.grace)
    const closed = await openRig(t, { database, secretKeys: open.options.secretKeys })
    const rows = await rowCounts(closed)
    await assertRefused(closed, await goToEntra(closed, people.grace), refused)
    assert.deepEqual(await rowCounts(closed), rows)
  })
})
