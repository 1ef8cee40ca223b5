import { html } from 'hono/html'
import { optionalClaims } from '../../errors/registration-facts.ts'
import type { Html } from '../../http/responses.ts'
import { withCode } from '../../http/with-code.ts'
import { findOwn } from '../../protocol/find-own.ts'
import { textToCopy, valueToCopy } from '../page-parts.ts'
import { azScript } from './az-script.ts'
import type { Registration } from './registration.ts'

const adminCentres: Readonly<Record<string, string>> = {
  us_government: 'entra.microsoft.us',
  china: 'entra.microsoftonline.cn',
}

const offlineAccessWords = html`Add <code>offline_access</code>: with it this service asks Entra again and again whether people who are signed in may still be. Nothing more is needed;`

/** Renders the steps in Entra's admin center with the values of this connection, and the same as a script. */
export function registerSection(registration: Registration): Html {
  const { applicationName, redirectUri, homePageUrl, logoutUrl, cloud, offlineAccess } =
    registration
  const adminCentre = findOwn(adminCentres, cloud) ?? 'entra.microsoft.com'
  return html`<h2>1. Register an application in Entra</h2>
<p>In <strong>${adminCentre}</strong>, as Application Developer, Cloud Application Administrator or above; steps 5 and 6 need the latter.</p>
<ol class="steps">
<li><strong>Entra ID &gt; App registrations &gt; New registration.</strong> Name: as you like, such as
<strong>${applicationName}</strong>. Supported account types: <strong>Single tenant only</strong>. Redirect URI:
platform <strong>Web</strong> (not “Single-page application”, which answers AADSTS9002325), with this address:
${valueToCopy('redirect-uri', 'Redirect URI', redirectUri)}</li>
<li><strong>Branding &amp; properties &gt; Home page URL.</strong> The tile in My Apps opens it and signs people in:
${valueToCopy('home-page', 'Home page URL', homePageUrl)}</li>
<li><strong>Authentication &gt; Front-channel logout URL.</strong> Who signs out at Microsoft is signed out here too. Entra takes https only:
${valueToCopy('logout-url', 'Front-channel logout URL', logoutUrl)}</li>
<li><strong>Token configuration &gt; Add optional claim &gt; ID:</strong>
<ul>${Object.entries(optionalClaims).map(([claim, { purpose }]) => html`<li><code>${claim}</code>: ${purpose}</li>`)}</ul>
${withCode(optionalClaims.xms_edov.hint)}
Then, if groups shall decide what people may do: <strong>Add groups claim &gt; Groups assigned to the application</strong>, ID: <strong>Group ID</strong>.
All groups of a person may be more than fit into a token.</li>
<li><strong>API permissions.</strong> <code>User.Read</code> of Microsoft Graph (delegated) is there already: with it a person’s own groups can be read where they
do not fit into the token. ${offlineAccess ? offlineAccessWords : 'Nothing more is needed;'} do not add <code>Directory.Read.All</code>. Press <strong>Grant admin consent</strong>, so that nobody is asked one by one.</li>
<li><strong>Entra ID &gt; Enterprise apps</strong> &gt; the application &gt; <strong>Properties &gt; Assignment required: Yes</strong>, and under
<strong>Users and groups</strong> who may sign in. Otherwise everybody of your directory may try.</li>
</ol>
<details><summary>The same as a script for the Azure CLI</summary>
${textToCopy('az-script', 'Script', azScript(registration))}
</details>`
}
