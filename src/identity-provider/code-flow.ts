/** The secrets of the authorization code flow that every OpenID provider has in common. */
import { hash } from 'node:crypto'
import type { Kept } from './identity-provider.ts'

/** Creates a nonce and a code verifier, the latter with 43 characters of 32 random bytes. @see RFC 7636 §4.1 */
export function newCodeFlow(randomBytes: (count: number) => Uint8Array): Kept {
  const random = (bytes: number) => Buffer.from(randomBytes(bytes)).toString('base64url')
  return { nonce: random(16), codeVerifier: random(32) }
}

/** Returns the S256 challenge of a code verifier. @see RFC 7636 §4.2 */
export function codeChallengeOf(codeVerifier: string): string {
  return hash('sha256', codeVerifier, 'base64url')
}
