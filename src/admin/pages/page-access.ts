/** Who looks at a page under /admin or sends one of its forms, and what of it is theirs. */

import type { AdminCaller } from '../../access/admin-caller.ts'
import { authorizeCaller, callerOf, checkStillCalls } from '../../access/authorize-call.ts'
import {
  type AccessTarget,
  type ApiCaller,
  decideAccess,
  organizationOf,
} from '../../access/decide-right.ts'
import type { Scope } from '../../access/scope-table.ts'
import { EntradaError } from '../../errors/errors.ts'
import type { Exchange } from '../../http/exchange.ts'
import { checkFormToken, checkSameOrigin, readForm, single } from '../../http/form.ts'
import type { Services } from '../../services.ts'
import { findSession } from '../../session/session.ts'
import type { OrganizationId } from '../../storage/records.ts'
import type { StorageReader } from '../../storage/storage.ts'

export type Viewer = {
  readonly caller: ApiCaller
  /** For their forms; a token in the header has no session, and can only look. */
  readonly sessionId?: string
  /** The one organization that they are confined to; absent: all are theirs. */
  readonly organizationId?: OrganizationId
  may(scope: Scope, target: AccessTarget): boolean
}

/** What belongs to one organization: `undefined` is somebody else's, and as if it did not exist. */
export type Owned = { readonly organizationId: OrganizationId }

/** @throws {EntradaError} those of `authorizeCaller`, `access_not_granted` */
export async function openPage(
  services: Services,
  exchange: Exchange,
  scope: Scope,
  target: AccessTarget = 'own',
): Promise<Viewer> {
  const caller = await authorizeCaller(services, exchange)
  // Pages are for people; a program has the API, and rights that are cut for it.
  if (caller.kind === 'api_key') throw new EntradaError('operator_required')
  const viewer = viewerOf(caller)
  checkMay(viewer, scope, target)
  return viewer
}

export type SentForm = {
  readonly viewer: Viewer
  readonly by: AdminCaller
  readonly form: URLSearchParams
  /** The one value of a field, trimmed; `''` when it is missing or empty. */
  read(name: string): string
}

/**
 * A form of one of our pages, sent from it and with its token.
 *
 * @throws {EntradaError} `cross_site_request`, `sign_in_required`, `operator_required`, and those of `readForm`
 */
export async function openForm(services: Services, exchange: Exchange): Promise<SentForm> {
  checkSameOrigin(exchange)
  const view = await findSession(services, exchange)
  if (view === undefined) throw new EntradaError('sign_in_required')
  await services.limits.spend('api_operator', view.session.id)
  const caller = callerOf(services, view)
  const form = await readForm(exchange)
  checkFormToken(services, view.session.id, single(form, 'form_token') ?? null)
  const checkStillMay = (reader: StorageReader) => checkStillCalls(services, reader, caller)
  await checkStillMay(services.storage)
  return {
    viewer: viewerOf(caller),
    by: { actor: caller.actor, exchange, checkStillMay },
    form,
    read: (name) => (single(form, name) ?? '').trim(),
  }
}

/** @throws {EntradaError} `access_not_granted`; `record_not_found` for what is another organization's */
export function checkMay({ caller }: Viewer, scope: Scope, target: AccessTarget): void {
  const { kind } = decideAccess(caller, scope, target)
  if (kind === 'forbidden') throw new EntradaError('access_not_granted', { scope })
  if (kind === 'hidden') throw new EntradaError('record_not_found')
}

/** The record, when there is one and the viewer may. @throws {EntradaError} as {@link checkMay} */
export function own<Item extends Owned>(
  viewer: Viewer,
  scope: Scope,
  record: Item | undefined,
): Item {
  checkMay(viewer, scope, record === undefined ? 'own' : { organizationId: record.organizationId })
  if (record === undefined) throw new EntradaError('record_not_found')
  return record
}

/** The id in the address: any text, cut. */
export function idIn({ params }: Exchange, name = 'id'): string {
  return (params[name] ?? '').slice(0, 128)
}

function viewerOf(caller: ApiCaller): Viewer {
  const organizationId = organizationOf(caller)
  const sessionId = 'view' in caller ? caller.view?.session.id : undefined
  return {
    caller,
    ...(sessionId ? { sessionId } : {}),
    ...(organizationId ? { organizationId } : {}),
    may: (scope, target) => decideAccess(caller, scope, target).kind === 'allowed',
  }
}
