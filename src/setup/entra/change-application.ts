/** Changes of application and directory behind a set-up link for a connection to Entra. */
import type { ChangeServices } from '../../audit/audit.ts'
import { homeOrigin } from '../../connections/connection-addresses.ts'
import type { FieldPatch } from '../../connections/field-values.ts'
import { patchedConnection } from '../../connections/patched-connection.ts'
import { EntradaError, isEntradaError } from '../../errors/errors.ts'
import { parseDirectoryName } from '../../identity-provider/entra/protocol/directory-name.ts'
import { kindOf } from '../../identity-provider/provider-kinds.ts'
import { isGuid } from '../../protocol/guid.ts'
import type { Services } from '../../services.ts'
import type { Connection, TenantPinning } from '../../storage/records.ts'
import { type ChangeOf, changeDraft } from '../setup-changes.ts'

const TIME_LIMIT_MS = 5_500

/**
 * Sets application and directory of a draft. The directory is looked up, so that a domain means one id from now on.
 *
 * @throws {EntradaError} `client_id_invalid`, `request_invalid` (the cloud), those of `parseDirectoryName`, `directory_not_found`,
 * or why Entra could not be asked
 */
export async function nameApplication(
  services: Services,
  { setup, caller }: ChangeOf,
  input: {
    readonly clientId: string
    readonly directory: string
    readonly authority: string
    /** Further fields that the page asks for. */
    readonly patch?: FieldPatch | undefined
  },
): Promise<void> {
  const { connection } = setup
  const clientId = input.clientId.trim().toLowerCase()
  if (!isGuid(clientId)) throw new EntradaError('client_id_invalid')
  const { value: tenant } = parseDirectoryName(input.directory)
  const authority = checkAuthority(services, connection, input.authority)
  const pinned = { kind: 'pinned', tenant } as const
  const tenantId = await lookUpTenant(services, { ...connection, authority, tenants: pinned })
  await changeDraft(services, caller, {
    connection,
    change: (before) => {
      const named: Connection = {
        ...before,
        application: 'own',
        clientId,
        ...kindOf(before).placeOf(new URL(authority)),
        tenants: { ...pinned, tenantId },
        settings: withRedirectOrigin(services, before),
      }
      const { patch } = input
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
      ...kindOf(before).placeOf(new URL(authority)),
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
