import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EntradaError } from '../errors/errors.ts'
import type { IdentityProvider } from '../identity-provider/identity-provider.ts'
import { silentLog } from '../log/log.ts'
import type { Connection } from '../storage/records.ts'
import { warmUp } from './loaded-later.ts'

const connection = { id: 'default' } as Connection // of which nothing else is read here

/** Warms up with a provider of this behaviour, and returns what happened, in order. */
async function steps(
  warmUpProvider: (() => Promise<void>) | undefined,
  isConfigured = true,
  stopped = new AbortController().signal,
) {
  const seen: string[] = []
  const provider = { ...(warmUpProvider ? { warmUp: warmUpProvider } : {}) }
  const services = {
    deployment: isConfigured ? { defaultConnectionId: connection.id } : {},
    storage: { findConnection: async () => connection },
    identityProviderFor: (): Pick<IdentityProvider, 'warmUp'> => {
      seen.push('provider')
      return provider
    },
    log: {
      ...silentLog,
      warn: (event: string, { code }: { code?: string } = {}) => void seen.push(`${event} ${code}`),
    },
  }
  await warmUp(
    services as unknown as Parameters<typeof warmUp>[0],
    async () => void seen.push('routes'),
    stopped,
  )
  return seen
}

describe('warmUp', () => {
  it('loads the routes first, because every request needs them', async () => {
    assert.deepEqual(await steps(async () => {}), ['routes', 'provider'])
  })

  it('logs that the provider cannot be reached, and leaves it to the first sign-in', async () => {
    const failed = await steps(async () => {
      throw new EntradaError('provider_unreachable', { endpoint: 'discovery' })
    })
    assert.deepEqual(failed, ['routes', 'provider', 'provider_not_reached provider_unreachable'])
  })

  it('begins nothing with the provider once the server has stopped', async () => {
    assert.deepEqual(await steps(async () => {}, true, AbortSignal.abort()), ['routes'])
  })

  it('does without a provider that fetches nothing, and without a configured connection', async () => {
    assert.deepEqual(await steps(undefined), ['routes', 'provider'])
    assert.deepEqual(await steps(async () => {}, false), ['routes'])
  })
})
