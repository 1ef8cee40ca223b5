import { html } from 'hono/html'
import type { Application } from '../directory.ts'
import type { Fragment } from '../pages.ts'
import type { EmulatorState } from '../state.ts'
import { action, field, select } from './page-parts.ts'

/** Renders the registered applications, with what an operator would look up in the portal. */
export function applicationsSection({ directory }: EmulatorState): Fragment {
  const tenants = directory.tenants.map(({ id, displayName }) => [id, displayName] as const)
  const fields = [
    field('application.displayName', { label: 'Name', isRequired: true }),
    select('application.homeTenantId', { label: 'Directory', options: tenants }),
    field('application.redirectUris:list', { label: 'Redirect URIs' }),
  ]
  return html`<section aria-labelledby="applications"><h2 id="applications">Applications</h2>
    <details><summary>Register an application</summary>${action('add-application', { fields, button: 'Register' })}</details>
    ${directory.applications.map(applicationPart)}</section>`
}

function applicationPart(application: Application): Fragment {
  const { clientId, displayName, audience, consent, assignments } = application
  const hidden = { application: clientId }
  const about = displayName
  const facts: readonly (readonly [string, string | number])[] = [
    ['Client id', clientId],
    ['Audience', audience === 'multi_tenant' ? 'every directory' : 'one directory'],
    ['Consent', consent],
    ['Assignments', assignments.length],
    ['Any loopback address', application.loopbackRedirectUris ?? 'not registered'],
    ['Public client flows', application.allowPublicClient ? 'allowed' : 'not allowed'],
    ['API', application.identifierUris.join(' ') || 'none'],
    ['Certificates', application.certificates.length],
    ['Federated credentials', application.federatedCredentials.length],
  ]
  return html`<h3>${displayName}</h3>
    <dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
    <h4>Redirect URIs</h4>
    <ul class="records">${redirectUrisOf(application).map(
      ([platform, uri]) =>
        html`<li><code>${uri}</code> <small>${platform}</small> ${action('remove-redirect-uri', { hidden: { ...hidden, uri }, button: 'Remove', about: uri })}</li>`,
    )}</ul>
    ${action('add-redirect-uri', { hidden, fields: redirectUriFields, button: 'Add', about })}
    <h4>Client secrets</h4>
    <ul class="records">${application.secrets.map(secretPart)}</ul>
    ${action('add-secret', { hidden, fields: field('value', { label: 'One more', isRequired: true }), button: 'Add', about: `secret of ${about}` })}
    <div class="row">${action('expire-secrets', { hidden, button: 'Let them expire', about })}</div>`
}

function redirectUrisOf({
  redirectUris,
  spaRedirectUris,
  nativeRedirectUris,
}: Application): readonly (readonly [string, string])[] {
  return [
    ...redirectUris.map((uri) => ['Web', uri] as const),
    ...spaRedirectUris.map((uri) => ['Single-page application', uri] as const),
    ...nativeRedirectUris.map((uri) => ['Mobile and desktop', uri] as const),
  ]
}

const redirectUriFields = [
  field('uri', { label: 'One more', type: 'url', isRequired: true }),
  select('platform', {
    label: 'Platform',
    options: [
      ['web', 'Web'],
      ['spa', 'Single-page application'],
      ['native', 'Mobile and desktop'],
    ],
  }),
]

function secretPart({ value, expiresAt }: Application['secrets'][number]): Fragment {
  const until =
    expiresAt === undefined ? '' : html` <small>until ${expiresAt.toISOString()}</small>`
  return html`<li><code>${value}</code>${until}</li>`
}
