/** What the errors of an identity provider mean, and who can fix them, as pages, the doctor and the command line show it. */
import type { EntradaError } from '../errors/errors.ts'

/**
 * Who can fix an error. `person`: the person who tried to sign in. `application_administrator`: the owner of our registration at the
 * provider. `directory_administrator`: the administrator of the directory (people, consent, policies). `operator`: the operator of this
 * Entrada server.
 */
export type WhoCanFix =
  | 'person'
  | 'application_administrator'
  | 'directory_administrator'
  | 'operator'
  | 'nobody_needed'

/** The meaning of one error, and its readers. `shown` is the only field for the person's page. */
export type ProviderErrorEntry = {
  readonly name: string
  readonly whatHappened: string
  /** For the operator of the server: it names settings. */
  readonly remedy: string
  /** For a customer's administrator, who has the set-up page and no settings; `remedy` is used if it is absent. */
  readonly customerRemedy?: string
  readonly whoCanFix: WhoCanFix
  readonly shown: string
}

/** An error that a provider sent with a refusal. Its name is only shown; no decision depends on it. */
export type ProviderExplanation = {
  /** Who sent the error, for pages. */
  readonly sender: string
  /** The number of the error, as the provider writes it: `AADSTS50011`. */
  readonly label?: string
  readonly entry?: ProviderErrorEntry
  readonly traceId?: string
  readonly correlationId?: string
}

/** An error as a person copied it from a page of the provider. `entry` is absent if our tables do not have it. */
export type CopiedError = {
  readonly code: number | undefined
  /** The name of the error, as the provider writes it. */
  readonly label: string
  readonly entry?: ProviderErrorEntry | undefined
  /** Names of errors in our tables that are written almost like it. */
  readonly near: readonly string[]
  /** The provider's own text about it. */
  readonly address?: string
}

/** What a kind of identity provider has about its errors. */
export type ProviderErrors = {
  /** Returns the explanation of an error that the provider itself sent; `undefined` for every other error. */
  readonly explain: (error: Pick<EntradaError, 'detail'>) => ProviderExplanation | undefined
  /** Returns the name and the entry of a number that a sign-in trace has, if our tables have it. */
  readonly find: (
    number: number,
  ) => { readonly label: string; readonly entry: ProviderErrorEntry } | undefined
  /** Reads the error that a person copied; `undefined` if the text has no error of this provider. */
  readonly read: (text: string) => CopiedError | undefined
  /** Numbers that the provider most often shows on a page of its own instead of sending the person back. */
  readonly neverSent: readonly number[]
}

/** Names, for a page, who can fix an error. */
export const whoWords: Readonly<Record<WhoCanFix, string>> = {
  person: 'you',
  application_administrator: 'the administrator of the application registration in Entra',
  directory_administrator: 'an administrator of the directory',
  operator: 'the operator of this server',
  nobody_needed: 'no one; the problem passes',
}
