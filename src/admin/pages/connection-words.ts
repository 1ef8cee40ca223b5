/** Connections in words: what state they are in, what they need, what their policies mean. */
import { html } from 'hono/html'
import type { Html } from '../../http/responses.ts'
import type {
  Connection,
  ConnectionCredential,
  ConnectionHealth,
  ConnectionPolicies,
} from '../../storage/records.ts'
import { badge, type Choice, dayTag, type Tone, timeTag } from './page-parts.ts'

export const SOON_DAYS = 30
const DAY_MS = 86_400_000

export function soon(now: Date): Date {
  return new Date(now.getTime() + SOON_DAYS * DAY_MS)
}

const statusWords: Readonly<Record<Connection['status'], readonly [Tone, string]>> = {
  on: ['good', 'on'],
  draft: ['quiet', 'draft'],
  off: ['quiet', 'off'],
}

export function statusBadge(status: Connection['status']): Html {
  return badge(...statusWords[status])
}

export function expiryBadge(endsAt: Date | undefined, now: Date): Html {
  if (endsAt === undefined) return html`<span class="quiet">not known</span>`
  const days = Math.ceil((endsAt.getTime() - now.getTime()) / DAY_MS)
  if (days <= 0) return html`${badge('bad', 'ended')} ${dayTag(endsAt)}`
  if (days <= SOON_DAYS) {
    return html`${badge('warn', days === 1 ? 'one day left' : `${days} days left`)} ${dayTag(endsAt)}`
  }
  return html`${dayTag(endsAt)}`
}

export function healthBadge(health: ConnectionHealth | undefined): Html {
  if (health?.failingSince)
    return html`${badge('bad', 'failing')} since ${timeTag(health.failingSince)}`
  if (health?.lastSuccessAt) return badge('good', 'works')
  return html`<span class="quiet">not used yet</span>`
}

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

type PlainPolicy = Exclude<keyof ConnectionPolicies, 'unmatched'>
export type PolicyRow = {
  readonly name: PlainPolicy
  readonly label: string
  readonly hint: string
  readonly choices: readonly Choice[]
}

/** Every policy but the one for people whom no rule matches. */
export const policyRows: readonly PolicyRow[] = [
  {
    name: 'provisioning',
    label: 'First sign-in',
    hint: 'What happens when somebody of the directory comes for the first time.',
    choices: [
      ['create', 'makes a user'],
      ['existing', 'is for users created beforehand'],
      ['off', 'is refused'],
    ],
  },
  {
    name: 'linking',
    label: 'Users with the same email',
    hint: 'Whether a first sign-in may take over a user who was created beforehand.',
    choices: [
      ['never', 'are never taken over'],
      ['verified', 'are taken over when the address is proven'],
    ],
  },
  {
    name: 'guests',
    label: 'Guests of the directory',
    hint: 'People whose account belongs to another directory (B2B).',
    choices: [
      ['refuse', 'are refused'],
      ['allow', 'may sign in'],
    ],
  },
  {
    name: 'personalAccounts',
    label: 'Personal Microsoft accounts',
    hint: 'Accounts without an organization behind them.',
    choices: [
      ['refuse', 'are refused'],
      ['allow', 'may sign in'],
    ],
  },
  {
    name: 'groupsOverage',
    label: 'More groups than fit into the token',
    hint: 'Missing groups are not "no groups".',
    choices: [
      ['graph', 'are read from Microsoft Graph'],
      ['keep_last', 'leave the last known groups'],
      [
        'graph_or_keep_last',
        'are read from Graph, or leave the last known groups while it is away',
      ],
      ['refuse', 'refuse the sign-in'],
    ],
  },
  {
    name: 'signOutOfMicrosoft',
    label: 'Sign out',
    hint: 'The page always offers both.',
    choices: [
      ['false', 'ends the session here'],
      ['true', 'ends the session at Microsoft as well'],
    ],
  },
]

export function policyWords(policies: ConnectionPolicies, { name, choices }: PolicyRow): string {
  return choices.find(([value]) => value === String(policies[name]))?.[1] ?? String(policies[name])
}
