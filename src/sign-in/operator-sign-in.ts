/**
 * The operator's sign-in with a token, for when Entra or its secret does not work. It creates a session without user or
 * organization.
 */

import { html } from 'hono/html'
import { hashOfOperatorToken, isOperatorToken, operatorActor } from '../access/operator-token.ts'
import { audit } from '../audit/audit.ts'
import { mayBeStored } from '../audit/bounded-events.ts'
import { EntradaError } from '../errors/errors.ts'
import { withCookies } from '../http/cookies.ts'
import { type Exchange, pathTo } from '../http/exchange.ts'
import { checkSameOrigin, readForm, single } from '../http/form.ts'
import { pageResponse, redirect } from '../http/responses.ts'
import type { Services } from '../services.ts'
import { replaceSession } from '../session/end-sessions.ts'
import { newSession, sessionCookies } from '../session/session.ts'
import type { StorageTransaction } from '../storage/storage.ts'

/** Answers GET /login/token with a form. */
export async function showOperatorSignIn(
  services: Pick<Services, 'deployment'>,
): Promise<Response> {
  return pageResponse(services, {
    title: 'Operator sign-in',
    body: html`<h1>Operator sign-in</h1>
<p>For operators of this server. The token is in <code>ENTRADA_OPERATOR_TOKEN</code>, or in the file
<code>operator-token</code> of the data folder.</p>
<form class="stack" method="post" action="${pathTo(services, '/login/token')}">
<label for="operator_token">Operator token</label>
<input id="operator_token" name="operator_token" type="password" autocomplete="current-password" maxlength="1024" required>
<button class="button">Sign in</button>
</form>`,
  })
}

/** Answers POST /login/token. @throws {EntradaError} `operator_token_invalid`, `too_many_requests` */
export async function signInWithOperatorToken(
  services: Services,
  exchange: Exchange,
): Promise<Response> {
  checkSameOrigin(exchange)
  const offered = single(await readForm(exchange), 'operator_token') ?? ''
  if (!isOperatorToken(services, offered)) {
    // Only wrong tokens count: a client with the same address must not lock the operator out.
    await services.limits.spend('operator_token', exchange.client.ip ?? 'unknown')
    await auditWrongToken(services, exchange)
    throw new EntradaError('operator_token_invalid')
  }
  const operatorTokenHash = hashOfOperatorToken(services, offered)
  const opened = newSession(services, exchange, { kind: 'operator', operatorTokenHash })
  const open = async (transaction: StorageTransaction) => {
    await replaceSession(services, exchange, transaction)
    await transaction.createSession(opened.session)
    const event = { type: 'operator.signed_in', detail: { how: 'operator_token' } } as const
    const caller = { actor: operatorActor, exchange }
    await audit(services, transaction, { caller, event, sessionId: opened.session.id })
  }
  await services.storage.atomically(open, { scope: 'nothing' })
  const cookies = sessionCookies(services, exchange.here, opened)
  return withCookies(redirect(pathTo(services, '/admin')), cookies)
}

/** Any client can cause it, so only a limited number is stored each minute; the rest is counted and sampled in the log. */
async function auditWrongToken(services: Services, exchange: Exchange): Promise<void> {
  if (!(await mayBeStored(services, { eventType: 'operator.sign_in_refused' }))) return
  const event = {
    type: 'operator.sign_in_refused',
    detail: { reason: 'operator_token_invalid' },
  } as const
  const caller = { actor: { kind: 'anonymous' }, exchange } as const
  await services.storage.atomically(
    (transaction) => audit(services, transaction, { caller, event }),
    { scope: 'nothing' },
  )
}
