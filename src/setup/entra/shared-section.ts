/** The deployment's shared application, to which an administrator consents instead of registering one. */
import { html } from 'hono/html'
import type { Html } from '../../http/responses.ts'
import type { Services } from '../../services.ts'
import { doButton, setupForm, valueToCopy } from '../page-parts.ts'
import type { Setup } from '../setup-session.ts'
import { registrationOf } from './registration.ts'

/** Renders the choice of the application, if there is one. */
export function chooseSection(
  services: Pick<Services, 'deployment' | 'keyRing'>,
  setup: Setup,
): Html {
  const { application } = setup.connection
  if (services.deployment.sharedClientId === undefined && application === 'own') return html``
  const isShared = application === 'shared'
  return html`<h2>Choose how</h2>
<div class="choices">
<section aria-labelledby="choose-shared"><h3 id="choose-shared">With our application${isShared ? ' (chosen)' : ''}</h3>
<p>An administrator consents once, and nothing has to be registered, copied or renewed.</p>
${isShared ? '' : setupForm(services, setup, doButton('shared', 'Use your application'))}
</section>
<section aria-labelledby="choose-own"><h3 id="choose-own">With an application of your own${isShared ? '' : ' (chosen)'}</h3>
<p>You register it in your directory and decide yourselves what it may do and what it sends.</p>
${isShared ? setupForm(services, setup, doButton('own', 'Use an application of our own', { plain: true })) : ''}
</section>
</div>`
}

/** Renders the steps with the shared application. */
export function sharedBody(services: Pick<Services, 'deployment' | 'keyRing'>, setup: Setup): Html {
  const { homePageUrl } = registrationOf(services, setup.connection)
  return html`<h2>1. Consent for your organization</h2>
<p>Microsoft shows what is asked for: signing people in and reading their own profile and groups (<code>openid</code>, <code>profile</code>,
<code>email</code>, <code>User.Read</code>), and nothing of anybody else. You need a role that may consent for everybody, such as
Cloud Application Administrator.</p>
${setupForm(services, setup, doButton('consent', 'Go to Microsoft and consent'))}
${consentState(setup)}
<h2>2. Decide who may sign in</h2>
<p><strong>Entra ID &gt; Enterprise apps</strong> &gt; the application &gt; <strong>Properties &gt; Assignment required: Yes</strong>, and under
<strong>Users and groups</strong> who may. Their sign-in address, for links and bookmarks:</p>
${valueToCopy('home-page', 'Sign-in address', homePageUrl)}`
}

/** The answer to a consent can be forged: it names a directory, and only a test proves it. */
function consentState({ connection: { tenants }, link: { progress } }: Setup): Html {
  const proven = tenants.kind === 'pinned' ? tenants.tenantId : undefined
  const { candidateTenant } = progress
  if (candidateTenant !== undefined && candidateTenant !== proven) {
    return html`<p>Consent came back for the directory <code>${candidateTenant}</code>. The test sign-in below proves that it is yours: sign in with an account that belongs to it.</p>`
  }
  return proven === undefined
    ? html`<p>No consent came back yet.</p>`
    : html`<p>Connected to the directory <code>${proven}</code>.</p>`
}
