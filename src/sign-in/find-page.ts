/**
 * Pages shown while the connection is not known yet. None of them reveals the name of an organization, or whether a person exists.
 */
import { html } from 'hono/html'
import { type Exchange, pathTo } from '../http/exchange.ts'
import { type Html, pageResponse } from '../http/responses.ts'
import type { Services } from '../services.ts'
import type { Connection } from '../storage/records.ts'

/** Renders the field for a work email on the login page, for deployments with customers. */
export function emailForm(services: Pick<Services, 'deployment'>, returnTo: string): Html {
  return html`<form class="stack" method="post" action="${pathTo(services, '/login')}">
<label for="who">Work email</label>
<input id="who" name="who" type="email" autocomplete="username" maxlength="320" required>
${returnToField(returnTo)}<button class="button">Continue</button></form>`
}

type Asked = {
  readonly returnTo: string
  /** The text that the user typed before, and that led nowhere. */
  readonly typed?: string
}

/** Asks for the organization's address, in the same words for every reason. */
export async function organizationPage(
  services: Pick<Services, 'deployment'>,
  { here }: Exchange,
  { returnTo, typed }: Asked,
): Promise<Response> {
  const example = here.origin + pathTo(services, '/enterprise-login/')
  return pageResponse(services, {
    title: 'Where do you sign in?',
    body: html`<h1>Where do you sign in?</h1>
${typed === undefined ? '' : notFoundNotice}
<form class="stack" method="post" action="${pathTo(services, '/login')}">
<label for="who">Work email, or your organization’s short name</label>
<input id="who" name="who" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="320" required value="${typed ?? ''}"${typed === undefined ? '' : html` aria-describedby="not-found"`}>
${returnToField(returnTo)}<button class="button">Continue</button></form>
<p>Your administrator knows the sign-in address of your organization. It begins with <code>${example}</code>.</p>
<p><a href="${pathTo(services, '/login')}">Back</a></p>`,
  })
}

const notFoundNotice = html`<p class="notice" id="not-found" role="status">We could not tell where you sign in from that. Please check it, or ask your administrator for the sign-in address of your organization.</p>`

/** Asks the user to choose one of several connections of an organization, by the names that they have for this purpose. */
export async function choicePage(
  services: Pick<Services, 'deployment' | 'storage'>,
  connections: readonly Connection[],
  { returnTo, typed }: Asked,
): Promise<Response> {
  const organization = await services.storage.findOrganization(
    connections[0]?.organizationId ?? 'default',
  )
  // A connection without a name of its own has the name of its organization, which must not be revealed.
  const nameOf = ({ name, slug }: Connection) => (name === organization?.name ? slug : name)
  return pageResponse(services, {
    title: 'Choose how you sign in',
    body: html`<h1>Choose how you sign in</h1>
<form class="stack" method="post" action="${pathTo(services, '/login')}">
${typed === undefined ? '' : html`<input type="hidden" name="who" value="${typed}">`}
${returnToField(returnTo)}${connections.map(
  (connection) =>
    html`<button class="button plain" name="connection" value="${connection.slug}">${nameOf(connection)}</button>`,
)}</form>
<p><a href="${pathTo(services, '/login')}">Back</a></p>`,
  })
}

/**
 * Ends a form here, and continues to Microsoft from a page. A redirect would be limited to the hosts that the form's page lists,
 * and the hosts to which Microsoft sends users of a federated directory (AD FS, another provider) cannot be listed.
 */
export async function goOnPage(
  services: Pick<Services, 'deployment'>,
  onwards: Response,
): Promise<Response> {
  const goesTo = onwards.headers.get('location') ?? '/'
  const response = await pageResponse(services, {
    title: 'On to Microsoft',
    goesTo,
    body: html`<h1>On to Microsoft</h1>
<p>You sign in with your work account there.</p>
<p class="next"><a class="button" href="${goesTo}">Continue</a></p>`,
  })
  for (const line of onwards.headers.getSetCookie()) response.headers.append('set-cookie', line)
  return response
}

function returnToField(returnTo: string): Html {
  return returnTo === '/'
    ? html``
    : html`<input type="hidden" name="return_to" value="${returnTo}">
`
}
