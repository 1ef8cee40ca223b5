import { redirectUri } from '../connections/connection-addresses.ts'
import { withCookies } from '../http/cookies.ts'
import type { Exchange } from '../http/exchange.ts'
import { single } from '../http/form.ts'
import { redirect } from '../http/responses.ts'
import type { Services } from '../services.ts'
import type { Connection, Organization } from '../storage/records.ts'
import {
  type AttemptPurpose,
  attemptCookies,
  attemptState,
  type HolderRequest,
  newAttempt,
} from './attempt.ts'
import { checkNoOtherRequired } from './choose-connection.ts'
import { claimsChallenge } from './claims-challenge.ts'
import { mustSelectAccount } from './select-account.ts'

const MAX_LOGIN_HINT_LENGTH = 512

export type BeginAttempt = {
  readonly connection: Connection
  readonly purpose: AttemptPurpose
  /** The address has been checked. */
  readonly returnTo: string
  readonly loginHint?: string | undefined
  readonly selectAccount?: boolean
  readonly holderRequest?: HolderRequest
  /** The organization of the connection, if it was read with it. */
  readonly organization?: Organization | undefined
}

/** Sends the browser to the identity provider with a fresh attempt in its cookie. Writes nothing to the database (design rule 6). */
export async function beginAttempt(
  services: Services,
  exchange: Exchange,
  {
    connection,
    purpose,
    returnTo,
    loginHint,
    selectAccount = false,
    holderRequest,
    organization,
  }: BeginAttempt,
): Promise<Response> {
  if (purpose === 'sign_in') await checkNoOtherRequired(services, connection, organization)
  const provider = services.identityProviderFor(connection)
  const returnAddress = redirectUri(services, exchange.here, connection)
  const attempt = newAttempt(services, {
    connectionId: connection.id,
    purpose,
    returnTo,
    kept: provider.prepare(),
    returnPath: returnAddress.slice(exchange.here.origin.length),
    ...(holderRequest ? { holderRequest } : {}),
  })
  const hint = loginHint?.slice(0, MAX_LOGIN_HINT_LENGTH).toWellFormed()
  const demand = claimsChallenge(services, exchange)
  const departure = {
    returnAddress,
    attempt: attemptState(attempt),
    selectAccount: selectAccount || mustSelectAccount(services, exchange),
    ...(hint ? { loginHint: hint } : {}),
    ...(demand ? { demand } : {}),
  }
  const { url } = await provider.depart(departure, attempt.kept)
  return withCookies(redirect(url), attemptCookies(services, exchange, attempt))
}

/** Reads `login_hint` and `prompt=select_account` of a request, which a client may pass on to the identity provider. */
export function requestedAccount({
  url: { searchParams },
}: Pick<Exchange, 'url'>): Pick<BeginAttempt, 'loginHint' | 'selectAccount'> {
  return {
    loginHint: single(searchParams, 'login_hint'),
    selectAccount: single(searchParams, 'prompt') === 'select_account',
  }
}
