import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { entraIdsOf, entraPersonKey } from './person-key.ts'

const ids = { cloud: 'global', tid: 'ABCDEF00-1111', oid: 'Oid-1' }

describe('the key of a person of Entra', () => {
  it('is one in any letter case of cloud, directory and object id', () => {
    const key = { space: 'entra:global', directory: 'abcdef00-1111', subject: 'oid-1' }
    assert.deepEqual(entraPersonKey(ids), key)
    assert.deepEqual(entraPersonKey({ cloud: 'GLOBAL', tid: key.directory, oid: 'OID-1' }), key)
  })

  it('has its parts under the names of the claims, and another provider’s key has none', () => {
    const folded = { cloud: 'global', tid: 'abcdef00-1111', oid: 'oid-1' }
    assert.deepEqual(entraIdsOf(entraPersonKey(ids)), folded)
    assert.equal(
      entraIdsOf({ space: 'oidc', directory: 'https://x.example', subject: '1' }),
      undefined,
    )
  })
})
