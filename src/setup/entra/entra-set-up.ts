/** The steps of the set-up page for a connection to Entra: consent to the shared application, or an application of the customer's own. */
import { html } from 'hono/html'
import { single } from '../../http/form.ts'
import type { Html } from '../../http/responses.ts'
import type { Services } from '../../services.ts'
import { askedPatch } from '../asked-fields.ts'
import type { SetUpKind } from '../set-up-kinds.ts'
import type { FormLeftover } from '../setup-page.ts'
import type { Setup } from '../setup-session.ts'
import { applicationSection } from './application-section.ts'
import { chooseOwn, chooseShared, nameApplication } from './change-application.ts'
import { beginConsent } from './consent.ts'
import { credentialActions } from './credential-actions.ts'
import { credentialChoices, credentialName } from './credential-section.ts'
import { registerSection } from './register-section.ts'
import { registrationOf } from './registration.ts'
import { chooseSection, sharedBody } from './shared-section.ts'

export const entraSetUp: SetUpKind = {
  steps(services, setup, leftover) {
    const isShared = setup.connection.application === 'shared'
    return {
      body: html`${chooseSection(services, setup)}
${isShared ? sharedBody(services, setup) : ownBody(services, setup, leftover)}`,
      count: isShared ? 2 : 3,
    }
  },
  actions: {
    application: (services, _exchange, { form, ...setup }) =>
      nameApplication(services, setup, {
        clientId: single(form, 'client_id') ?? '',
        directory: single(form, 'directory') ?? '',
        authority: single(form, 'cloud') ?? '',
        patch: askedPatch(form),
      }),
    shared: (services, _exchange, input) => chooseShared(services, input),
    own: (services, _exchange, input) => chooseOwn(services, input),
    consent: (services, exchange, { setup }) => beginConsent(services, exchange, setup),
  },
  credentials: {
    name: credentialName,
    choices: credentialChoices,
    actions: credentialActions,
  },
}

function ownBody(services: Services, setup: Setup, leftover: FormLeftover): Html {
  const { connection } = setup
  const [current] = connection.credentials
  return html`${registerSection(registrationOf(services, connection))}
${applicationSection(services, setup, { problem: leftover.problem, typed: leftover.typed })}
<h2>3. Let us prove that we are this application</h2>
<p>${current === undefined ? 'In one of these ways:' : html`Kept here: <strong>${credentialName(current)}</strong>. Another one takes its place.`}</p>
${credentialChoices(services, setup, { problem: leftover.problem, current })}`
}
