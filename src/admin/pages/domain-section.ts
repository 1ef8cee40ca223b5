/** The domains on the page of an organization: their state, and their TXT records. */
import { html } from 'hono/html'
import type { Html } from '../../http/responses.ts'
import { challengeRecord } from '../../organizations/domains.ts'
import type { Domain, Organization } from '../../storage/records.ts'
import { confirmed, type FormPlace, postForm, textField } from './form-parts.ts'
import { badge, copyable, dataTable, type Tone, timeTag } from './page-parts.ts'

const MOST_SHOWN = 200

const states: Readonly<Record<Domain['status'], readonly [Tone, string]>> = {
  pending: ['warn', 'not proven'],
  proven: ['good', 'proven'],
  lost: ['bad', 'record is gone'],
}

/** Renders the domains of an organization, with forms for viewers who may change them. */
export async function domainSection(place: FormPlace, organization: Organization): Promise<Html> {
  const { services, viewer } = place
  const { id } = organization
  const { items } = await services.storage.listDomains(
    { organizationId: id },
    { limit: MOST_SHOWN },
  )
  const mayChange = viewer.may('domains:write', { organizationId: id })
  return html`${dataTable({
    label: 'Domains',
    head: ['Domain', 'State', 'TXT record', 'Checked (UTC)', ...(mayChange ? ['Change'] : [])],
    rows: items.map((domain) => [
      html`<strong>${domain.name}</strong>`,
      html`${badge(...states[domain.status])}${domain.proof === 'operator' ? html` <small>by an operator’s word</small>` : ''}`,
      recordOf(domain),
      timeTag(domain.checkedAt),
      ...(mayChange ? [actionsFor(place, organization, domain)] : []),
    ]),
    empty: html`<p>None. A proven domain leads people from their work email to the sign-in, and lets proven addresses be linked.</p>`,
  })}${mayChange ? domainForm(place, organization) : ''}`
}

function recordOf(domain: Domain): Html {
  const { name, value } = challengeRecord(domain)
  return html`${copyable(name)}<br>${copyable(value)}`
}

function actionsFor(place: FormPlace, { id }: Organization, domain: Domain): Html {
  const action = `/admin/organizations/${id}/domains/${domain.id}`
  const step = (doing: string, words: string) =>
    postForm(place, {
      action,
      className: 'inline',
      fields: html`<input type="hidden" name="do" value="${doing}"><button class="link">${words}</button>`,
    })
  const mayVouch = place.viewer.may('domains:vouch', 'deployment')
  return html`<div class="steps">${step('verify', 'Look it up')}${domain.status !== 'proven' && mayVouch ? step('vouch', 'Vouch for it') : ''}
${confirmed(place, {
  action,
  words: 'Remove…',
  what: html`Nobody is led or linked by <strong>${domain.name}</strong> any more. People who are linked stay so.`,
  fields: html`<input type="hidden" name="do" value="remove">`,
  confirm: 'Remove',
})}</div>`
}

function domainForm(place: FormPlace, { id }: Organization): Html {
  const isOpen = place.leftover?.typed.has('domain') ?? false
  const fields = html`${textField(place, { name: 'domain', label: 'Domain', required: true, maxLength: 253, hint: 'Such as contoso.com. A domain below it is another one.' })}
<button class="button plain">Add the domain</button>`
  return html`<details class="more"${isOpen ? html` open` : ''}><summary>Add a domain</summary>
${postForm(place, { action: `/admin/organizations/${id}/domains`, fields })}</details>`
}
