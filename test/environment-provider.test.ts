/** The connection of the environment signs in with the application that is configured here, whatever its record in the database holds. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Connection } from '../src/storage/records.ts'
import { CLIENT_ID } from './support/rig.ts'
import { openRig } from './support/steps.ts'

const OTHER_CLIENT = '99999999-0000-4000-8000-000000000009'

describe('the provider of the environment’s connection', () => {
  it('sends users, and with them the configured secret, to the configured authority alone', async (t) => {
    const { services } = await openRig(t)
    const stored = await services.storage.findConnection('default')
    assert(stored !== undefined)
    const changed: Connection = {
      ...stored,
      cloud: 'global',
      authority: 'https://login.evil.example',
      clientId: OTHER_CLIENT,
    }
    const provider = services.identityProviderFor(changed)
    const departure = {
      returnAddress: 'http://sso.localhost:3000/auth/entra/callback',
      attempt: 'state',
      selectAccount: false,
    }
    const { url } = await provider.depart(departure, provider.prepare())
    assert.equal(url.origin, new URL(stored.authority).origin)
    assert.equal(url.searchParams.get('client_id'), CLIENT_ID)
  })
})
