/** Authorizes the viewer of a page under /admin or the sender of its form, and decides which records the viewer may see. */

import type { AdminCaller } from '../../access/admin-caller.ts'
import { authorizeCaller, callerOf, checkStillCalls } from '../../access/authorize-call.ts'
import {
  type AccessTarget,
  type ApiCaller,
  decideRight,
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
  /** The session that the viewer's forms belong to. A token in the header has no session, and may only read. */
  readonly sessionId?: string
  /** The only organization that the viewer may see; absent means all. */
  readonly organizationId?: OrganizationId
  may(scope: Scope, target: AccessTarget): boolean
}

/**
 * A record that belongs to one organization. `undefined` belongs to no organization that the viewer may see, as if it did not
 * exist.
 */
export type Owned = { readonly organizationId: OrganizationId }

/** Authorizes the viewer of a page. @throws {EntradaError} those of `authorizeCaller`, `access_not_granted` */
export async function openPage(
  services: Services,
  exchange: Exchange,
  scope: Scope,
  target: AccessTarget = 'own',
): Promise<Viewer> {
  const caller = await authorizeCaller(services, exchange)
  // Pages are for people; a program has the API, and rights that are limited for it.
  if (caller.kind === 'api_key') throw new EntradaError('operator_required')
  const viewer = viewerOf(caller)
  checkMay(viewer, scope, target)
  return viewer
}

export type SentForm = {
  readonly viewer: Viewer
  readonly by: AdminCaller
  readonly form: URLSearchParams
  /** Returns the only value of a field, trimmed; `''` when it is missing or empty. */
  read(name: string): string
}

/**
 * Reads a form of one of our pages, which has to be sent from it and with its token.
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

/**
 * Checks that the viewer has a right over a record.
 *
 * @throws {EntradaError} `access_not_granted`; `record_not_found` for a record of another organization
 */
export function checkMay({ caller }: Viewer, scope: Scope, target: AccessTarget): void {
  const { kind } = decideRight(caller, scope, target)
  if (kind === 'forbidden') throw new EntradaError('access_not_granted', { scope })
  if (kind === 'hidden') throw new EntradaError('record_not_found')
}

/** Returns the record if it exists and the viewer may see it. @throws {EntradaError} as {@link checkMay} */
export function getOwned<Item extends Owned>(
  viewer: Viewer,
  scope: Scope,
  record: Item | undefined,
): Item {
  checkMay(viewer, scope, record === undefined ? 'own' : { organizationId: record.organizationId })
  if (record === undefined) throw new EntradaError('record_not_found')
  return record
}

/** Returns the id in the address: any text, cut to a maximum length. */
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
    may: (scope, target) => decideRight(caller, scope, target).kind === 'allowed',
  }
}
