import { redirectUri } from '../connections/connection-addresses.ts'
import { withCookies } from '../http/cookies.ts'
import type { Exchange } from '../http/exchange.ts'
import { single } from '../http/form.ts'
import { redirect } from '../http/responses.ts'
import type { AuthorizationUrlRequest } from '../identity-provider/identity-provider.ts'
import type { Services } from '../services.ts'
import type { Connection } from '../storage/records.ts'
import {
  type AskedByHolder,
  type Attempt,
  type AttemptPurpose,
  attemptCookies,
  attemptState,
  codeChallenge,
  newAttempt,
} from './attempt.ts'
import { checkNoOtherRequired } from './choose-connection.ts'
import { claimsChallenge } from './claims-challenge.ts'
import { mustSelectAccount } from './select-account.ts'

const MAX_LOGIN_HINT_LENGTH = 512

export type BeginAttempt = {
  readonly connection: Connection
  readonly purpose: AttemptPurpose
  /** Already checked. */
  readonly returnTo: string
  readonly loginHint?: string | undefined
  readonly selectAccount?: boolean
  readonly asked?: AskedByHolder
}

/** Sends the browser to Entra with a fresh attempt in its cookie. Writes nothing to the database (design rule 6). */
export async function beginAttempt(
  services: Services,
  exchange: Exchange,
  { connection, purpose, returnTo, loginHint, selectAccount = false, asked }: BeginAttempt,
): Promise<Response> {
  if (purpose === 'sign_in') await checkNoOtherRequired(services, connection)
  const attempt = newAttempt(services, {
    connectionId: connection.id,
    purpose,
    returnTo,
    ...(asked ? { asked } : {}),
  })
  const hint = loginHint?.slice(0, MAX_LOGIN_HINT_LENGTH).toWellFormed()
  const claims = claimsChallenge(services, exchange)
  const location = await services.identityProviderFor(connection).authorizationUrl({
    ...authorizationParameters(services, exchange, { connection, attempt }),
    selectAccount: selectAccount || mustSelectAccount(services, exchange),
    ...(hint ? { loginHint: hint } : {}),
    ...(claims ? { claims } : {}),
  })
  return withCookies(redirect(location), attemptCookies(services, exchange, attempt))
}

/** `login_hint` and `prompt=select_account` of a request, the two that a person may pass on to Entra. */
export function askedOfEntra({
  url: { searchParams },
}: Pick<Exchange, 'url'>): Pick<BeginAttempt, 'loginHint' | 'selectAccount'> {
  return {
    loginHint: single(searchParams, 'login_hint'),
    selectAccount: single(searchParams, 'prompt') === 'select_account',
  }
}

function authorizationParameters(
  services: Services,
  { here }: Exchange,
  { connection, attempt }: { readonly connection: Connection; readonly attempt: Attempt },
): Pick<AuthorizationUrlRequest, 'redirectUri' | 'state' | 'nonce' | 'codeChallenge'> {
  return {
    redirectUri: redirectUri(services, here, connection),
    state: attemptState(attempt),
    nonce: attempt.nonce,
    codeChallenge: codeChallenge(services, attempt),
  }
}
