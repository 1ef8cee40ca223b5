/**
 * Decides which steps make a deployment match the file. Pure: the plan is shown before anything happens, and is tested without a
 * server.
 */

import type { OrganizationJson } from '../api/resources/organizations.ts'
import { changeableJson, normalizedChange } from '../connections/connection-json.ts'
import type { ConnectionChangeJson, ConnectionJson } from '../connections/connection-schema.ts'
import { DEFAULT_KIND } from '../identity-provider/provider-kinds.ts'
import { isSameJson } from '../protocol/merge-patch.ts'
import type {
  Configuration,
  FileConnection,
  FileCredential,
  FileOrganization,
} from './configuration-file.ts'

export type Current = {
  readonly organizations: ReadonlyMap<string, OrganizationJson>
  readonly connections: ReadonlyMap<string, ConnectionJson>
  /** For each secret of the file (`connection reference`), the credential that has this value already. */
  readonly credentialBySecret: ReadonlyMap<string, string>
}
export type PlanOptions = { readonly prune: boolean; readonly takeOver: boolean }

type Patch = Readonly<Record<string, unknown>>
export type Step =
  | { readonly kind: 'create_organization'; readonly id: string; readonly body: Patch }
  | { readonly kind: 'change_organization'; readonly id: string; readonly body: Patch }
  | { readonly kind: 'create_connection'; readonly id: string; readonly body: Patch }
  | { readonly kind: 'take_over'; readonly id: string }
  | { readonly kind: 'change_connection'; readonly id: string; readonly body: Patch }
  | { readonly kind: 'add_credential'; readonly id: string; readonly credential: FileCredential }
  | {
      readonly kind: 'set_credential'
      readonly id: string
      readonly credentialId: string
      readonly state: 'active' | 'pending' | 'retired'
    }
  | { readonly kind: 'turn_on'; readonly id: string }
  | { readonly kind: 'turn_off'; readonly id: string }
  | { readonly kind: 'remove_credential'; readonly id: string; readonly credentialId: string }
  | { readonly kind: 'remove_connection'; readonly id: string }

/** A problem that no step can solve, with the part of the file that it concerns. */
export type PlanProblem = { readonly parameter: string; readonly problem: string }
export type Plan = {
  readonly steps: readonly Step[]
  readonly problems: readonly PlanProblem[]
  /** Records that exist, are not in the file, and stay. */
  readonly left: readonly string[]
}

/** Returns the key of a secret in the table of values that credentials already have. */
export function secretKeyOf(connectionId: string, reference: string): string {
  return `${connectionId} ${reference}`
}

/** Returns the steps that make the deployment match the file, and the problems that prevent it. */
export function planOf(target: Configuration, current: Current, options: PlanOptions): Plan {
  const parts = target.organizations.map((organization, index) =>
    organizationPlan(organization, `organizations.${index}`, { current, options }),
  )
  const named = new Set(
    target.organizations.flatMap(({ connections }) => (connections ?? []).map(({ id }) => id)),
  )
  return joined([...parts, strangersPlan(named, current, options)])
}

type Around = { readonly current: Current; readonly options: PlanOptions }
const nothing: Plan = { steps: [], problems: [], left: [] }

function organizationPlan(target: FileOrganization, path: string, around: Around): Plan {
  const { id, slug, name, settings } = target
  const existing = around.current.organizations.get(id)
  const plan: Plan = existing
    ? { ...nothing, ...changedOrganization(target, existing, path) }
    : {
        ...nothing,
        steps: [
          {
            kind: 'create_organization',
            id,
            body: { id, name, ...(slug ? { slug } : {}), ...(settings ? { settings } : {}) },
          },
        ],
      }
  const connections = (target.connections ?? []).map((connection, index) =>
    connectionPlan(connection, {
      path: `${path}.connections.${index}`,
      organizationId: id,
      ...around,
    }),
  )
  return joined([plan, ...connections])
}

function changedOrganization(
  { id, slug, name, settings }: FileOrganization,
  existing: OrganizationJson,
  path: string,
): Pick<Plan, 'steps' | 'problems'> {
  const problems = slugProblems(slug, existing, path)
  const emailDiscovery = settings?.emailDiscovery ?? true
  const body = {
    ...(name === existing.name ? {} : { name }),
    ...(emailDiscovery === existing.settings.emailDiscovery
      ? {}
      : { settings: { emailDiscovery } }),
  }
  const changes = Object.keys(body).length > 0
  return { problems, steps: changes ? [{ kind: 'change_organization', id, body }] : [] }
}

type Place = Around & { readonly path: string; readonly organizationId: string }

function connectionPlan(target: FileConnection, place: Place): Plan {
  const existing = place.current.connections.get(target.id)
  if (existing === undefined) return newConnectionPlan(target, place)
  const problems = connectionProblems(target, existing, place)
  if (problems.length > 0) return { ...nothing, problems }
  const takes: readonly Step[] =
    existing.managedBy === 'file' ? [] : [{ kind: 'take_over', id: target.id }]
  const body = changeOf(target, existing)
  const changes: readonly Step[] =
    Object.keys(body).length > 0 ? [{ kind: 'change_connection', id: target.id, body }] : []
  const credentials = credentialsPlan(target, existing, place)
  const plan: Plan = { ...nothing, steps: [...takes, ...changes] }
  return joined([plan, credentials, { ...nothing, steps: statusSteps(target, existing.status) }])
}

function newConnectionPlan(target: FileConnection, { organizationId }: Place): Plan {
  const { id, slug, credentials, status: _, ...members } = target
  const body = { organizationId, id, ...(slug ? { slug } : {}), ...members }
  const added = (credentials ?? [])
    .filter((credential) => stateOf(credential) !== 'retired')
    .map((credential) => adding(id, credential))
  const steps: readonly Step[] = [{ kind: 'create_connection', id, body }, ...added]
  return { ...nothing, steps: [...steps, ...statusSteps(target, 'draft')] }
}

function connectionProblems(
  target: FileConnection,
  existing: ConnectionJson,
  { path, organizationId, options }: Place,
): readonly PlanProblem[] {
  const at = (member: string, problem: string) => ({ parameter: `${path}.${member}`, problem })
  if (existing.organizationId !== organizationId) {
    return [at('id', `is a connection of ${existing.organizationId} and cannot be moved`)]
  }
  if (existing.managedBy === 'environment')
    return [at('id', 'is managed by the settings of the server')]
  if (existing.managedBy === 'api' && !options.takeOver) {
    return [at('id', 'is managed by hand; use --take-over to let the file manage it')]
  }
  if ((target.provider ?? DEFAULT_KIND) !== existing.provider) {
    return [at('provider', `never changes; it is ${existing.provider}`)]
  }
  return slugProblems(target.slug, existing, path)
}

function slugProblems(
  slug: string | null | undefined,
  existing: { readonly slug: string },
  path: string,
): readonly PlanProblem[] {
  if (!slug || slug.toLowerCase() === existing.slug) return []
  return [{ parameter: `${path}.slug`, problem: `never changes; it is ${existing.slug}` }]
}

/** Returns the members that differ, each with its new value. Members that are not in the file get their default. */
function changeOf(target: FileConnection, existing: ConnectionJson): Patch {
  const { id: _, slug: __, provider: ___, credentials: ____, status: _____, ...members } = target
  const is = changeableJson(existing)
  const differing = Object.entries(normalizedChange(members)).filter(
    ([name, value]) => !isSameJson(value, is[name as keyof ConnectionChangeJson]), // the same members
  )
  return Object.fromEntries(differing)
}

function credentialsPlan(
  { id, credentials }: FileConnection,
  existing: ConnectionJson,
  { current, options }: Place,
): Plan {
  if (!credentials) return nothing
  const kept = new Set<string>()
  const steps = credentials.flatMap((credential): readonly Step[] => {
    const matching = heldCredential(credential, existing, current)
    if (matching === undefined)
      return stateOf(credential) === 'retired' ? [] : [adding(id, credential)]
    kept.add(matching.id)
    const state = stateOf(credential)
    return matching.state === state
      ? []
      : [{ kind: 'set_credential', id, credentialId: matching.id, state }]
  })
  const strangers = existing.credentials.filter((credential) => !kept.has(credential.id))
  if (!options.prune) {
    const left = strangers.map(
      (credential) => `credential ${credential.id} of ${id} (${credential.state})`,
    )
    return { ...nothing, steps, left }
  }
  const removed = strangers.map(
    (credential): Step => ({ kind: 'remove_credential', id, credentialId: credential.id }),
  )
  return { ...nothing, steps: [...steps, ...removed] }
}

function adding(id: string, credential: FileCredential): Step {
  return { kind: 'add_credential', id, credential }
}

function heldCredential(
  credential: FileCredential,
  { id, credentials }: ConnectionJson,
  { credentialBySecret }: Current,
): ConnectionJson['credentials'][number] | undefined {
  if (credential.kind !== 'client_secret') {
    return credentials.find(({ kind }) => kind === credential.kind)
  }
  const holder = credentialBySecret.get(secretKeyOf(id, credential.from))
  return credentials.find((credential) => credential.id === holder)
}

function stateOf(credential: FileCredential): 'active' | 'pending' | 'retired' {
  return (credential.kind === 'client_secret' ? credential.state : undefined) ?? 'active'
}

/** Without `status` in the file the connection keeps its status: turning it on needs a test, which no file can make. */
function statusSteps(
  { id, status }: FileConnection,
  is: ConnectionJson['status'],
): readonly Step[] {
  if (status === 'on' && is !== 'on') return [{ kind: 'turn_on', id }]
  if (status && status !== 'on' && is === 'on') return [{ kind: 'turn_off', id }]
  return []
}

/** Connections that an earlier version of the file created. Connections that were created by hand are left alone. */
function strangersPlan(named: ReadonlySet<string>, current: Current, { prune }: PlanOptions): Plan {
  const strangers = [...current.connections.values()].filter(
    ({ id, managedBy }) => managedBy === 'file' && !named.has(id),
  )
  if (!prune) return { ...nothing, left: strangers.map(({ id }) => `connection ${id}`) }
  const steps = strangers.flatMap(({ id, status }): readonly Step[] => [
    ...(status === 'on' ? ([{ kind: 'turn_off', id }] as const) : []),
    { kind: 'remove_connection', id },
  ])
  return { ...nothing, steps }
}

function joined(plans: readonly Plan[]): Plan {
  return {
    steps: plans.flatMap(({ steps }) => steps),
    problems: plans.flatMap(({ problems }) => problems),
    left: plans.flatMap(({ left }) => left),
  }
}
