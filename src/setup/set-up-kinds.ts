/** What the set-up page has for each kind of identity provider. */
import type { AdminCaller } from '../access/admin-caller.ts'
import type { EntradaError } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Html } from '../http/responses.ts'
import { kindNameOf, type ProviderKindName } from '../identity-provider/provider-kinds.ts'
import type { Services } from '../services.ts'
import type { Connection, ConnectionCredential } from '../storage/records.ts'
import { entraSetUp } from './entra/entra-set-up.ts'
import type { FormLeftover } from './setup-page.ts'
import type { Setup } from './setup-session.ts'

export type ActionInput = {
  readonly setup: Setup
  readonly caller: AdminCaller
  readonly form: URLSearchParams
}

/** Carries out a form. It returns a response when that leads elsewhere; otherwise the browser goes back to the page. */
export type Action = (
  services: Services,
  exchange: Exchange,
  input: ActionInput,
) => Promise<unknown>

export type SetUpKind = {
  /** The numbered steps before the test, and how many they are. */
  readonly steps: (
    services: Services,
    setup: Setup,
    leftover: FormLeftover,
  ) => { readonly body: Html; readonly count: number }
  /** The forms of those steps, by the name of their button. */
  readonly actions: Readonly<Record<string, Action>>
  /** How a connection proves to its provider that it is the application; also the page that renews a credential has it. */
  readonly credentials: {
    /** The name of a credential, with the end of its validity. */
    readonly name: (credential: ConnectionCredential) => Html
    /** The ways to add one. `current` is the one that a new one replaces. */
    readonly choices: (
      services: Services,
      setup: Setup,
      place: {
        readonly problem?: EntradaError | undefined
        readonly current: ConnectionCredential | undefined
      },
    ) => Html
    /** The forms of those ways, by the name of their button. */
    readonly actions: Readonly<Record<string, Action>>
  }
}

const setUpKinds: Readonly<Record<ProviderKindName, SetUpKind>> = { entra: entraSetUp }

/** Returns what the set-up page has for the kind of a connection. */
export function setUpKindOf(connection: Pick<Connection, 'protocol'>): SetUpKind {
  return setUpKinds[kindNameOf(connection)]
}
