/** POST /setup: the forms of the set-up page. A form that cannot be carried out comes back on the page, with what was typed. */
import { turnOn } from '../connections/change-connection.ts'
import { removeCredential } from '../connections/credentials.ts'
import { EntradaError, errorEntry, isEntradaError } from '../errors/errors.ts'
import { type Exchange, pathTo } from '../http/exchange.ts'
import { single } from '../http/form.ts'
import { redirect } from '../http/responses.ts'
import { findOwn } from '../protocol/find-own.ts'
import type { Services } from '../services.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import { type Action, setUpKindOf } from './set-up-kinds.ts'
import { useCredential } from './setup-changes.ts'
import { closeSetupLink, setupLinkScope } from './setup-link.ts'
import { setupPage } from './setup-page.ts'
import { getHeldSetup, getSetup, readSetupForm, type Setup, setupHolder } from './setup-session.ts'
import { beginTest } from './test-sign-in.ts'

const ofDraft: Readonly<Record<string, Action>> = {
  async turn_on(services, _exchange, { setup, caller }) {
    await turnOn(services, caller, setup.connection.id)
  },
}

const ofRenewal: Readonly<Record<string, Action>> = {
  use: (services, _exchange, { form, ...of }) =>
    useCredential(services, of, single(form, 'credential') ?? ''),
  async remove(services, _exchange, { form, setup, caller }) {
    const credentialId = single(form, 'credential') ?? ''
    await removeCredential(services, caller, { connectionId: setup.connection.id, credentialId })
  },
  async finish(services, _exchange, { setup, caller }) {
    const close = async (transaction: StorageTransaction) => {
      const { connection, link } = await getHeldSetup(services, transaction, setup.link)
      await closeSetupLink(services, transaction, { caller, connection, link, as: 'finished' })
    }
    await services.storage.atomically(close, { scope: setupLinkScope(setup.connection.id) })
  },
}

const ofBoth: Readonly<Record<string, Action>> = {
  test: (services, exchange, { setup }) => startTest(services, exchange, setup, false),
  test_other: (services, exchange, { setup }) => startTest(services, exchange, setup, true),
}

/**
 * Carries out a form of the set-up page.
 *
 * @throws {EntradaError} as `readSetupForm`; and problems that belong to no field of the page
 */
export async function changeSetup(services: Services, exchange: Exchange): Promise<Response> {
  const { setup, form, caller } = await readSetupForm(services, exchange)
  const action = findAction(setup, single(form, 'do') ?? '')
  try {
    const answer = await action(services, exchange, { setup, caller, form })
    return answer instanceof Response ? answer : redirect(pathTo(services, '/setup'))
  } catch (error) {
    if (!isEntradaError(error) || !isForPage(error)) throw error
    return setupPage(services, await getSetup(services, exchange), { problem: error, typed: form })
  }
}

function findAction({ link, connection }: Setup, name: string): Action {
  const { actions: ofKind, credentials } = setUpKindOf(connection)
  const ofSetUp = { ...ofDraft, ...ofKind }
  const ofLink = link.kind === 'setup' ? ofSetUp : ofRenewal
  const actions = { ...ofBoth, ...credentials.actions, ...ofLink }
  const action = findOwn<Action>(actions, name)
  if (action === undefined) throw new EntradaError('request_invalid', { parameter: 'do' })
  return action
}

/**
 * Returns whether the page shows a refusal: one that its user can correct, or a failure of the identity provider, but not a failure
 * of Entrada.
 */
function isForPage({ code }: EntradaError): boolean {
  if (code === 'setup_link_ended') return false
  return errorEntry(code).status < 500 || /^(entra|provider)_/.test(code)
}

async function startTest(
  services: Services,
  exchange: Exchange,
  setup: Setup,
  selectAccount: boolean,
): Promise<Response> {
  const { connection, link } = setup
  const pending = connection.credentials.find(({ state }) => state === 'pending')
  if (link.kind === 'renewal' && pending === undefined) {
    throw new EntradaError('connection_incomplete')
  }
  const { candidateTenant } = link.progress
  const holderRequest = {
    holder: setupHolder(setup),
    resultsAt: pathTo(services, '/setup/test'),
    ...(link.kind === 'renewal' && pending ? { credentialId: pending.id } : {}),
    ...(candidateTenant && connection.application === 'shared' ? { candidateTenant } : {}),
  }
  return beginTest(services, exchange, { connection, holderRequest, selectAccount })
}
