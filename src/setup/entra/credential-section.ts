import { html } from 'hono/html'
import type { EntradaError } from '../../errors/errors.ts'
import { pathTo } from '../../http/exchange.ts'
import type { Html } from '../../http/responses.ts'
import type { Services } from '../../services.ts'
import type { ConnectionCredential } from '../../storage/records.ts'
import { dayOf, doButton, fieldState, setupForm, valueToCopy } from '../page-parts.ts'
import type { Setup } from '../setup-session.ts'
import { findFederatedIdentity } from './federated-identity.ts'

const credentialNames: Readonly<Record<ConnectionCredential['kind'], string>> = {
  client_secret: 'client secret',
  certificate: 'certificate',
  federated_token_file: 'federated credential',
}

/** Renders the kind of a credential and the end of its validity. */
export function credentialName({ kind, expiresAt }: ConnectionCredential): Html {
  return html`${credentialNames[kind]}${expiresAt ? html`, until ${dayOf(expiresAt)}` : ''}`
}

/**
 * Renders three kinds of credentials, the one that needs least maintenance first. `replacing` is a sentence about the current one.
 */
export function credentialChoices(
  services: Services,
  setup: Setup,
  {
    problem,
    current,
  }: {
    readonly problem?: EntradaError | undefined
    readonly current: ConnectionCredential | undefined
  },
): Html {
  return html`<div class="choices">
${certificateChoice(services, setup, current)}
${secretChoice(services, setup, problem)}
${federatedChoice(services, setup, current)}
</div>`
}

function certificateChoice(
  services: Pick<Services, 'certificates' | 'deployment' | 'keyRing'>,
  setup: Setup,
  current: ConnectionCredential | undefined,
): Html {
  const made = current?.kind === 'certificate' ? current.certificate : undefined
  return html`<section aria-labelledby="with-certificate"><h3 id="with-certificate">With a certificate (recommended)</h3>
<p>The private key is made here and never leaves this server; nothing secret is copied by anybody.</p>
${made === undefined ? '' : uploadSteps(services, made)}
${setupForm(services, setup, doButton('certificate', made === undefined ? 'Make a certificate' : 'Make another certificate', { plain: made !== undefined }))}
</section>`
}

function uploadSteps(
  services: Pick<Services, 'certificates' | 'deployment'>,
  certificate: string,
): Html {
  const { sha1Thumbprint, sha256Thumbprint, expiresAt } =
    services.certificates.describe(certificate)
  const file = (name: string) => pathTo(services, `/setup/certificate/${name}`)
  return html`<p>Download it: <a href="${file('entrada.cer')}" download>entrada.cer</a>, or the same as text:
<a href="${file('entrada.pem')}" download>entrada.pem</a>. Then <strong>Certificates &amp; secrets &gt; Certificates &gt; Upload certificate</strong>, and compare the thumbprint.</p>
${valueToCopy('sha1', 'Thumbprint, as Entra lists it (SHA-1)', sha1Thumbprint)}
${valueToCopy('sha256', 'Thumbprint (SHA-256)', sha256Thumbprint)}
<p>It ends on ${dayOf(expiresAt)}.</p>`
}

function secretChoice(
  services: Pick<Services, 'deployment' | 'keyRing'>,
  setup: Setup,
  problem: EntradaError | undefined,
): Html {
  return html`<section aria-labelledby="with-secret"><h3 id="with-secret">With a client secret</h3>
<p><strong>Certificates &amp; secrets &gt; New client secret.</strong> Copy the column <strong>Value</strong>, which is shown once, not “Secret ID”. It is kept sealed and never shown again.</p>
${setupForm(
  services,
  setup,
  html`<label for="client-secret">Client secret (Value)</label>
<input id="client-secret" name="client_secret" type="password" maxlength="300" autocomplete="off" required${fieldState(problem, 'clientSecret')}>
<label for="expires-at">The day it ends (if you know it)</label>
<input id="expires-at" name="expires_at" type="date"${fieldState(problem, 'expiresAt')}>
<small>With it, you are reminded before. Entra shows it in the column Expires.</small>
${doButton('secret', 'Save the secret')}`,
)}
</section>`
}

/** Offered if the deployment has a token of its platform: Entra compares its issuer, subject and audience. */
function federatedChoice(
  services: Pick<Services, 'deployment' | 'keyRing' | 'readFederatedToken'>,
  setup: Setup,
  current: ConnectionCredential | undefined,
): Html {
  const identity = findFederatedIdentity(services)
  if (identity === undefined) return html``
  const isChosen = current?.kind === 'federated_token_file'
  return html`<section aria-labelledby="with-federation"><h3 id="with-federation">With a federated credential</h3>
<p>Nothing to renew at all. <strong>Certificates &amp; secrets &gt; Federated credentials &gt; Add credential &gt; Other issuer</strong>, with exactly these values:</p>
${valueToCopy('issuer', 'Issuer', identity.issuer)}
${valueToCopy('subject', 'Subject identifier (Value)', identity.subject)}
${valueToCopy('audience', 'Audience', identity.audience)}
${isChosen ? '' : setupForm(services, setup, doButton('federated', 'Use the federated credential'))}
</section>`
}
