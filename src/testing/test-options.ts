import type { EntradaOptions } from '../settings/options.ts'

/** Returns options of an instance for tests: a database in memory, keys of its own, and a directory that receives no requests. */
export function testOptions(changes: Partial<EntradaOptions> = {}): EntradaOptions {
  return {
    mode: 'development',
    serverUrl: 'http://localhost:3000',
    database: ':memory:',
    secretKeys: [Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')],
    entra: {
      tenantId: '00000000-0000-4000-8000-000000000001',
      clientId: '00000000-0000-4000-8000-000000000002',
      clientSecret: 'never-sent',
    },
    fetch: () => Promise.reject(new TypeError('tests with entrada/testing ask Entra nothing')),
    ...changes,
  }
}
