/**
 * The holder of a test: the browser of a set-up link, or an operator's session. The same one has to finish the test and to read its
 * result.
 */

import type { AdminCaller } from '../access/admin-caller.ts'
import { authorizeOperator } from '../access/authorize-operator.ts'
import { EntradaError } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Services } from '../services.ts'
import { checkSessionThere } from '../session/session.ts'
import type { StorageReader } from '../storage/storage.ts'
import { getOpenSetup, type Setup, setupCaller, setupHolder } from './setup-session.ts'

export type TestCaller = {
  readonly caller: AdminCaller
  /** Set if the holder is the browser of a set-up link. */
  readonly setup?: Setup
}

/** Returns the name of an operator's session as the holder of a test. */
export function operatorHolder(sessionId: string): string {
  return `operator:${sessionId}`
}

/**
 * Returns the caller who may finish what `holder` started for a connection: only that browser, as long as it has access.
 *
 * @throws {EntradaError} `setup_session_missing`, `setup_superseded`, `setup_link_ended`; `sign_in_required`, `operator_required`
 */
export async function getTestCaller(
  services: Services,
  exchange: Exchange,
  { holder, connectionId }: { readonly holder: string; readonly connectionId: string },
): Promise<TestCaller> {
  if (holder.startsWith('operator:')) {
    const { actor, view } = await authorizeOperator(services, exchange)
    if (view === undefined || operatorHolder(view.session.id) !== holder) {
      throw new EntradaError('sign_in_required')
    }
    const checkStillMay = (reader: StorageReader) => checkSessionThere(reader, view.session)
    return { caller: { actor, exchange, checkStillMay } }
  }
  const setup = await getOpenSetup(services, exchange)
  if (setupHolder(setup) !== holder || setup.connection.id !== connectionId) {
    throw new EntradaError('setup_superseded')
  }
  return { caller: setupCaller(services, setup, exchange), setup }
}
