/** A deployment with something of everything, for looking at the pages of operators. Names are as awkward as names are. */

import { changeConnection, createConnection } from '../../src/connections/change-connection.ts'
import { testFingerprint } from '../../src/connections/test-fingerprint.ts'
import type { OpenedServices } from '../../src/open-services.ts'
import { createOrganization } from '../../src/organizations/organizations.ts'
import type {
  Connection,
  ConnectionCredential,
  ConnectionHealth,
  SignInCount,
} from '../../src/storage/records.ts'
import { operator } from '../support/customers.ts'

const DAY_MS = 86_400_000

export const names = {
  plain: 'Fabrikam',
  script: '"><img src=x onerror=alert(1)><script>alert(2)</script>',
  rightToLeft: 'شركة الأمل للتجارة والمقاولات',
  emoji: '🦊 Fuchs & Söhne 👩🏽‍💻',
  long: 'Vereinigte Elektrizitätswerke Nordrhein-Westfalen Gesellschaft für Energieversorgung und Netzbetrieb mbH & Co. Kommanditgesellschaft',
  noSpaces: 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft',
} as const

export type Crowd = { readonly connectionIds: Readonly<Record<keyof typeof names, string>> }

export async function crowd(
  services: OpenedServices,
  called: Readonly<Record<keyof typeof names, string>> = names,
): Promise<Crowd> {
  const ids: [string, string][] = []
  for (const [kind, name] of Object.entries(called)) {
    const organization = await createOrganization(services, operator, {
      name: name.slice(0, 128),
      slug: `customer-${kind.toLowerCase()}`,
    })
    const { id } = await createConnection(services, operator, {
      organizationId: organization.id,
      clientId: '77777777-7777-4777-8777-777777777777',
      tenants: {
        kind: 'pinned',
        tenant: `${kind.toLowerCase()}.example`,
        tenantId: tenantOf(ids.length),
      },
      roleRules: [
        { id: 'rul_1', match: 'group', value: tenantOf(90), role: 'admin' },
        { id: 'rul_2', match: 'app_role', value: name.slice(0, 60), role: 'reader' },
      ],
    })
    ids.push([kind, id])
    await prepare(services, id, kind)
  }
  const connectionIds = Object.fromEntries(ids) as Crowd['connectionIds'] // one for each name
  await tellHealth(services, connectionIds)
  return { connectionIds }
}

async function prepare(services: OpenedServices, id: string, kind: string): Promise<void> {
  const now = services.now().getTime()
  const daysLeft =
    { plain: 300, script: 12, rightToLeft: 90, emoji: -1, long: 200, noSpaces: 1 }[kind] ?? 99
  const credential = (name: string, state: ConnectionCredential['state'], days: number) => ({
    id: `crd_${name}`,
    kind: 'client_secret' as const,
    state,
    expiresAt: new Date(now + days * DAY_MS),
    createdAt: new Date(now - 90 * DAY_MS),
  })
  const credentials = [credential('new', 'active', daysLeft), credential('old', 'retired', -20)]
  await changeConnection(services, operator, {
    id,
    change: (before) => ({ ...before, credentials }),
  })
  await changeConnection(services, operator, {
    id,
    change: (before): Connection => {
      const tested = {
        at: new Date(now).toISOString(),
        fingerprint: testFingerprint(services, before),
      }
      const status = kind === 'rightToLeft' ? 'draft' : 'on'
      return { ...before, status, settings: { ...before.settings, tested } }
    },
  })
}

async function tellHealth(services: OpenedServices, ids: Crowd['connectionIds']): Promise<void> {
  const now = services.now().getTime()
  const failing: ConnectionHealth = {
    failuresInARow: 42,
    failingSince: new Date(now - 3 * 3_600_000),
    lastFailureAt: new Date(now - 60_000),
    lastFailureCode: 'client_credentials_refused',
    lastSuccessAt: new Date(now - 4 * 3_600_000),
  }
  const good: ConnectionHealth = { failuresInARow: 0, lastSuccessAt: new Date(now - 60_000) }
  const counts: SignInCount[] = Array.from({ length: 30 }, (_, n) => n).flatMap((n) => {
    const day = new Date(now - n * DAY_MS).toISOString().slice(0, 10)
    const weekend = [0, 6].includes(new Date(day).getUTCDay())
    const signIns = Math.round((weekend ? 60 : 410) + 90 * Math.sin(n * 1.7))
    return [
      { day, outcome: 'signed_in', signIns: Math.max(signIns, 3) },
      { day, outcome: 'refused', signIns: 8 + ((n * 7) % 23) },
      { day, outcome: 'failed', signIns: n === 0 ? 42 : n % 9 === 0 ? 11 : 0 },
    ] as const
  })
  await services.storage.addConnectionResults([
    { connectionId: ids.plain, counts, health: good },
    { connectionId: ids.emoji, counts: [], health: failing },
    {
      connectionId: ids.script,
      counts: [],
      health: { ...failing, lastFailureCode: 'provider_timeout', failuresInARow: 2 },
    },
    { connectionId: ids.long, counts: [], health: good },
  ])
}

function tenantOf(n: number): string {
  return `88888888-8888-4888-8888-${String(n).padStart(12, '0')}`
}
