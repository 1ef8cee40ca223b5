/**
 * The browser that uses a set-up link. The token of the link is exchanged for a cookie when the button on its page is pressed. A
 * browser that does so later takes over, and the earlier one shows a notice.
 */
import type { AdminCaller } from '../access/admin-caller.ts'
import { audit, type ChangeServices } from '../audit/audit.ts'
import { EntradaError } from '../errors/errors.ts'
import { cookieName, setCookie } from '../http/cookies.ts'
import type { Exchange } from '../http/exchange.ts'
import { checkFormToken, checkSameOrigin, formToken, readForm, single } from '../http/form.ts'
import type { Services } from '../services.ts'
import type {
  Connection,
  Organization,
  SetupLink,
  SetupLinkId,
  SetupProgress,
} from '../storage/records.ts'
import type { StorageReader, StorageTransaction } from '../storage/storage.ts'
import {
  isOpen,
  ofConnection,
  type SetupLinkState,
  setupLinkScope,
  setupLinkState,
} from './setup-link.ts'

const SECRET_BYTES = 32

/** What the holder of a link may see. */
export type Setup = {
  readonly link: SetupLink
  readonly connection: Connection
  readonly organization: Organization
  readonly state: SetupLinkState
}

/** Returns the link of a token, in any state. @throws {EntradaError} `setup_link_not_found` */
export async function getSetupByToken(
  services: Pick<Services, 'now' | 'sha256'>,
  reader: StorageReader,
  token: string,
): Promise<Setup> {
  const link = /^[A-Za-z0-9_-]{43}$/.test(token)
    ? await reader.findSetupLinkByTokenHash(services.sha256(token))
    : undefined
  if (link === undefined) throw new EntradaError('setup_link_not_found')
  return toSetup(services, reader, link)
}

/**
 * Makes this browser the holder of the link, and returns its `Set-Cookie` line. A browser that is the holder already keeps its
 * progress.
 *
 * @throws {EntradaError} `setup_link_not_found`, `setup_link_ended`
 */
export async function takeSetupLink(
  services: ChangeServices & Pick<Services, 'deployment' | 'sha256'>,
  exchange: Exchange,
  token: string,
): Promise<string> {
  const secret = Buffer.from(services.randomBytes(SECRET_BYTES)).toString('base64url')
  const linkSecret = heldSecret(services, exchange)
  const take = async (transaction: StorageTransaction) => {
    const found = await getSetupByToken(services, transaction, token)
    await transaction.lockScope(setupLinkScope(found.connection.id))
    const setup = await getSetupByToken(services, transaction, token)
    checkOpen(setup)
    const { link, connection } = setup
    if (linkSecret?.linkId === link.id && services.sha256(linkSecret.secret) === link.sessionHash) {
      return setupCookie(services, exchange, { link, secret: linkSecret.secret })
    }
    const [sessionHash, openedAt] = [services.sha256(secret), services.now()]
    await transaction.putSetupLink({ ...link, sessionHash, openedAt, progress: {} })
    const detail = { link: link.id, superseded: link.sessionHash !== undefined }
    await audit(services, transaction, {
      caller: setupCaller(services, setup, exchange),
      event: { type: 'setup_link.opened', detail },
      ...ofConnection(connection),
    })
    return setupCookie(services, exchange, { link, secret })
  }
  return services.storage.atomically(take, { scope: 'nothing' })
}

/**
 * Returns the link that this browser holds, even if it has ended.
 *
 * @throws {EntradaError} `setup_session_missing`, `setup_superseded`
 */
export async function getSetup(services: Services, exchange: Exchange): Promise<Setup> {
  const linkSecret = heldSecret(services, exchange)
  const link = linkSecret && (await services.storage.findSetupLink(linkSecret.linkId))
  if (linkSecret === undefined || link === undefined)
    throw new EntradaError('setup_session_missing')
  if (services.sha256(linkSecret.secret) !== link.sessionHash)
    throw new EntradaError('setup_superseded')
  return toSetup(services, services.storage, link)
}

/**
 * Returns the link that this browser holds, if it has not ended.
 *
 * @throws {EntradaError} as {@link getSetup}, and `setup_link_ended`
 */
export async function getOpenSetup(services: Services, exchange: Exchange): Promise<Setup> {
  const setup = await getSetup(services, exchange)
  checkOpen(setup)
  return setup
}

/**
 * Reads a form of the set-up page, sent from this site and from this browser's page.
 *
 * @throws {EntradaError} as {@link getOpenSetup}; `cross_site_request`, `content_type_not_supported`, `body_too_large`
 */
export async function readSetupForm(
  services: Services,
  exchange: Exchange,
): Promise<{
  readonly setup: Setup
  readonly form: URLSearchParams
  readonly caller: AdminCaller
}> {
  checkSameOrigin(exchange)
  const form = await readForm(exchange)
  const setup = await getOpenSetup(services, exchange)
  checkFormToken(services, setupHolder(setup), single(form, 'form_token') ?? null)
  return { setup, form, caller: setupCaller(services, setup, exchange) }
}

/** Returns the token of the forms on the set-up page. */
export function setupFormToken(services: Pick<Services, 'keyRing'>, setup: Setup): string {
  return formToken(services, setupHolder(setup))
}

/** Returns the name of the browser that holds the link now; the previous and the next one have other names. */
export function setupHolder({ link }: Pick<Setup, 'link'>): string {
  return `setup:${link.id}:${link.sessionHash ?? ''}`
}

/** Returns the caller for changes by the link, as long as this browser holds it and it is open. */
export function setupCaller(
  services: Pick<Services, 'now'>,
  { link }: Pick<Setup, 'link'>,
  exchange: Exchange,
): AdminCaller {
  return {
    actor: { kind: 'setup_link', id: link.id },
    exchange,
    checkStillMay: async (transaction) => {
      await getHeldSetup(services, transaction, link)
    },
  }
}

/** Returns the link as it is inside the transaction. @throws {EntradaError} `setup_superseded`, `setup_link_ended` */
export async function getHeldSetup(
  services: Pick<Services, 'now'>,
  transaction: StorageReader,
  { id, sessionHash }: SetupLink,
): Promise<Setup> {
  const now = await transaction.findSetupLink(id)
  if (now === undefined || now.sessionHash !== sessionHash) {
    throw new EntradaError('setup_superseded')
  }
  const setup = await toSetup(services, transaction, now)
  checkOpen(setup)
  return setup
}

/** Stores the progress of this browser; it does not change that of a browser which took over meanwhile. */
export async function rememberProgress(
  services: Pick<Services, 'storage'>,
  { link }: Pick<Setup, 'link'>,
  progress: SetupProgress,
): Promise<void> {
  const remember = async (transaction: StorageTransaction) => {
    const now = await transaction.findSetupLink(link.id)
    if (now === undefined || now.sessionHash !== link.sessionHash) return
    await transaction.putSetupLink({ ...now, progress: { ...now.progress, ...progress } })
  }
  await services.storage.atomically(remember, { scope: setupLinkScope(link.connectionId) })
}

/** Checks that a link can still be used. @throws {EntradaError} `setup_link_ended` */
export function checkOpen({ link, state }: Pick<Setup, 'link' | 'state'>): void {
  if (!isOpen(state)) throw new EntradaError('setup_link_ended', { link: link.id, as: state })
}

async function toSetup(
  services: Pick<Services, 'now'>,
  reader: StorageReader,
  link: SetupLink,
): Promise<Setup> {
  const connection = await reader.findConnection(link.connectionId)
  const organization = connection && (await reader.findOrganization(connection.organizationId))
  if (connection === undefined || organization === undefined) {
    throw new EntradaError('setup_link_not_found')
  }
  return { link, connection, organization, state: setupLinkState(services, link, connection) }
}

type HeldSecret = { readonly linkId: SetupLinkId; readonly secret: string }

function heldSecret(
  services: Pick<Services, 'deployment'>,
  { cookies, here }: Pick<Exchange, 'cookies' | 'here'>,
): HeldSecret | undefined {
  const cookie = cookies.get(setupCookieName(services, here)) ?? ''
  const [, linkId, secret] = /^(sul_[\w-]{1,64})\.([\w-]{43})$/.exec(cookie) ?? []
  return linkId === undefined || secret === undefined
    ? undefined
    : { linkId: linkId as SetupLinkId, secret } // its shape is checked above
}

/** The cookie ends with the link, so that a user who closes the browser can continue later. */
function setupCookie(
  services: Pick<Services, 'deployment' | 'now'>,
  { here }: Exchange,
  { link, secret }: { readonly link: SetupLink; readonly secret: string },
): string {
  const leftMs = link.endsAt.getTime() - services.now().getTime()
  const maxAgeSeconds = Math.max(1, Math.floor(leftMs / 1000))
  const value = `${link.id}.${secret}`
  return setCookie(setupCookieName(services, here), value, { here, maxAgeSeconds })
}

function setupCookieName(services: Pick<Services, 'deployment'>, here: URL): string {
  return cookieName(services, here, 'setup')
}
