import { html } from 'hono/html'
import { pathTo } from '../http/exchange.ts'
import type { Html } from '../http/responses.ts'
import { withCode } from '../http/with-code.ts'
import { kindOf } from '../identity-provider/provider-kinds.ts'
import type { Services } from '../services.ts'
import type { Connection } from '../storage/records.ts'
import { doButton, setupForm } from './page-parts.ts'
import type { Setup } from './setup-session.ts'

/** Renders the test sign-in, if there is enough to test. */
export function trySection(
  services: Pick<Services, 'deployment' | 'keyRing'>,
  setup: Setup,
  number: number,
): Html {
  return html`<h2>${number}. Try it</h2>
${
  canTry(setup)
    ? html`<p>Sign in once as a person of your directory would. Nobody is added, and you are not signed in here afterwards: you see what Entra sent and what would be decided.</p>
${testForm(services, setup)}`
    : html`<p>Possible once the steps above are done.</p>`
}
${lastTestLink(services, setup)}
${neverSent(setup.connection)}`
}

/** Renders the buttons that start a test. */
export function testForm(services: Pick<Services, 'deployment' | 'keyRing'>, setup: Setup): Html {
  return setupForm(
    services,
    setup,
    html`${doButton('test', 'Test sign-in')}${doButton('test_other', 'Test with another account', { plain: true })}`,
  )
}

/** Renders the link to the result of the last test, if there is one. */
export function lastTestLink(
  services: Pick<Services, 'deployment'>,
  { link: { progress } }: Setup,
): Html {
  if (progress.lastTest === undefined) return html``
  return html`<p><a href="${pathTo(services, `/setup/test/${progress.lastTest}`)}">Result of the last test</a> (kept for an hour)</p>`
}

function canTry({ connection, link }: Setup): boolean {
  const { application, clientId, credentials, tenants } = connection
  const isPinned = tenants.kind === 'pinned' && tenants.tenantId !== undefined
  return application === 'shared'
    ? isPinned || link.progress.candidateTenant !== undefined
    : isPinned && clientId !== '' && credentials.some(isActive)
}

function isActive({ state }: Connection['credentials'][number]): boolean {
  return state === 'active'
}

/** Renders the errors that the provider shows on a page of its own: they never return here, and can only be looked up. */
function neverSent(connection: Connection): Html {
  const { neverSent: numbers, find } = kindOf(connection).errors
  const errors = numbers.flatMap((number) => find(number) ?? [])
  return html`<details><summary>Microsoft shows a number instead of coming back here?</summary>
<dl>${errors.map(({ label, entry: { whatHappened, customerRemedy, remedy } }) => html`<dt><code>${label}</code></dt><dd>${withCode(whatHappened)} ${withCode(customerRemedy ?? remedy)}</dd>`)}</dl>
</details>`
}
