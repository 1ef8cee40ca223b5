import { createEntrada, type Entrada } from 'entrada'

// Next.js loads this file more than once in a process; there is to be one instance.
const kept = globalThis as typeof globalThis & { entrada?: Entrada }

/** Made when it is first used: `next build` loads every file, and has no secrets. */
export function entrada(): Entrada {
  kept.entrada ??= createEntrada({
    serverUrl: process.env.ENTRADA_SERVER_URL,
    mountPath: '/sso',
    database: process.env.DATABASE_FILE ?? 'entrada.db',
    secretKeys: [process.env.ENTRADA_SECRET_KEYS],
    entra: {
      tenantId: process.env.ENTRADA_ENTRA_TENANT_ID,
      clientId: process.env.ENTRADA_ENTRA_CLIENT_ID,
      clientSecret: process.env.ENTRADA_ENTRA_CLIENT_SECRET,
      authority: process.env.ENTRADA_ENTRA_AUTHORITY, // unset: Microsoft
      roleRules: [{ id: 'admins', match: 'app_role', value: 'Admin', role: 'admin' }],
    },
  })
  return kept.entrada
}
