/**
 * Creates the file of `entrada apply` from the existing configuration, without secrets: the file names an environment variable for
 * each of them.
 */
import { stringify } from 'yaml'
import type { OrganizationJson } from '../api/resources/organizations.ts'
import { changeableJson, normalizedChange } from '../connections/connection-json.ts'
import type { ConnectionJson } from '../connections/connection-schema.ts'
import { DEFAULT_KIND } from '../identity-provider/provider-kinds.ts'
import { isSameJson } from '../protocol/merge-patch.ts'

const HEADER = `# Made by \`entrada export\`. Secrets are not in it: set the variables that \`from\` names, or use file:PATH.
# Only values that differ from the default are included; see docs/apply.md.
`

/**
 * Returns the text of the file. `environment` is the connection of the server's settings, which is left out because no file can
 * manage it.
 */
export function configurationText(
  organizations: readonly OrganizationJson[],
  connections: readonly ConnectionJson[],
): string {
  const byOwner = Map.groupBy(
    connections.filter(({ managedBy }) => managedBy !== 'environment'),
    ({ organizationId }) => organizationId,
  )
  const written = organizations
    .filter(({ id }) => id !== 'default' || byOwner.has(id))
    .map((organization) => organizationPart(organization, byOwner.get(organization.id) ?? []))
  return HEADER + stringify({ organizations: written }, { lineWidth: 0 })
}

function organizationPart(
  { id, slug, name, settings }: OrganizationJson,
  connections: readonly ConnectionJson[],
) {
  return {
    id,
    slug,
    name,
    ...(settings.emailDiscovery ? {} : { settings: { emailDiscovery: false } }),
    ...(connections.length > 0 ? { connections: connections.map(connectionPart) } : {}),
  }
}

function connectionPart(connection: ConnectionJson) {
  const { id, slug, status, provider } = connection
  const { managedBy: _, ...is } = changeableJson(connection)
  const members = is.application === 'shared' ? { ...is, clientId: null } : is
  const credentials = credentialParts(connection)
  return {
    id,
    slug,
    ...(provider === DEFAULT_KIND ? {} : { provider }),
    ...(whatDiffers(members, normalizedChange({})) as object), // of an object
    ...(credentials.length > 0 ? { credentials } : {}),
    ...(status === 'draft' ? {} : { status }),
  }
}

/**
 * Returns the members that differ from their default. In lists, and where there is no default, these are all members with a value.
 */
function whatDiffers(value: unknown, byDefault: unknown): unknown {
  if (!isObject(value)) return value
  const defaults = isObject(byDefault) ? byDefault : {}
  const differing = Object.entries(value)
    .filter(([name, member]) => member !== null && !isSameJson(member, defaults[name] ?? null))
    .map(([name, member]) => [name, whatDiffers(member, defaults[name])])
  return Object.fromEntries(differing)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Retired credentials are left out: they are no longer used, and their secrets are gone. */
function credentialParts({ id, credentials }: ConnectionJson) {
  const used = credentials.filter(({ state }) => state !== 'retired')
  const name = `SECRET_OF_${id.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`
  const secrets = used.filter(({ kind }) => kind === 'client_secret')
  return used.map((credential) => {
    const { kind, expiresAt, state } = credential
    if (kind !== 'client_secret') return { kind }
    const place = secrets.indexOf(credential)
    const from = `env:${name}${place === 0 ? '' : `_${place + 1}`}`
    return {
      kind,
      from,
      ...(expiresAt === null ? {} : { expiresAt }),
      ...(state === 'pending' ? { state } : {}),
    }
  })
}
