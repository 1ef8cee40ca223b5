// findAssertionRefusal       checks what a client signed in place of a secret
//   findCertificateRefusal     `iss` is the client itself: a certificate that it uploaded
//   findFederatedRefusal       `iss` is an issuer that the application trusts
import { createHash, createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto'
import type { Application } from './directory.ts'
import { federationIssuerOf } from './federation-issuer.ts'
import { isCurrent, isSignedBy, type ParsedJwt, parseJwt } from './json-web-token.ts'
import { type Refusal, refusal } from './refusals.ts'
import type { EmulatorState } from './state.ts'
import { parseUploadedCertificate } from './uploaded-certificate.ts'

/** A client assertion, and the endpoint to which it was sent. */
export type PresentedAssertion = {
  readonly application: Application
  readonly assertion: string
  readonly type: string | undefined
  /** Allowed values of `aud`: the token endpoint, by the tenant's id or by the name in the address. */
  readonly audiences: readonly string[]
}

/**
 * Verifies a client assertion; returns `undefined` if it is valid.
 *
 * @see RFC 7523 §3, OpenID Connect Core §9 (`private_key_jwt`)
 */
export async function findAssertionRefusal(
  state: EmulatorState,
  presented: PresentedAssertion,
): Promise<Refusal | undefined> {
  if (presented.type !== ASSERTION_TYPE) {
    return refusal(900144, 'The parameter "client_assertion_type" is missing or not supported.')
  }
  const jwt = parseJwt(presented.assertion)
  if (jwt === undefined) return refusal(50027)
  const isOwn = jwt.claims.iss === presented.application.clientId
  if (!isOwn) return findFederatedRefusal(state, presented, jwt)
  return findCertificateRefusal(state, presented, jwt)
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

function findCertificateRefusal(
  state: EmulatorState,
  { application, audiences }: PresentedAssertion,
  jwt: ParsedJwt,
): Refusal | undefined {
  const certificate = application.certificates
    .flatMap((pem) => parseUploadedCertificate(pem) ?? [])
    .find((uploaded) => hasThumbprint(jwt, uploaded))
  if (certificate === undefined) return refusal(700027, 'No certificate of the application fits.')
  if (state.now() > new Date(certificate.validTo)) {
    return refusal(700027, 'The certificate of the client assertion has expired.')
  }
  if (!isSignedBy(jwt, certificate.publicKey)) return refusal(700027)

  const { sub, aud, jti } = jwt.claims
  if (sub !== application.clientId) return refusal(700021)
  if (typeof aud !== 'string' || !audiences.includes(aud)) {
    return refusal(700027, 'The audience of the client assertion is not this token endpoint.')
  }
  if (!isCurrent(jwt, state.now())) return refusal(700024)
  if (typeof jti !== 'string' || jti === '' || jti.length > 255) {
    return refusal(700027, 'The client assertion has no id ("jti").')
  }
  return findReuseRefusal(state, application, jti)
}

// Entra allows an assertion to be used until it expires, and MSAL relies on that for ten minutes.
function findReuseRefusal(
  state: EmulatorState,
  application: Application,
  jti: string,
): Refusal | undefined {
  if (!application.refuseReusedAssertions) return undefined
  const key = `${application.clientId} ${jti}`
  if (state.usedAssertions.find(key)) {
    return refusal(700027, 'The client assertion was used before.')
  }
  state.usedAssertions.set(key, true)
  return undefined
}

/** Issuer, subject and audience are compared exactly, including case and slashes. */
async function findFederatedRefusal(
  state: EmulatorState,
  { application }: PresentedAssertion,
  jwt: ParsedJwt,
): Promise<Refusal | undefined> {
  const { iss, sub, aud } = jwt.claims
  const ofIssuer = application.federatedCredentials.filter(({ issuer }) => issuer === iss)
  if (ofIssuer.length === 0) return refusal(700211)
  const ofSubject = ofIssuer.filter(({ subject }) => subject === sub)
  if (ofSubject.length === 0) return refusal(700213)
  const matching = ofSubject.filter(({ audience }) => [aud].flat().includes(audience))
  if (matching.length === 0) return refusal(700212)

  const keys = await Promise.all(matching.map((trusted) => keysOf(state, trusted)))
  if (!keys.flat().some((key) => isSignedBy(jwt, key))) return refusal(50013)
  return isCurrent(jwt, state.now()) ? undefined : refusal(700024)
}

async function keysOf(
  state: EmulatorState,
  { issuer, keys }: Application['federatedCredentials'][number],
): Promise<readonly KeyObject[]> {
  if (issuer === federationIssuerOf(state.origin)) {
    return (await state.keys.published()).map(({ publicKey }) => publicKey)
  }
  return keys.flatMap((jwk) => {
    try {
      return [createPublicKey({ key: jwk, format: 'jwk' })]
    } catch {
      return []
    }
  })
}

/** Compares `x5t#S256`, or `x5t` of older clients (RFC 7515 §4.1.7 and §4.1.8). */
function hasThumbprint({ header }: ParsedJwt, { raw }: X509Certificate): boolean {
  const thumbprint = (hash: string) => createHash(hash).update(raw).digest('base64url')
  const named = header['x5t#S256']
  return named === undefined ? header.x5t === thumbprint('sha1') : named === thumbprint('sha256')
}
