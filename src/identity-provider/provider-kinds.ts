/**
 * The kinds of identity providers, a row for each. No other file compares the kind of a connection: a higher floor that has more to know
 * of a kind keeps a table with a row for each {@link ProviderKindName}, such as `setup/set-up-kinds.ts`.
 */
import type { EntradaError } from '../errors/errors.ts'
import type { Connection } from '../storage/records.ts'
import { originsOf } from './entra/clouds.ts'
import { explainRefusal as explainEntraRefusal } from './entra/explain-refusal.ts'
import { isIssuerOf } from './entra/protocol/issuer.ts'
import type { ProviderKind } from './provider-kind.ts'

const kinds = {
  entra: {
    name: 'Microsoft Entra ID',
    load: async () => (await import('./entra/open-entra.ts')).openEntra,
    pageOrigins: originsOf,
    isIssuerOf,
    explain: explainEntraRefusal,
  },
} as const satisfies Readonly<Record<string, ProviderKind>>

export type ProviderKindName = keyof typeof kinds

/** Every kind by its name. */
export const providerKinds: Readonly<Record<ProviderKindName, ProviderKind>> = kinds

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

/** Returns the explanation of an error that an identity provider sent, whichever kind it is; `undefined` for every other error. */
export function explainRefusal(
  error: Pick<EntradaError, 'detail'>,
): ReturnType<ProviderKind['explain']> {
  for (const { explain } of Object.values(providerKinds)) {
    const explanation = explain(error)
    if (explanation !== undefined) return explanation
  }
  return undefined
}
