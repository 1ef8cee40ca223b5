/**
 * A sign-in attempt: what is remembered while the browser is away at Entra. It lives sealed in a cookie of its own; the database
 * learns of it only when it comes back (`claimAttempt`).
 */

import { EntradaError } from '../errors/errors.ts'
import { cookieName, dropCookie, setCookie } from '../http/cookies.ts'
import type { Exchange } from '../http/exchange.ts'
import { newUuid } from '../keys/ids.ts'
import type { Services } from '../services.ts'
import type { ConnectionId } from '../storage/records.ts'

export type AttemptPurpose = 'sign_in' | 'test' | 'consent' | 'sign_out'

/** Of a test or a request for consent: who began it, what it tries, and where its result is shown. */
export type AskedByHolder = {
  readonly holder: string
  readonly resultsAt: string
  /** The one credential that is tested, in place of the active ones. */
  readonly credentialId?: string
  /** A directory that only said that it consented. */
  readonly candidateTenant?: string
}

export type Attempt = {
  /** UUIDv7 without dashes: ordered by time, and part of the cookie's name. */
  readonly id: string
  readonly connectionId: ConnectionId
  readonly purpose: AttemptPurpose
  readonly returnTo: string
  readonly stateSecret: string
  readonly nonce: string
  /** RFC 7636 §4.1: 43 characters from 32 random bytes. */
  readonly codeVerifier: string
  readonly expiresAt: Date
  readonly asked?: AskedByHolder
}

const ATTEMPT_LIFETIME_SECONDS = 600
/** Claims outlive the attempt, so that nothing that can still be opened can be claimed twice. */
export const CLAIM_LIFETIME_SECONDS = 900
/** The cookie stays longer than the attempt: an answer that comes late is told so, and keeps its way back. */
const COOKIE_LIFETIME_SECONDS = 3600
const MAX_ATTEMPTS = 8
/** A jar that somebody stuffed is emptied over several answers, not with thousands of lines in one. */
const MAX_ATTEMPTS_LOOKED_AT = 60
/** Of all attempt cookies together. Servers refuse request headers from 8 KB on. */
const MAX_ATTEMPT_BYTES = 6000

export function newAttempt(
  services: Services,
  {
    connectionId,
    purpose,
    returnTo,
    asked,
  }: Pick<Attempt, 'connectionId' | 'purpose' | 'returnTo' | 'asked'>,
): Attempt {
  const random = (bytes: number) => Buffer.from(services.randomBytes(bytes)).toString('base64url')
  return {
    id: newUuid(services).replaceAll('-', ''),
    connectionId,
    purpose,
    returnTo,
    stateSecret: random(16),
    nonce: random(16),
    codeVerifier: random(32),
    expiresAt: new Date(services.now().getTime() + ATTEMPT_LIFETIME_SECONDS * 1000),
    ...(asked ? { asked } : {}),
  }
}

/** The `state` parameter: names the cookie, and proves to have come from this attempt. */
export function attemptState(attempt: Attempt): string {
  return `${attempt.id}.${attempt.stateSecret}`
}

/** S256 of the verifier. @see RFC 7636 §4.2 */
export function codeChallenge(services: Services, { codeVerifier }: Attempt): string {
  return Buffer.from(services.sha256(codeVerifier), 'hex').toString('base64url')
}

/** `Set-Cookie` lines: the new attempt, and the removal of those that no longer fit beside it. */
export function attemptCookies(
  services: Services,
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
  const tooMany = attemptsThatDoNotFit(attemptsHeld(services, here, cookies), room)
  return [
    ...tooMany.map((held) => dropCookie(held, here)),
    setCookie(name, value, { here, maxAgeSeconds: COOKIE_LIFETIME_SECONDS }),
  ]
}

/**
 * The attempt that this `state` belongs to, if this browser holds it on this host.
 *
 * @throws {EntradaError} `sign_in_attempt_not_yours`
 */
export function openAttempt(services: Services, exchange: Exchange, state: string): Attempt {
  const [id = '', stateSecret = '', ...rest] = state.split('.')
  if (!/^[0-9a-f]{32}$/.test(id) || rest.length > 0) throw notYours('state')
  const name = attemptCookieName(services, exchange.here, id)
  const sealed = exchange.cookies.get(name)
  if (sealed === undefined) throw notYours('cookie')

  const attempt = decode(id, unseal(services, sealed, boundTo(services, name, exchange.here)))
  if (services.sha256(attempt.stateSecret) !== services.sha256(stateSecret)) throw notYours('state')
  return attempt
}

/** @throws {EntradaError} `sign_in_attempt_expired` */
export function checkAttemptOpen(services: Services, attempt: Attempt): void {
  if (services.now() >= attempt.expiresAt) throw new EntradaError('sign_in_attempt_expired')
}

/** The `Set-Cookie` line that ends the attempt in this browser. */
export function dropAttemptCookie(services: Services, here: URL, attempt: Attempt): string {
  return dropCookie(attemptCookieName(services, here, attempt.id), here)
}

function attemptCookieName(services: Services, here: URL, id: string): string {
  return cookieName(services, here, `attempt-${id}`)
}

function attemptsHeld(services: Services, here: URL, cookies: ReadonlyMap<string, string>) {
  const prefix = attemptCookieName(services, here, '')
  return [...cookies]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => ({ name, bytes: name.length + value.length }))
    .sort((a, b) => (a.name < b.name ? 1 : -1))
}

/** Newest first in, oldest out: beside the new one at most seven stay, and no more than there is room for. */
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

/** Associated data: an attempt opened under another cookie name, on another host or under another mount path is noise. */
function boundTo({ deployment }: Services, name: string, here: URL): string {
  return `${name}@${here.host}${deployment.mountPath}`
}

function unseal(services: Services, sealed: string, associatedData: string): string {
  try {
    return services.keyRing.open('attempt-cookie', sealed, associatedData)
  } catch (cause) {
    throw new EntradaError('sign_in_attempt_not_yours', { reason: 'sealed' }, { cause })
  }
}

/** A list, not an object: eight of these travel with every request. */
function encode(attempt: Attempt): string {
  const { connectionId, purpose, returnTo, stateSecret, nonce, codeVerifier, expiresAt, asked } =
    attempt
  return JSON.stringify([
    connectionId,
    purpose,
    returnTo,
    stateSecret,
    nonce,
    codeVerifier,
    expiresAt.getTime(),
    ...(asked ? [asked] : []),
  ])
}

type EncodedAttempt = [
  ...[string, AttemptPurpose, string, string, string, string, number],
  AskedByHolder?,
]

function decode(id: string, text: string): Attempt {
  const parts = JSON.parse(text) as EncodedAttempt // sealed by `encode`
  const [connectionId, purpose, returnTo, stateSecret, nonce, codeVerifier, expiresAt, asked] =
    parts
  return {
    id,
    connectionId,
    purpose,
    returnTo,
    stateSecret,
    nonce,
    codeVerifier,
    expiresAt: new Date(expiresAt),
    ...(asked ? { asked } : {}),
  }
}

function notYours(reason: string): EntradaError {
  return new EntradaError('sign_in_attempt_not_yours', { reason })
}
