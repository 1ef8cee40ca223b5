import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EntradaError } from '../../errors/errors.ts'
import { newCodeFlow } from '../code-flow.ts'
import type { EntraClient } from './entra-oidc.ts'
import { createEntraProvider } from './entra-provider.ts'

const deadline = AbortSignal.timeout(5_000)
const arrival = {
  answer: { kind: 'granted', state: 's', code: 'c' },
  returnAddress: 'https://sso.example.com/auth/entra/callback',
  correlationId: '1',
} as const

function unused(): never {
  throw new Error('no request was expected')
}

/** A connection whose credential is missing, and whose authority publishes where a sign-out goes. */
const provider = createEntraProvider({
  clientId: 'client',
  credentials: () => {
    throw new EntradaError('entra_not_configured')
  },
  randomBytes: (count: number) => new Uint8Array(count),
  authority: {
    metadata: async () => ({ endSessionEndpoint: 'https://login.example/logout', tenantId: 't' }),
    findSigningKey: unused,
    findReplacement: unused,
  },
} as unknown as EntraClient) // of which these tests use nothing else

describe('the identity provider of a connection without a credential', () => {
  const kept = newCodeFlow((count) => new Uint8Array(count))
  const departure = { returnAddress: arrival.returnAddress, attempt: 's', selectAccount: false }

  it('sends no user away in vain', async () => {
    await assert.rejects(provider.depart(departure, kept), { code: 'entra_not_configured' })
  })

  it('still ends sessions, leads to the sign-out and looks up its directory', async () => {
    const query = new URLSearchParams({ sid: 'the session' })
    const ended = await provider.signedOutThere?.({ kind: 'front_channel', query })
    assert.deepEqual(ended, { providerSession: 'the session' })
    const url = await provider.signOut?.({ returnAddress: 'https://x.example/back', state: 's' })
    assert.equal(url?.origin, 'https://login.example')
    assert.equal(await provider.directory?.(deadline), 't')
  })
})

describe('arrive', () => {
  it('rejects a code without the attempt that asked for it', async () => {
    await assert.rejects(provider.arrive(arrival, undefined, deadline), {
      code: 'sign_in_attempt_not_yours',
    })
  })

  it('rejects with what the provider refused, before anything else', async () => {
    const answer = { kind: 'refused', state: 's', error: 'access_denied', errorCodes: [] } as const
    const refused = provider.arrive({ ...arrival, answer }, undefined, deadline)
    await assert.rejects(refused, { code: 'authorization_refused' })
    const down = { ...answer, error: 'server_error' }
    await assert.rejects(provider.arrive({ ...arrival, answer: down }, undefined, deadline), {
      code: 'provider_unreachable',
    })
  })
})
