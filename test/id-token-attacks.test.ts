import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { IdTokenFault, MembersFault } from '../src/emulator/faults.ts'
import {
  assertRefusedForGood,
  type ExpectedRefusal,
  goToEntra,
  hasSessionCookie,
  noRows,
  oneOfEach,
  openRigForTenants,
  rowCounts,
} from './support/refusals.ts'
import {
  CLIENT_ID,
  CONTOSO,
  ENTRA_URL,
  FABRIKAM,
  people,
  type Rig,
  requestsAt,
} from './support/rig.ts'
import { openRig } from './support/steps.ts'

type Attack = {
  readonly it: string
  readonly fault: Omit<IdTokenFault, 'kind'> | Omit<MembersFault, 'on'>
  readonly refused: ExpectedRefusal
}

const header = { code: 'id_token_header_invalid', status: 401 }
const signature = { code: 'id_token_signature_invalid', status: 401 }
const unknownKey = { code: 'id_token_key_unknown', status: 401 }
const claim = { code: 'id_token_claim_invalid', status: 401 }
const answerInvalid = { code: 'provider_answer_invalid', status: 502 }
const missing = { code: 'id_token_missing', status: 502 }

// The rig's clock is stopped at this second.
const NOW = Date.parse('2026-11-22T12:00:00Z') / 1000
const SKEW = 120
const BOB = 'aaaaaaaa-0000-4000-8000-000000000002'
const FRANK = 'bbbbbbbb-0000-4000-8000-000000000001'
const EVIL_ISSUER = 'https://evil.example/v2.0'
const personalAccounts = '9188040d-6c67-4c5b-b112-36a304b66dad'

const issuerOf = (tenantId: string) => `${ENTRA_URL}/${tenantId}/v2.0`
const claims = (setClaims: Readonly<Record<string, unknown>>) => ({ setClaims })
const without = (...removeClaims: readonly string[]) => ({ removeClaims })

const forgeries: readonly Attack[] = [
  {
    it: 'refuses a token whose person was exchanged after signing (A02)',
    fault: { forgeClaims: { oid: BOB, sub: 'somebody else' } },
    refused: signature,
  },
  {
    it: 'refuses a token with a made-up signature (A03)',
    fault: { signature: 'garbage' },
    refused: signature,
  },
  {
    it: 'refuses a token with an empty signature (A04)',
    fault: { signature: 'empty' },
    refused: signature,
  },
  ...['none', 'None', 'NONE', 'nOnE'].map((algorithm) => ({
    it: `refuses an unsigned token that says alg ${algorithm} (A05)`,
    fault: { algorithm },
    refused: header,
  })),
  {
    it: 'refuses a token signed with our own client secret (A06)',
    fault: { algorithm: 'HS256', hmacKey: 'client_secret' },
    refused: header,
  },
  {
    it: 'refuses a token signed with the public key as if it were a password (A06)',
    fault: { algorithm: 'HS256', hmacKey: 'public_key' },
    refused: header,
  },
  {
    it: 'refuses a token of another RSA algorithm than RS256',
    fault: { algorithm: 'PS256' },
    refused: header,
  },
  {
    it: 'refuses a token with an extension it does not know (A11)',
    fault: { setHeader: { crit: ['x'], x: 1 } },
    refused: header,
  },
  {
    it: 'refuses a token signed by a key that is not published (A12)',
    fault: { signature: 'other_key', setHeader: { kid: 'nope' } },
    refused: unknownKey,
  },
  {
    it: 'refuses a token signed by an unpublished key under the name of a published one (A12)',
    fault: { signature: 'other_key' },
    refused: signature,
  },
  {
    it: 'refuses a token without key id, although a published key signed it (A13, A14)',
    fault: { removeHeader: ['kid'] },
    refused: header,
  },
  {
    it: 'does not follow a key that the token brings along',
    fault: { signature: 'other_key', setHeader: { jku: 'https://evil.example/keys', jwk: {} } },
    refused: signature,
  },
]

const misIssued: readonly Attack[] = [
  {
    it: 'refuses another issuer (A17)',
    fault: claims({ iss: EVIL_ISSUER }),
    refused: claim,
  },
  {
    it: "refuses the issuer of our tenant on Microsoft's other host (A17)",
    fault: claims({ iss: `https://sts.windows.net/${CONTOSO}/` }),
    refused: claim,
  },
  { it: 'refuses a token without issuer (A18)', fault: without('iss'), refused: claim },
  {
    it: 'refuses a token whose tenant is not that of its issuer (A20)',
    fault: claims({ tid: FABRIKAM }),
    refused: claim,
  },
  {
    it: 'refuses a v1.0 token (A22)',
    fault: claims({ ver: '1.0', iss: `https://sts.windows.net/${CONTOSO}/` }),
    refused: claim,
  },
  {
    it: 'refuses a token of version 1.0 with a v2.0 issuer (A22)',
    fault: claims({ ver: '1.0' }),
    refused: claim,
  },
  {
    it: "refuses a stranger tenant's token that is valid in every other way",
    fault: claims({ iss: issuerOf(FABRIKAM), tid: FABRIKAM, oid: FRANK }),
    refused: claim,
  },
  {
    it: 'refuses a personal account where a tenant is pinned (B09)',
    fault: claims({ iss: issuerOf(personalAccounts), tid: personalAccounts }),
    refused: claim,
  },
]

const wrongAudience: readonly Attack[] = [
  ['another application (A23)', claims({ aud: 'other' })],
  ['nobody (A23)', without('aud')],
  ['an empty list (A23)', claims({ aud: [] })],
  ['us and a stranger (A24)', claims({ aud: [CLIENT_ID, 'other'] })],
  ['us and a stranger who asked for it (A24)', claims({ aud: [CLIENT_ID, 'x'], azp: 'x' })],
  ['us twice (A24)', claims({ aud: [CLIENT_ID, CLIENT_ID] })],
].map(([whom, fault]) => ({
  it: `refuses a token made for ${whom}`,
  fault: fault as Omit<IdTokenFault, 'kind'>, // the second of each row
  refused: claim,
}))

const broken: readonly Attack[] = [
  ...['sub', 'oid', 'tid'].map((name) => ({
    it: `refuses a token without ${name} (A26)`,
    fault: without(name),
    refused: claim,
  })),
  ...[
    { tid: 'not-a-guid' },
    { tid: [CONTOSO] },
    { oid: '' },
    { oid: ['x'] },
    { oid: { $ne: null } },
    { oid: 'alice@contoso.example' },
    { sub: '' },
    { sub: 7 },
  ].map((wrong) => ({
    it: `refuses a token that says ${JSON.stringify(wrong)} (A26)`,
    fault: claims(wrong),
    refused: claim,
  })),
  ...['iat', 'exp', 'ver'].map((name) => ({
    it: `refuses a token without ${name} (A27)`,
    fault: without(name),
    refused: claim,
  })),
  ...[{ exp: String(NOW + 3600) }, { exp: null }, { iat: 'now' }].map((wrong) => ({
    it: `refuses a token with a time that is no number: ${JSON.stringify(wrong)} (A27)`,
    fault: claims(wrong),
    refused: claim,
  })),
]

const outOfTime: readonly Attack[] = [
  { it: 'refuses a token of an hour ago (A28)', fault: claims({ exp: NOW - 3600 }) },
  {
    it: 'refuses a token one second beyond the skew (A28)',
    fault: claims({ exp: NOW - SKEW - 1 }),
  },
  {
    it: 'refuses a token that expired exactly the skew ago (A28)',
    fault: claims({ exp: NOW - SKEW }),
  },
  { it: 'refuses a token that is not valid yet (A30)', fault: claims({ nbf: NOW + 3600 }) },
  { it: 'refuses a token issued in the future (A30)', fault: claims({ iat: NOW + 7200 }) },
  {
    it: 'refuses a token issued one second beyond the skew (A30)',
    fault: claims({ iat: NOW + SKEW + 1 }),
  },
].map((attack) => ({ ...attack, refused: claim }))

const wrongNonce: readonly Attack[] = [
  ['another', claims({ nonce: 'evil' })],
  ['no', without('nonce')],
  ['a null', claims({ nonce: null })],
  ['a list as', claims({ nonce: ['evil'] })],
  ['an empty', claims({ nonce: '' })],
].map(([what, fault]) => ({
  it: `refuses a token with ${what} nonce (A31)`,
  fault: fault as Omit<IdTokenFault, 'kind'>, // the second of each row
  refused: claim,
}))

const oddEmail: readonly Attack[] = [['frank@contoso.example'], '', 5, 'x'.repeat(2049)].map(
  (email): Attack => ({
    it: `refuses an email claim that is ${JSON.stringify(email).slice(0, 30)} (S15)`,
    fault: { setClaims: { email } },
    refused: claim,
  }),
)

const noToken: readonly Attack[] = [
  {
    it: 'refuses an answer without ID token (A37)',
    fault: { kind: 'members', remove: ['id_token'] },
    refused: missing,
  },
  {
    it: 'refuses an answer that has an error beside its ID token (S11)',
    fault: { kind: 'members', set: { error: 'invalid_grant' } },
    refused: { code: 'code_refused', status: 400 },
  },
  {
    it: 'refuses an answer whose refresh token is no text (S11)',
    fault: { kind: 'members', set: { refresh_token: { value: 'x' } } },
    refused: answerInvalid,
  },
  ...[5, {}, null, ['x'], ''].map(
    (idToken): Attack => ({
      it: `refuses an answer whose ID token is ${JSON.stringify(idToken)} (A37)`,
      fault: { kind: 'members', set: { id_token: idToken } },
      refused: answerInvalid,
    }),
  ),
  ...['abc', 'a.b.c', '..', `${'x'.repeat(20_000)}.y.z`].map(
    (idToken): Attack => ({
      it: `refuses an ID token that is no token: ${idToken.slice(0, 8)} (A37)`,
      fault: { kind: 'members', set: { id_token: idToken } },
      refused: header,
    }),
  ),
]

function itRefuses(attacks: readonly Attack[]): void {
  for (const { it: sentence, fault, refused } of attacks) {
    it(sentence, async (t) => {
      const rig = await openRig(t)
      const at = await goToEntra(rig, people.alice)
      rig.emulator.setFault(
        'kind' in fault ? { on: 'token', ...fault } : { kind: 'id_token', ...fault },
      )
      await assertRefusedForGood(rig, at, refused)
      assert.deepEqual(await rowCounts(rig), noRows)
      assert.equal(requestsAt(rig, 'keys') <= 2, true)
    })
  }
}

describe('a sign-in with an ID token that Entra did not sign', () => itRefuses(forgeries))
describe('a sign-in with an ID token of another issuer', () => itRefuses(misIssued))
describe('a sign-in with an ID token for somebody else', () => itRefuses(wrongAudience))
describe('a sign-in with an ID token without what makes it one', () => itRefuses(broken))
describe('a sign-in with an ID token of another time', () => itRefuses(outOfTime))
describe('a sign-in with an ID token of another attempt', () => itRefuses(wrongNonce))
describe('a sign-in with an ID token whose email is no text', () => itRefuses(oddEmail))
describe('a sign-in without an ID token', () => itRefuses(noToken))

describe('a sign-in with an ID token whose key', () => {
  it('is published for another tenant is refused', async (t) => {
    const rig = await openRig(t)
    await publishKeys(rig, (key) => ({ ...key, issuer: issuerOf(FABRIKAM) }))
    const at = await goToEntra(rig, people.alice)
    await assertRefusedForGood(rig, at, unknownKey)
    assert.deepEqual(await rowCounts(rig), noRows)
  })

  it('names no issuer still has to be of the tenant it speaks of (A20)', async (t) => {
    const rig = await openRig(t)
    await publishKeys(rig, ({ issuer: _, ...key }) => key)
    rig.emulator.setFault({ kind: 'id_token', ...claims({ tid: FABRIKAM }) })
    const at = await goToEntra(rig, people.alice)
    await assertRefusedForGood(rig, at, claim)
    assert.deepEqual(await rowCounts(rig), noRows)

    assert.equal((await rig.signIn(people.alice)).response.status, 200)
  })

  it('was published a moment ago is found by asking once more (A15)', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    assert.equal(requestsAt(rig, 'keys'), 1)
    await rig.emulator.rotateKeys()
    const { response, text } = await rig.signIn(people.bob)
    assert.equal(response.status, 200, text)
    assert.equal(requestsAt(rig, 'keys'), 2)
  })
})

describe('a sign-in with an ID token at the edge of what is right', () => {
  const accepted = [
    ['expired less than the skew ago (A28)', { exp: NOW - SKEW + 1 }],
    ['is valid from the end of the skew on (A30)', { nbf: NOW + SKEW }],
    ['was issued at the end of the skew (A30)', { iat: NOW + SKEW }],
    ['names us as the only one of a list (A24)', { aud: [CLIENT_ID] }],
  ] as const
  for (const [sentence, setClaims] of accepted) {
    it(`that ${sentence} is let in`, async (t) => {
      const rig = await openRig(t)
      rig.emulator.setFault({ kind: 'id_token', ...claims(setClaims) })
      const { response, text, browser } = await rig.signIn(people.alice)
      assert.equal(response.status, 200, text)
      assert.equal(hasSessionCookie(browser), true)
      assert.deepEqual(await rowCounts(rig), oneOfEach)
    })
  }
})

describe('a sign-in of a tenant that is not on the list', () => {
  it('is refused although the token is valid in every way', async (t) => {
    const rig = await openRigForTenants(t, [CONTOSO])
    assert.equal((await rig.signIn(people.alice)).response.status, 200)
    const rows = await rowCounts(rig)

    const at = await goToEntra(rig, people.frank)
    await assertRefusedForGood(rig, at, { code: 'tenant_not_allowed', status: 403 })
    assert.deepEqual(await rowCounts(rig), rows)
  })

  it('cannot borrow the issuer of one that is: tenant and issuer have to agree (A20)', async (t) => {
    const rig = await openRigForTenants(t, [CONTOSO, FABRIKAM])
    rig.emulator.setFault({ kind: 'id_token', ...claims({ tid: CONTOSO }) })
    await assertRefusedForGood(rig, await goToEntra(rig, people.frank), claim)
    rig.emulator.setFault({ kind: 'id_token', ...claims({ iss: issuerOf(CONTOSO) }) })
    await assertRefusedForGood(rig, await goToEntra(rig, people.frank), claim)
    assert.deepEqual(await rowCounts(rig), noRows)
  })
})

/** The next list of keys is published in another shape. */
async function publishKeys(
  rig: Rig,
  change: (key: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  const address = `${ENTRA_URL}/${CONTOSO}/discovery/v2.0/keys`
  const response = await rig.emulator.fetch(new Request(address))
  const { keys } = (await response.json()) as { readonly keys: Record<string, unknown>[] } // the emulator's own
  rig.emulator.setFault({ kind: 'members', on: 'keys', set: { keys: keys.map(change) } })
}
