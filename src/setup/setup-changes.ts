/**
 * What the holder of a set-up link may change: application, directory and credential of a draft; only credentials of any other
 * connection.
 */
import type { AdminCaller } from '../access/admin-caller.ts'
import type { ChangeServices } from '../audit/audit.ts'
import { changeConnection } from '../connections/change-connection.ts'
import { homeOrigin } from '../connections/connection-addresses.ts'
import type { FieldPatch } from '../connections/field-values.ts'
import { patchedConnection } from '../connections/patched-connection.ts'
import { testFingerprint } from '../connections/test-fingerprint.ts'
import { EntradaError, isEntradaError } from '../errors/errors.ts'
import { cloudOf } from '../identity-provider/entra/clouds.ts'
import { parseDirectoryName } from '../identity-provider/entra/protocol/directory-name.ts'
import { isGuid } from '../protocol/guid.ts'
import type { Services } from '../services.ts'
import type { Connection, ConnectionCredential, TenantPinning } from '../storage/records.ts'
import type { Setup } from './setup-session.ts'

const TIME_LIMIT_MS = 5_500
const MOST_CREDENTIALS = 10

type ChangeOf = { readonly setup: Setup; readonly caller: AdminCaller }

/**
 * Sets application and directory of a draft. The directory is looked up, so that a domain means one id from now on.
 *
 * @throws {EntradaError} `client_id_invalid`, `request_invalid` (the cloud), those of `parseDirectoryName`, `directory_not_found`,
 * or why Entra could not be asked
 */
export async function nameApplication(
  services: Services,
  { setup, caller }: ChangeOf,
  asked: {
    readonly clientId: string
    readonly directory: string
    readonly authority: string
    /** Further fields that the page asks for. */
    readonly patch?: FieldPatch | undefined
  },
): Promise<void> {
  const { connection } = setup
  const clientId = asked.clientId.trim().toLowerCase()
  if (!isGuid(clientId)) throw new EntradaError('client_id_invalid')
  const { value: tenant } = parseDirectoryName(asked.directory)
  const authority = checkAuthority(services, connection, asked.authority)
  const pinned = { kind: 'pinned', tenant } as const
  const tenantId = await lookUpTenant(services, { ...connection, authority, tenants: pinned })
  await changeDraft(services, caller, {
    connection,
    change: (before) => {
      const named: Connection = {
        ...before,
        application: 'own',
        clientId,
        authority,
        cloud: cloudOf(new URL(authority)),
        tenants: { ...pinned, tenantId },
        settings: withRedirectOrigin(services, before),
      }
      const { patch } = asked
      return patch ? patchedConnection(services, named, { patch, isOperator: false }) : named
    },
  })
}

/** Only offered authorities are accepted: this deployment sends requests to no others (I16). */
function checkAuthority(
  { deployment }: Pick<Services, 'deployment'>,
  connection: Connection,
  authority: string,
): string {
  if (authority === connection.authority || deployment.authorities.includes(authority)) {
    return authority
  }
  throw new EntradaError('request_invalid', { parameter: 'cloud' })
}

/** Looks up the directory of a connection without its credentials, because discovery is public. */
async function lookUpTenant(
  services: Pick<Services, 'identityProviderFor'>,
  connection: Connection,
): Promise<string> {
  const deadline = AbortSignal.timeout(TIME_LIMIT_MS)
  try {
    const tenantId = await services.identityProviderFor(connection).directory?.(deadline)
    if (tenantId === undefined) throw new EntradaError('directory_not_found')
    return tenantId
  } catch (error) {
    const unknown = isEntradaError(error) && error.code === 'entra_tenant_not_found'
    throw unknown ? new EntradaError('directory_not_found', {}, { cause: error }) : error
  }
}

/** If there are several public addresses, sign-ins start at the one that the customer registered. */
function withRedirectOrigin(
  services: Pick<Services, 'deployment'>,
  before: Connection,
): Connection['settings'] {
  if (services.deployment.publicUrls.length === 1) return before.settings
  return { ...before.settings, redirectOrigin: homeOrigin(services, before) }
}

/** Replaces the customer's own application by the deployment's shared one. @throws {EntradaError} `entra_not_configured` */
export async function chooseShared(
  services: ChangeServices & Pick<Services, 'deployment'>,
  { setup, caller }: ChangeOf,
): Promise<void> {
  const { sharedClientId, authorities } = services.deployment
  if (sharedClientId === undefined) throw new EntradaError('entra_not_configured')
  const [authority] = authorities
  await changeDraft(services, caller, {
    connection: setup.connection,
    change: (before) => ({
      ...before,
      application: 'shared',
      clientId: sharedClientId,
      authority,
      cloud: cloudOf(new URL(authority)),
      tenants: noTenant,
      credentials: [],
      settings: withRedirectOrigin(services, before),
    }),
  })
}

/** Changes back to an application of the customer's own, of which nothing is known yet. */
export async function chooseOwn(
  services: ChangeServices,
  { setup, caller }: ChangeOf,
): Promise<void> {
  await changeDraft(services, caller, {
    connection: setup.connection,
    change: (before) =>
      before.application === 'own'
        ? before
        : { ...before, application: 'own', clientId: '', tenants: noTenant, credentials: [] },
  })
}

const noTenant: TenantPinning = { kind: 'allow_list', tenantIds: [] }

/**
 * Adds a credential: the only one of a draft, or one that is not used until it is tested.
 *
 * @throws {EntradaError} `request_invalid`
 */
export async function putCredential(
  services: ChangeServices,
  { setup, caller }: ChangeOf,
  credential: ConnectionCredential,
): Promise<void> {
  const { link, connection } = setup
  if (link.kind === 'setup') {
    const change = (before: Connection) => ({ ...before, credentials: [credential] })
    return changeDraft(services, caller, { connection, change })
  }
  const change = (before: Connection): Connection => {
    const kept = before.credentials.filter(({ state }) => state !== 'pending')
    if (kept.length >= MOST_CREDENTIALS) {
      throw new EntradaError('request_invalid', { parameter: 'credentials' })
    }
    return { ...before, credentials: [...kept, { ...credential, state: 'pending' }] }
  }
  await changeConnection(services, caller, { id: connection.id, change })
}

/** Activates a tested credential; the others stay active. @throws {EntradaError} `credential_not_tested`, `record_not_found` */
export async function useCredential(
  services: ChangeServices & Pick<Services, 'sha256'>,
  { setup, caller }: ChangeOf,
  credentialId: string,
): Promise<void> {
  const change = (before: Connection): Connection => {
    const chosen = before.credentials.find(({ id }) => id === credentialId)
    if (chosen === undefined) throw new EntradaError('record_not_found')
    if (chosen.testedAt === undefined) throw new EntradaError('credential_not_tested')
    const credentials = before.credentials.map((credential) =>
      credential.id === credentialId ? ({ ...credential, state: 'active' } as const) : credential,
    )
    const after = { ...before, credentials }
    const tested = { at: chosen.testedAt, fingerprint: testFingerprint(services, after) }
    return { ...after, settings: { ...after.settings, tested } }
  }
  await changeConnection(services, caller, { id: setup.connection.id, change })
}

/** If the connection was turned on meanwhile, the link may no longer change it. */
async function changeDraft(
  services: ChangeServices,
  caller: AdminCaller,
  {
    connection,
    change,
  }: { readonly connection: Connection; readonly change: (before: Connection) => Connection },
): Promise<void> {
  await changeConnection(services, caller, {
    id: connection.id,
    change: (before) => {
      if (before.status !== 'draft') throw new EntradaError('setup_link_ended')
      return change(before)
    },
  })
}
