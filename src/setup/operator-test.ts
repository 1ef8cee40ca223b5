/** The test of a connection by an operator, from the operator's own session. */
import { authorizeOperator, type Operator } from '../access/authorize-operator.ts'
import { EntradaError } from '../errors/errors.ts'
import { found } from '../errors/found.ts'
import { type Exchange, pathTo } from '../http/exchange.ts'
import { checkFormToken, checkSameOrigin, readForm, single } from '../http/form.ts'
import type { Services } from '../services.ts'
import { operatorHolder } from './test-holder.ts'
import { testPage } from './test-page.ts'
import { getTestResult } from './test-result.ts'
import { beginTest } from './test-sign-in.ts'

/**
 * Answers POST /admin/connections/ID/test: sends the operator to Entra. With `credential` it tests only that one.
 *
 * @throws {EntradaError} `record_not_found`, those of `beginTest`, and those of `authorizeOperator`
 */
export async function startOperatorTest(services: Services, exchange: Exchange): Promise<Response> {
  checkSameOrigin(exchange)
  const form = await readForm(exchange)
  const sessionId = sessionOf(await authorizeOperator(services, exchange))
  checkFormToken(services, sessionId, single(form, 'form_token') ?? null)
  const connection = found(await services.storage.findConnection(exchange.params.id ?? ''))
  const credentialId = single(form, 'credential')
  const holderRequest = {
    holder: operatorHolder(sessionId),
    resultsAt: pathTo(services, '/admin/tests'),
    ...(credentialId ? { credentialId } : {}),
  }
  const selectAccount = single(form, 'account') === 'other'
  return beginTest(services, exchange, { connection, holderRequest, selectAccount })
}

/** Answers GET /admin/tests/ID. @throws {EntradaError} `test_result_not_found` */
export async function showOperatorTest(services: Services, exchange: Exchange): Promise<Response> {
  const sessionId = sessionOf(await authorizeOperator(services, exchange))
  const id = exchange.params.id ?? ''
  const result = await getTestResult(services, { id, holder: operatorHolder(sessionId) })
  return testPage(services, {
    result,
    seenBy: 'operator',
    back: { href: pathTo(services, '/admin'), words: 'Back' },
  })
}

/** An operator token in a header has no browser that could go to Entra. */
function sessionOf({ view }: Operator): string {
  if (view === undefined) throw new EntradaError('sign_in_required')
  return view.session.id
}
