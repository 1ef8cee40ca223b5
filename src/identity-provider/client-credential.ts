/** One credential with which Entrada authenticates to Entra as the application, of any kind. */
import { createHash } from 'node:crypto'
import { EntradaError } from '../errors/errors.ts'
import { cannotBeRead } from '../errors/file-failure.ts'
import type { CheckedCredential } from '../settings/check-options.ts'
import { certificateAssertions, parseKeyPair, thumbprint } from './certificate.ts'

export type CredentialKind = CheckedCredential['kind']

/** The parameter of one token request that authenticates the application. */
export type ClientProof = { readonly clientSecret: string } | { readonly clientAssertion: string }

export type ClientCredential = {
  /** An id that may be shown, logged and stored: it distinguishes credentials without revealing a value. */
  readonly id: string
  readonly kind: CredentialKind
  /** Equal for equal values only. It stays in memory. */
  readonly fingerprint: string
  readonly expiresAt?: Date
  /** Returns the proof for one token endpoint. @throws {EntradaError} `client_credential_unreadable` */
  proveAt(tokenEndpoint: string): Promise<ClientProof>
}

export type CredentialContext = { readonly clientId: string; readonly now: () => Date }

/**
 * Creates a credential from its options.
 *
 * @throws {EntradaError} `settings_invalid`: no certificate, or a key that does not belong to it
 */
export function newClientCredential(
  options: CheckedCredential,
  context: CredentialContext,
): ClientCredential {
  switch (options.kind) {
    case 'client_secret':
      return secretCredential(options, context)
    case 'certificate':
      return certificateCredential(options, context)
    case 'federated_token_file':
      return federatedCredential(options)
  }
}

function secretCredential(
  { kind, value, expiresAt }: Extract<CheckedCredential, { kind: 'client_secret' }>,
  { clientId }: CredentialContext,
): ClientCredential {
  const fingerprint = sha256(`${clientId}\n${value.reveal()}`)
  return {
    id: `${kind}:${fingerprint.slice(-4)}`,
    kind,
    fingerprint,
    ...(expiresAt ? { expiresAt } : {}),
    proveAt: async () => ({ clientSecret: value.reveal() }),
  }
}

function certificateCredential(
  { kind, ...pems }: Extract<CheckedCredential, { kind: 'certificate' }>,
  context: CredentialContext,
): ClientCredential {
  const keyPair = parseKeyPair(pems)
  const assertionFor = certificateAssertions(keyPair, context)
  return {
    // SHA-1 as Entra's page lists it, so that both can be compared.
    id: `${kind}:${thumbprint(keyPair.certificate, 'sha1').toString('hex').toUpperCase()}`,
    kind,
    fingerprint: sha256(keyPair.certificate.raw),
    expiresAt: keyPair.certificate.validToDate,
    proveAt: async (tokenEndpoint) => ({ clientAssertion: await assertionFor(tokenEndpoint) }),
  }
}

/** The file is read at each use, because the platform replaces it every few minutes or hours. */
function federatedCredential({
  kind,
  readToken,
}: Extract<CheckedCredential, { kind: 'federated_token_file' }>): ClientCredential {
  return {
    id: kind,
    kind,
    fingerprint: kind,
    proveAt: async () => ({ clientAssertion: readAssertion(readToken) }),
  }
}

function readAssertion(readToken: () => string): string {
  let text: string
  try {
    text = readToken().trim()
  } catch (cause) {
    throw unreadable(cannotBeRead(cause), cause)
  }
  if (text === '') throw unreadable('is empty')
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) throw unreadable('does not hold a signed token (JWT)')
  return text
}

function unreadable(reason: string, cause?: unknown): EntradaError {
  return new EntradaError('client_credential_unreadable', { reason }, { cause })
}

function sha256(value: string | Uint8Array): string {
  return createHash('sha256').update(value).digest('hex')
}
