/** The key of a person, whichever identity provider vouches for it. */

/** Who vouches: the directories of a cloud of Entra, an OpenID issuer, or the identity provider of one SAML connection. */
export type Space = `entra:${string}` | 'oidc' | `saml:${string}`

/**
 * A person in a directory: the space, the directory, and the person's id in it. Unique in all three, to the letter. The folder of the
 * identity provider makes the key, and folds letter case where that provider ignores it.
 */
export type PersonKey = {
  readonly space: Space
  readonly directory: string
  readonly subject: string
}
