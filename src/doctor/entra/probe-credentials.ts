/**
 * Finds out whether Entra accepts a credential, without a user. It redeems a code that does not exist: `invalid_client` means that the
 * credential is bad. `invalid_grant` should mean that it is good, but nothing guarantees that Entra checks the credential before the
 * code; so the probe also requests a token for the application itself and discards it (`decisions/0011-doctor.md`).
 */

import { EntradaError } from '../../errors/errors.ts'
import type { ClientCredential } from '../../identity-provider/client-credential.ts'
import type { ClientCredentials } from '../../identity-provider/client-credentials.ts'
import {
  type EntraError,
  parseEntraError,
} from '../../identity-provider/entra/protocol/explain-entra-error.ts'
import { type AskContext, type Asked, askWithForm, jsonOf } from '../ask.ts'
import type { CredentialFacts, CredentialTrial } from '../facts.ts'
import { describeFailure } from '../failure.ts'

export type CredentialTarget = {
  readonly tokenEndpoint: string
  readonly clientId: string
  readonly redirectUri: string
  /** The scope of Microsoft Graph in this cloud. */
  readonly graphScope: string
}

/** Sends each credential to Entra and returns whether Entra accepts it. */
export async function probeCredentials(
  context: AskContext,
  credentials: ClientCredentials,
  target: CredentialTarget | undefined,
): Promise<readonly CredentialFacts[]> {
  const status = credentials.status()
  return Promise.all(
    credentials.inOrder().map(async (credential) => {
      const credentialStatus = status.find(({ id }) => id === credential.id)
      const { id, kind } = credential
      const tried = target ? await tryCredential(context, credential, target) : noDirectory
      return { id, kind, state: 'good', ...credentialStatus, tried } as const
    }),
  )
}

const noDirectory: CredentialTrial = { kind: 'not_tried', reason: 'the directory was not found' }
/** Equals no code of Entra: those are longer and have other characters. */
const INVENTED_CODE = 'entrada-doctor-this-code-does-not-exist'
const INVENTED_VERIFIER = 'entrada-doctor-this-code-verifier-does-not-exist'

async function tryCredential(
  context: AskContext,
  credential: ClientCredential,
  { tokenEndpoint, clientId, redirectUri, graphScope }: CredentialTarget,
): Promise<CredentialTrial> {
  const proof = await proofOf(credential, tokenEndpoint)
  if (proof.kind === 'unreadable') return proof
  const client = { client_id: clientId, ...proof.fields }
  const redeemed = await askWithForm(context, tokenEndpoint, {
    ...client,
    grant_type: 'authorization_code',
    code: INVENTED_CODE,
    code_verifier: INVENTED_VERIFIER,
    redirect_uri: redirectUri,
    scope: 'openid profile email',
  })
  const first = readRefusal(redeemed)
  if (first.kind !== 'seems_accepted') return first
  const tokenRequest = { ...client, grant_type: 'client_credentials', scope: graphScope }
  return readOwnToken(await askWithForm(context, tokenEndpoint, tokenRequest))
}

type Proof =
  | { readonly kind: 'made'; readonly fields: Readonly<Record<string, string>> }
  | Extract<CredentialTrial, { readonly kind: 'unreadable' }>

async function proofOf(credential: ClientCredential, tokenEndpoint: string): Promise<Proof> {
  try {
    const proof = await credential.proveAt(tokenEndpoint)
    const fields: Record<string, string> =
      'clientSecret' in proof
        ? { client_secret: proof.clientSecret }
        : { client_assertion: proof.clientAssertion, client_assertion_type: ASSERTION_TYPE }
    return { kind: 'made', fields }
  } catch (error) {
    if (!(error instanceof EntradaError)) throw error
    return { kind: 'unreadable', reason: String(error.detail.reason ?? 'is not usable') }
  }
}

/** @see RFC 7523 §2.2 */
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

function readRefusal(reply: Asked): CredentialTrial {
  const entra = readError(reply)
  if (typeof entra === 'string') return { kind: 'not_tried', reason: entra }
  switch (entra.error) {
    case 'invalid_client':
      return { kind: 'refused', entra }
    case 'unauthorized_client':
      return entra.codes.includes(APPLICATION_UNKNOWN)
        ? { kind: 'client_unknown' }
        : { kind: 'refused', entra }
    case 'invalid_grant':
      return { kind: 'seems_accepted', reason: 'not asked' }
    default:
      return { kind: 'not_tried', reason: nameOf(entra), entra }
  }
}

/** The token is neither read nor stored. */
function readOwnToken(reply: Asked): CredentialTrial {
  if (reply.kind === 'answered' && reply.status === 200) return { kind: 'accepted' }
  const entra = readError(reply)
  if (typeof entra === 'string') return { kind: 'seems_accepted', reason: entra }
  return entra.error === 'invalid_client'
    ? { kind: 'refused', entra }
    : { kind: 'seems_accepted', reason: nameOf(entra) }
}

const APPLICATION_UNKNOWN = 700016

/** Returns the error of Entra, or why there is none. */
function readError(reply: Asked): EntraError | string {
  if (reply.kind === 'failed') return describeFailure(reply)
  const body = jsonOf(reply)
  if (reply.status >= 500 || reply.status === 429 || body === undefined) {
    return `the token endpoint answered ${reply.status}`
  }
  return parseEntraError(body)
}

function nameOf({ error, codes: [code] }: EntraError): string {
  return code === undefined ? error : `AADSTS${code}`
}
