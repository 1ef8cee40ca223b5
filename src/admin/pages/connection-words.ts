/** Connections in words: their state, what they need, and the meaning of their policies. */
import { html } from 'hono/html'
import type { Html } from '../../http/responses.ts'
import type { Connection, ConnectionCredential, ConnectionHealth } from '../../storage/records.ts'
import { badge, dayTag, type Tone, timeTag } from './page-parts.ts'

export const SOON_DAYS = 30
const DAY_MS = 86_400_000

/** Returns the time up to which a credential counts as expiring soon. */
export function soon(now: Date): Date {
  return new Date(now.getTime() + SOON_DAYS * DAY_MS)
}

const statusWords: Readonly<Record<Connection['status'], readonly [Tone, string]>> = {
  on: ['good', 'on'],
  draft: ['quiet', 'draft'],
  off: ['quiet', 'off'],
}

/** Renders the status of a connection. */
export function statusBadge(status: Connection['status']): Html {
  return badge(...statusWords[status])
}

/** Renders the expiry of a credential. */
export function expiryBadge(endsAt: Date | undefined, now: Date): Html {
  if (endsAt === undefined) return html`<span class="quiet">not known</span>`
  const days = Math.ceil((endsAt.getTime() - now.getTime()) / DAY_MS)
  if (days <= 0) return html`${badge('bad', 'ended')} ${dayTag(endsAt)}`
  if (days <= SOON_DAYS) {
    return html`${badge('warn', days === 1 ? 'one day left' : `${days} days left`)} ${dayTag(endsAt)}`
  }
  return html`${dayTag(endsAt)}`
}

/** Renders the health of a connection. */
export function healthBadge(health: ConnectionHealth | undefined): Html {
  if (health?.failingSince)
    return html`${badge('bad', 'failing')} since ${timeTag(health.failingSince)}`
  if (health?.lastSuccessAt) return badge('good', 'works')
  return html`<span class="quiet">not used yet</span>`
}

/** Returns the directories of a connection as text. */
export function tenantWords({ tenants }: Connection): string {
  if (tenants.kind === 'pinned') {
    const { tenant, tenantId } = tenants
    return tenantId && tenantId !== tenant ? `${tenant} (${tenantId})` : tenant
  }
  return tenants.tenantIds.length === 0 ? 'none yet' : tenants.tenantIds.join(', ')
}

export const managedWords: Readonly<Record<Connection['managedBy'], string>> = {
  api: 'here and through the API',
  environment: 'the settings of the server (environment)',
  file: 'a file, with entrada apply',
}

export const credentialKinds: Readonly<Record<ConnectionCredential['kind'], string>> = {
  client_secret: 'Client secret',
  certificate: 'Certificate',
  federated_token_file: 'Federated token',
}

export const credentialStates: Readonly<
  Record<ConnectionCredential['state'], readonly [Tone, string]>
> = {
  active: ['good', 'used'],
  pending: ['warn', 'waits for a test'],
  retired: ['quiet', 'kept, not used'],
}
