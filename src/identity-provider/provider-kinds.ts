/**
 * The kinds of identity providers, a row for each. No other file compares the kind of a connection: a higher floor that has more to know
 * of a kind keeps a table with a row for each {@link ProviderKindName}, such as `setup/set-up-kinds.ts`.
 */
import type { EntradaError } from '../errors/errors.ts'
import type { Connection, PersonKey, Space } from '../storage/records.ts'
import { entraKind } from './entra/entra-kind.ts'
import type { CopiedError, ProviderErrors, ProviderExplanation } from './provider-errors.ts'
import type { Issuer, ProviderKind } from './provider-kind.ts'

const kinds = { entra: entraKind } as const satisfies Readonly<Record<string, ProviderKind>>

export type ProviderKindName = keyof typeof kinds

/** Every kind by its name. */
export const providerKinds: Readonly<Record<ProviderKindName, ProviderKind>> = kinds

/** The names of all kinds, as public JSON has them. */
export const providerKindNames = Object.keys(kinds) as ProviderKindName[] // the keys of the literal

/** `oidc` is what every release has stored for a connection to Entra. */
const kindOfProtocol: Readonly<Record<Connection['protocol'], ProviderKindName>> = { oidc: 'entra' }

/** Returns the name of the kind that a connection is. */
export function kindNameOf({ protocol }: Pick<Connection, 'protocol'>): ProviderKindName {
  return kindOfProtocol[protocol]
}

/** Returns the kind that a connection is. */
export function kindOf(connection: Pick<Connection, 'protocol'>): ProviderKind {
  return providerKinds[kindNameOf(connection)]
}

/** The kind of the connection that the environment describes, and of a new connection that names none. */
export const DEFAULT_KIND = 'entra' satisfies ProviderKindName
export const defaultKind: ProviderKind = kinds[DEFAULT_KIND]

/** Where people sign in whose connection names no address. */
export const DEFAULT_AUTHORITY: string = kinds.entra.authorities[0]

/** Returns the space of the people whom a connection signs in. */
export function spaceOf(connection: Pick<Connection, 'protocol' | 'cloud'>): Space {
  return kindOf(connection).spaceOf(connection)
}

/** Returns whether a connection of any kind could sign in the person of a key. */
export function canSignIn(key: PersonKey): boolean {
  return Object.values(providerKinds).some(({ vouchesFor }) => vouchesFor(key))
}

/** Returns whether an account is a person's own, by the kind that vouches for it. */
export function isPersonalAccount(key: PersonKey): boolean {
  return Object.values(providerKinds).some((kind) => kind.isPersonalAccount(key))
}

/** Reads the `iss` that another site sends, of whichever kind of provider. @see OpenID Connect Core §4 */
export function parseIssuer(text: string): Issuer | undefined {
  for (const kind of Object.values(providerKinds)) {
    const issuer = kind.parseIssuer(text)
    if (issuer !== undefined) return issuer
  }
  return undefined
}

/** Returns the explanation of an error that an identity provider sent, whichever kind it is; `undefined` for every other error. */
export function explainRefusal(
  error: Pick<EntradaError, 'detail'>,
): ProviderExplanation | undefined {
  return firstOf(({ explain }) => explain(error))
}

/** Returns the name and the entry of a number that a sign-in trace has, whichever kind of provider sent it. */
export function findProviderError(number: number): ReturnType<ProviderErrors['find']> {
  return firstOf(({ find }) => find(number))
}

/** Reads the error that a person copied from a page of an identity provider. */
export function readProviderError(text: string): CopiedError | undefined {
  return firstOf(({ read }) => read(text))
}

function firstOf<Found>(find: (errors: ProviderErrors) => Found | undefined): Found | undefined {
  for (const { errors } of Object.values(providerKinds)) {
    const found = find(errors)
    if (found !== undefined) return found
  }
  return undefined
}
