/**
 * A sign-in attempt is what Entrada remembers while the browser is away at the identity provider. It is sealed into a cookie of its own;
 * the database stores it only when the browser comes back (`claimAttemptOf`).
 */

import { EntradaError } from '../errors/errors.ts'
import { cookieName, dropCookie, setCookie } from '../http/cookies.ts'
import type { Exchange } from '../http/exchange.ts'
import { single } from '../http/form.ts'
import type { Kept } from '../identity-provider/identity-provider.ts'
import { newUuid } from '../keys/ids.ts'
import type { Services } from '../services.ts'
import type { ConnectionId } from '../storage/records.ts'

export type AttemptPurpose = 'sign_in' | 'test' | 'consent' | 'sign_out'

/** A test or a request for consent: its holder, its subject, and where its result is shown. */
export type HolderRequest = {
  readonly holder: string
  readonly resultsAt: string
  /** The one credential that is tested, in place of the active ones. */
  readonly credentialId?: string
  /** A directory whose consent is not proven yet. */
  readonly candidateTenant?: string
}

export type Attempt = {
  /** UUIDv7 without dashes: ordered by time, and part of the cookie's name. */
  readonly id: string
  readonly connectionId: ConnectionId
  readonly purpose: AttemptPurpose
  readonly returnTo: string
  readonly stateSecret: string
  /** The values that the identity provider needs to verify the answer. */
  readonly kept: Kept
  readonly expiresAt: Date
  readonly holderRequest?: HolderRequest
  /** Path and query of the address to which the answer must come; absent in attempts that another release has made. */
  readonly returnPath?: string
}

const ATTEMPT_LIFETIME_SECONDS = 600
/** A claim is kept longer than the attempt is valid, so that an attempt that can still be opened cannot be claimed twice. */
export const CLAIM_LIFETIME_SECONDS = 900
/** The cookie outlives the attempt: an answer that comes late gets an error page that leads back to where the user wanted to go. */
const COOKIE_LIFETIME_SECONDS = 3600
const MAX_ATTEMPTS = 8
/** If a browser has thousands of attempts, they are removed over several responses, not with thousands of lines in one. */
const MAX_ATTEMPTS_LOOKED_AT = 60
/** The bytes of all attempt cookies together. Servers refuse request headers from 8 KB on. */
const MAX_ATTEMPT_BYTES = 6000

/** Creates an attempt with a fresh id and state. */
export function newAttempt(
  services: Pick<Services, 'now' | 'randomBytes'>,
  {
    connectionId,
    purpose,
    returnTo,
    kept,
    holderRequest,
    returnPath,
  }: Pick<
    Attempt,
    'connectionId' | 'purpose' | 'returnTo' | 'kept' | 'holderRequest' | 'returnPath'
  >,
): Attempt {
  return {
    id: newUuid(services).replaceAll('-', ''),
    connectionId,
    purpose,
    returnTo,
    stateSecret: Buffer.from(services.randomBytes(16)).toString('base64url'),
    kept,
    expiresAt: new Date(services.now().getTime() + ATTEMPT_LIFETIME_SECONDS * 1000),
    ...(holderRequest ? { holderRequest } : {}),
    ...(returnPath ? { returnPath } : {}),
  }
}

/** Returns the `state` of an attempt, which names its cookie and proves that an answer belongs to it. */
export function attemptState(attempt: Attempt): string {
  return `${attempt.id}.${attempt.stateSecret}`
}

/** Returns the `Set-Cookie` lines that store the new attempt and remove those that no longer fit in addition to it. */
export function attemptCookies(
  services: Pick<Services, 'deployment' | 'keyRing'>,
  { here, cookies }: Exchange,
  attempt: Attempt,
): string[] {
  const name = attemptCookieName(services, here, attempt.id)
  const value = services.keyRing.seal(
    'attempt-cookie',
    encode(attempt),
    boundTo(services, name, here),
  )
  const room = MAX_ATTEMPT_BYTES - name.length - value.length
  const tooMany = attemptsThatDoNotFit(attemptsIn(services, here, cookies), room)
  return [
    ...tooMany.map((attemptName) => dropCookie(attemptName, here)),
    setCookie(name, value, { here, maxAgeSeconds: COOKIE_LIFETIME_SECONDS }),
  ]
}

/**
 * Opens the attempt that this `state` belongs to, if this browser has its cookie on this host.
 *
 * @throws {EntradaError} `sign_in_attempt_not_yours`
 */
export function openAttempt(
  services: Pick<Services, 'deployment' | 'keyRing' | 'sha256'>,
  exchange: Exchange,
  state: string,
): Attempt {
  const [id = '', stateSecret = '', ...rest] = state.split('.')
  if (!/^[0-9a-f]{32}$/.test(id) || rest.length > 0) throw notYours('state')
  const name = attemptCookieName(services, exchange.here, id)
  const sealed = exchange.cookies.get(name)
  if (sealed === undefined) throw notYours('cookie')

  const attempt = decode(id, unseal(services, sealed, boundTo(services, name, exchange.here)))
  if (services.sha256(attempt.stateSecret) !== services.sha256(stateSecret)) throw notYours('state')
  return attempt
}

/** Checks that an attempt has not expired. @throws {EntradaError} `sign_in_attempt_expired` */
export function checkAttemptOpen(services: Pick<Services, 'now'>, attempt: Attempt): void {
  if (services.now() >= attempt.expiresAt) throw new EntradaError('sign_in_attempt_expired')
}

/**
 * Checks that an answer came to the address that the attempt named, before the attempt is spent.
 *
 * @throws {EntradaError} `sign_in_attempt_mismatch`
 */
export function checkReturnPath(
  { url }: Pick<Exchange, 'url'>,
  { connectionId, returnPath }: Attempt,
): void {
  if (returnPath === undefined) return
  const expected = new URL(returnPath, url)
  const isThere = url.pathname === expected.pathname && namedIn(url) === namedIn(expected)
  if (!isThere) throw new EntradaError('sign_in_attempt_mismatch', { connection: connectionId })
}

function namedIn({ searchParams }: URL): string | undefined {
  return single(searchParams, 'connection')
}

/** Returns the `Set-Cookie` line that ends the attempt in this browser. */
export function dropAttemptCookie(
  services: Pick<Services, 'deployment'>,
  here: URL,
  attempt: Attempt,
): string {
  return dropCookie(attemptCookieName(services, here, attempt.id), here)
}

function attemptCookieName(services: Pick<Services, 'deployment'>, here: URL, id: string): string {
  return cookieName(services, here, `attempt-${id}`)
}

function attemptsIn(
  services: Pick<Services, 'deployment'>,
  here: URL,
  cookies: ReadonlyMap<string, string>,
) {
  const prefix = attemptCookieName(services, here, '')
  return [...cookies]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => ({ name, bytes: name.length + value.length }))
    .sort((a, b) => (a.name < b.name ? 1 : -1))
}

/** The oldest attempts are removed first: besides the new one at most seven stay, and no more than fit. */
function attemptsThatDoNotFit(
  newestFirst: readonly { readonly name: string; readonly bytes: number }[],
  room: number,
): string[] {
  let used = 0
  return newestFirst
    .slice(0, MAX_ATTEMPTS_LOOKED_AT)
    .filter(({ bytes }, index) => {
      used += bytes
      return index >= MAX_ATTEMPTS - 1 || used > room
    })
    .map(({ name }) => name)
}

/** The associated data: an attempt cannot be opened under another cookie name, on another host or under another mount path. */
function boundTo({ deployment }: Pick<Services, 'deployment'>, name: string, here: URL): string {
  return `${name}@${here.host}${deployment.mountPath}`
}

function unseal(
  services: Pick<Services, 'keyRing'>,
  sealed: string,
  associatedData: string,
): string {
  try {
    return services.keyRing.open('attempt-cookie', sealed, associatedData)
  } catch (cause) {
    throw new EntradaError('sign_in_attempt_not_yours', { reason: 'sealed' }, { cause })
  }
}

/**
 * A list, not an object: eight of these travel with every request. What an OpenID provider keeps has two places, where every release has
 * sealed it, so replicas of two releases open each other's attempts during an upgrade.
 */
function encode(attempt: Attempt): string {
  const { connectionId, purpose, returnTo, stateSecret, kept, expiresAt } = attempt
  const { holderRequest = null, returnPath } = attempt
  return JSON.stringify([
    connectionId,
    purpose,
    returnTo,
    stateSecret,
    kept.nonce,
    kept.codeVerifier,
    expiresAt.getTime(),
    holderRequest,
    returnPath,
  ])
}

type EncodedAttempt = [
  ...[string, AttemptPurpose, string, string, string, string, number],
  (HolderRequest | null)?,
  (string | null)?,
]

function decode(id: string, text: string): Attempt {
  const parts = JSON.parse(text) as EncodedAttempt // sealed by `encode`
  const [connectionId, purpose, returnTo, stateSecret, nonce, codeVerifier, expiresAt] = parts
  const [holderRequest, returnPath] = parts.slice(7) as [HolderRequest?, string?] // the last two places
  return {
    id,
    connectionId,
    purpose,
    returnTo,
    stateSecret,
    kept: { nonce, codeVerifier },
    expiresAt: new Date(expiresAt),
    ...(holderRequest ? { holderRequest } : {}),
    ...(returnPath ? { returnPath } : {}),
  }
}

function notYours(reason: string): EntradaError {
  return new EntradaError('sign_in_attempt_not_yours', { reason })
}
