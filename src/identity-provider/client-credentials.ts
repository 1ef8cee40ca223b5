/** All credentials of one application: the order in which they are tried, which were refused, and when they expire. */

import type { EntradaError } from '../errors/errors.ts'
import type { Log } from '../log/log.ts'
import type { CheckedCredential } from '../settings/check-options.ts'
import {
  type ClientCredential,
  type CredentialContext,
  type CredentialKind,
  newClientCredential,
} from './client-credential.ts'
import type { EntraError } from './entra/protocol/explain-entra-error.ts'

/** A refused credential is tried last for this long; then it is tried first again. */
const REFUSED_FOR_MS = 600_000
const DAY_MS = 86_400_000
/**
 * A certificate comes before a token that others can read from a file, and both before a secret, which is sent with each request.
 */
const preference: readonly CredentialKind[] = [
  'certificate',
  'federated_token_file',
  'client_secret',
]

/** What pages, metrics and the database may know about a credential. */
export type CredentialStatus = {
  readonly id: string
  readonly kind: CredentialKind
  readonly expiresAt?: Date
  /** Whole days until it expires, negative afterwards; absent if the expiry is unknown. */
  readonly daysLeft?: number
  /** `refused`: at the last attempt Entra refused it, or it could not be read. */
  readonly state: 'good' | 'refused' | 'expired'
  readonly refusal?: CredentialRefusal
}
export type CredentialRefusal = {
  readonly at: Date
  readonly code: string
  readonly reason?: string
  /** Entra's AADSTS numbers. */
  readonly entraCodes?: readonly number[]
}

export type ClientCredentials = {
  /** Returns all credentials in the order in which to try them. */
  inOrder(): readonly ClientCredential[]
  refused(credential: ClientCredential, error: EntradaError): void
  accepted(credential: ClientCredential): void
  /** Uses what is configured now. Returns whether anything changed. @throws {EntradaError} `settings_invalid` */
  reread(): boolean
  status(): readonly CredentialStatus[]
}

/** Creates the credentials of one application. @throws {EntradaError} `settings_invalid` */
export function createClientCredentials(
  read: () => readonly CheckedCredential[],
  { log, ...context }: CredentialContext & { readonly log: Log },
): ClientCredentials {
  const refusals = new Map<string, CredentialRefusal>()
  let current = readAgain([], read(), context)

  const isSetBack = ({ fingerprint, expiresAt }: ClientCredential) => {
    const time = context.now().getTime()
    const refusedAt = refusals.get(fingerprint)?.at.getTime() ?? Number.NEGATIVE_INFINITY
    return time - refusedAt < REFUSED_FOR_MS || (expiresAt?.getTime() ?? time) < time
  }

  return {
    inOrder: () => inOrderOf(current, isSetBack),
    refused({ id, kind, fingerprint }, error) {
      const refusal = refusalOf(error, context.now())
      if (!refusals.has(fingerprint))
        log.error('credential_refused', { credential: id, kind, ...refusal })
      refusals.set(fingerprint, refusal)
    },
    accepted({ id, kind, fingerprint }) {
      if (refusals.delete(fingerprint)) log.info('credential_accepted', { credential: id, kind })
    },
    reread() {
      const before = current
      current = readAgain(before, read(), context)
      for (const fingerprint of refusals.keys()) {
        if (!current.some((credential) => credential.fingerprint === fingerprint))
          refusals.delete(fingerprint)
      }
      return (
        current.length !== before.length ||
        current.some((credential, at) => credential !== before[at])
      )
    },
    status: () =>
      current.map((credential) =>
        statusOf(credential, refusals.get(credential.fingerprint), context.now()),
      ),
  }
}

/** Unchanged credentials stay the same objects, with their current assertion. */
function readAgain(
  before: readonly ClientCredential[],
  options: readonly CheckedCredential[],
  context: CredentialContext,
): readonly ClientCredential[] {
  return options.map((option) => {
    const credential = newClientCredential(option, context)
    const known = before.find(
      ({ fingerprint, expiresAt }) =>
        fingerprint === credential.fingerprint &&
        expiresAt?.getTime() === credential.expiresAt?.getTime(),
    )
    return known ?? credential
  })
}

/** Sorts the newest first: a later or unknown expiry counts as newer; otherwise the configured order. */
function inOrderOf(
  credentials: readonly ClientCredential[],
  isSetBack: (credential: ClientCredential) => boolean,
): readonly ClientCredential[] {
  const rank = (credential: ClientCredential) =>
    [
      Number(isSetBack(credential)),
      preference.indexOf(credential.kind),
      -(credential.expiresAt?.getTime() ?? Number.MAX_SAFE_INTEGER),
    ] as const
  return credentials
    .map((credential) => ({ credential, rank: rank(credential) }))
    .sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1] || a.rank[2] - b.rank[2])
    .map(({ credential }) => credential)
}

function refusalOf({ code, detail }: EntradaError, at: Date): CredentialRefusal {
  const { entra, reason } = detail as { readonly entra?: EntraError; readonly reason?: string } // ours
  return {
    at,
    code,
    ...(reason === undefined ? {} : { reason }),
    ...(entra === undefined ? {} : { entraCodes: entra.codes }),
  }
}

function statusOf(
  { id, kind, expiresAt }: ClientCredential,
  refusal: CredentialRefusal | undefined,
  now: Date,
): CredentialStatus {
  const leftMs = expiresAt && expiresAt.getTime() - now.getTime()
  const expired = leftMs !== undefined && leftMs < 0
  return {
    id,
    kind,
    ...(expiresAt ? { expiresAt } : {}),
    ...(leftMs === undefined ? {} : { daysLeft: Math.floor(leftMs / DAY_MS) }),
    state: expired ? 'expired' : refusal ? 'refused' : 'good',
    ...(refusal ? { refusal } : {}),
  }
}
