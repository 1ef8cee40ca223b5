/** A short-lived signed token that identifies the user, for applications that need a proof instead of trusting their network. */
import { type JSONWebKeySet, type JWK, SignJWT } from 'jose'
import type { SessionView } from '../storage/records.ts'
import { type EmailOptions, knownGroups, splitEmail } from './identity-headers.ts'

const LIFETIME_SECONDS = 60

export type IdentityTokens = {
  /** Signs a token for the application at this origin only. */
  sign(view: SessionView, audience: string): Promise<string>
  /** The keys to verify tokens with. There are several while a key of the ring is being rotated. */
  readonly publicKeys: JSONWebKeySet
}

/** A key pair for signing, with its public half as it is published. */
export type TokenKey = {
  readonly keyId: string
  readonly privateKey: CryptoKey
  readonly publicKey: JWK
}

/** Creates the tokens. The first key signs, and all keys are published (ES256). */
export function createIdentityTokens(
  keys: readonly [TokenKey, ...TokenKey[]],
  {
    issuer,
    now,
    ...emailOptions
  }: EmailOptions & { readonly issuer: string; readonly now: () => Date },
): IdentityTokens {
  const [{ keyId, privateKey }] = keys
  const publicKeys = keys.map(({ keyId: kid, publicKey }) => ({
    ...publicKey,
    kid,
    alg: 'ES256',
    use: 'sig',
  }))
  return {
    publicKeys: { keys: publicKeys },
    sign(view, audience) {
      const seconds = Math.floor(now().getTime() / 1000)
      return new SignJWT(identityClaims(view, emailOptions))
        .setProtectedHeader({ alg: 'ES256', kid: keyId, typ: 'JWT' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(seconds)
        .setExpirationTime(seconds + LIFETIME_SECONDS)
        .sign(privateKey)
    },
  }
}

/** `groups` is null where the header is empty because the groups are unknown. @see OpenID Connect Core §5.1 */
function identityClaims(view: SessionView, options: EmailOptions) {
  const { user, membership, organization, session, roles } = view
  const email = membership?.profile.email
  const { proven, unproven } = splitEmail(email, options)
  return {
    sub: user?.id ?? '',
    sid: session.id,
    preferred_username: membership?.username ?? null,
    name: membership?.profile.displayName ?? null,
    email: proven ?? null,
    email_verified: email?.proven ?? false,
    email_unverified: unproven ?? null,
    org: organization?.id ?? null,
    roles,
    groups: knownGroups(view) ?? null,
  }
}
