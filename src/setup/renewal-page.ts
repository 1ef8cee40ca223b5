/** The page that renews a credential of a connection in use: the new one is not used until a test has shown that it works. */
import { html } from 'hono/html'
import type { Html } from '../http/responses.ts'
import type { Services } from '../services.ts'
import type { ConnectionCredential } from '../storage/records.ts'
import { dayOf, doButton, setupForm } from './page-parts.ts'
import { setUpKindOf } from './set-up-kinds.ts'
import type { FormLeftover } from './setup-page.ts'
import type { Setup } from './setup-session.ts'
import { lastTestLink, testForm } from './try-section.ts'

/** Renders the credentials in use, and the form for a new one. */
export function renewalBody(
  services: Services,
  setup: Setup,
  { problem }: Pick<FormLeftover, 'problem'>,
): Html {
  const { credentials } = setup.connection
  const { credentials: ofKind } = setUpKindOf(setup.connection)
  const pending = credentials.find(({ state }) => state === 'pending')
  const used = credentials.filter(({ state }) => state === 'active')
  return html`<h2>In use now</h2>
<p>People go on signing in with these while you change them.</p>
${used.map((credential) => usedCredential(services, setup, { credential, others: used.length - 1 }))}
<h2>1. Add a new one</h2>
${pending === undefined ? '' : html`<p>Waiting: <strong>${ofKind.name(pending)}</strong>, added on ${dayOf(pending.createdAt)}. Another one takes its place.</p>`}
${ofKind.choices(services, setup, { problem, current: pending })}
<h2>2. Try the new one</h2>
${pending === undefined ? html`<p>Possible once there is one.</p>` : testForm(services, setup)}
${lastTestLink(services, setup)}
<h2>3. Use it</h2>
${useSection(services, setup, pending)}
<h2>4. Finish</h2>
<p>Once the old one is removed above, delete it in Entra too. Then this link is not needed any more:</p>
${setupForm(services, setup, doButton('finish', 'End this link', { plain: true }))}`
}

/** The last credential cannot be removed, because no user could sign in without it. */
function usedCredential(
  services: Pick<Services, 'deployment' | 'keyRing'>,
  setup: Setup,
  { credential, others }: { readonly credential: ConnectionCredential; readonly others: number },
): Html {
  return html`<p><strong>${setUpKindOf(setup.connection).credentials.name(credential)}</strong>, since ${dayOf(credential.createdAt)} <small><code>${credential.id}</code></small></p>
${
  others > 0
    ? setupForm(
        services,
        setup,
        html`<input type="hidden" name="credential" value="${credential.id}">${doButton('remove', 'Remove this one', { plain: true })}`,
      )
    : ''
}`
}

function useSection(
  services: Pick<Services, 'deployment' | 'keyRing'>,
  setup: Setup,
  pending: ConnectionCredential | undefined,
): Html {
  if (pending?.testedAt === undefined) {
    return html`<p>Possible once a test sign-in with the new one succeeded.</p>`
  }
  return html`<p>The test succeeded. From then on both are used, until you remove the old one.</p>
${setupForm(
  services,
  setup,
  html`<input type="hidden" name="credential" value="${pending.id}">${doButton('use', 'Use the new one')}`,
)}`
}
