import { NOT_PERMITTED } from '../../errors/file-failure.ts'
import { expiryThreshold } from '../../identity-provider/credential-expiry.ts'
import {
  type EntraError,
  explainEntraError,
} from '../../identity-provider/entra/protocol/explain-entra-error.ts'
import type { CredentialFacts, Facts } from '../facts.ts'
import { type Finding, newFinding } from '../finding.ts'

const APPLICATION_UNKNOWN = 700016
const WRONG_SECRET = 7000215
const EXPIRED_SECRET = 7000222

/** Judges whether Entra accepts the credentials of the application, and when they expire. */
export function diagnoseCredentials(facts: Facts): readonly Finding[] {
  const { credentials = [], redirectUris = [], entra } = facts
  const clientId = entra?.clientId ?? ''
  const nameOf = namesOf(credentials)
  const hasGood = credentials.some(({ tried }) =>
    ['accepted', 'seems_accepted'].includes(tried.kind),
  )
  const isUnknown =
    credentials.some(({ tried }) => tried.kind === 'client_unknown') ||
    redirectUris.some(
      ({ answer }) => answer.kind === 'shown' && answer.code === APPLICATION_UNKNOWN,
    )
  return [
    ...(isUnknown ? [newFinding('client_id_unknown', { clientId })] : []),
    ...credentials.flatMap((credentialFacts) =>
      trial(credentialFacts, { clientId, hasGood, credential: nameOf(credentialFacts) }),
    ),
    ...credentials.flatMap((credentialFacts) => lifetime(credentialFacts, nameOf(credentialFacts))),
  ]
}

/** Returns how findings name a credential: with its id where there are several of a kind, and never with a part of its value. */
function namesOf(credentials: readonly CredentialFacts[]): (credential: CredentialFacts) => string {
  const isOneOfMany = ({ kind }: CredentialFacts) =>
    credentials.filter((other) => other.kind === kind).length > 1
  return (credential) => {
    const { id, kind } = credential
    switch (kind) {
      case 'client_secret':
        return isOneOfMany(credential)
          ? `the client secret that logs call ${id}`
          : 'the client secret'
      case 'certificate':
        return `the certificate with the thumbprint ${id.replace('certificate:', '')}`
      case 'federated_token_file':
        return 'the federated token'
    }
  }
}

function trial(
  { tried }: CredentialFacts,
  {
    clientId,
    hasGood,
    credential,
  }: { readonly clientId: string; readonly hasGood: boolean; readonly credential: string },
): readonly Finding[] {
  switch (tried.kind) {
    case 'accepted':
      return [newFinding('credential_good', { credential })]
    case 'seems_accepted':
      return [newFinding('credential_seems_good', { credential, reason: tried.reason })]
    case 'refused':
      return hasGood
        ? [newFinding('credential_spare_refused', { credential }, errorLines(tried.entra))]
        : [refusal(credential, clientId, tried.entra)]
    case 'client_unknown':
      return []
    case 'unreadable':
      if (tried.reason.includes(NOT_PERMITTED)) {
        return [newFinding('credential_not_readable', { credential })]
      }
      return [newFinding('credential_unreadable', { credential, reason: tried.reason })]
    case 'not_tried':
      return [newFinding('credential_not_tried', { credential, reason: tried.reason })]
  }
}

/** `error` has already decided that the credential is refused; the number only chooses the finding. */
function refusal(credential: string, clientId: string, entra: EntraError): Finding {
  if (entra.codes.includes(WRONG_SECRET)) {
    return newFinding('credential_wrong', { credential, clientId })
  }
  if (entra.codes.includes(EXPIRED_SECRET)) return newFinding('credential_expired', { credential })
  const remedy = entra.codes.map((code) => explainEntraError(code)?.remedy).find(Boolean) ?? ''
  return newFinding('credential_refused', { credential, remedy }, errorLines(entra))
}

function errorLines({ error, codes }: EntraError): readonly string[] {
  if (codes.length === 0) return [error]
  return codes.map((code) => `AADSTS${code} ${explainEntraError(code)?.name ?? error}`)
}

function lifetime(facts: CredentialFacts, credential: string): readonly Finding[] {
  const { kind, expiresAt, daysLeft } = facts
  if (expiresAt === undefined || daysLeft === undefined) {
    return kind === 'client_secret' ? [newFinding('credential_end_unknown', { credential })] : []
  }
  const date = expiresAt.toISOString().slice(0, 10)
  const threshold = expiryThreshold(facts)
  if (threshold === 0) return [newFinding('credential_ended', { credential, date })]
  const id = threshold === undefined ? 'credential_lasts' : 'credential_ends_soon'
  return [newFinding(id, { credential, date, days: daysLeft })]
}
