/** Set-up links on the page of a connection: created, shown once, withdrawn. */
import { html } from 'hono/html'
import type { Exchange } from '../../http/exchange.ts'
import type { Html } from '../../http/responses.ts'
import type { Services } from '../../services.ts'
import {
  createSetupLink,
  isOpen,
  type ListedSetupLink,
  listSetupLinks,
  withdrawSetupLink,
} from '../../setup/setup-link.ts'
import type { Connection } from '../../storage/records.ts'
import { adminPage } from './admin-page.ts'
import { checkMayChange, getViewedConnection } from './connection-access.ts'
import { copyField } from './copy-field.ts'
import { done } from './flash.ts'
import { type FormPlace, postForm } from './form-parts.ts'
import { idIn, openForm } from './page-access.ts'
import { badge, dataTable, panel, type Tone, timeTag } from './page-parts.ts'

const SHOWN = 5

const states: Readonly<Record<ListedSetupLink['state'], readonly [Tone, string]>> = {
  waiting: ['warn', 'not opened yet'],
  opened: ['good', 'opened'],
  ended: ['quiet', 'ended'],
  turned_on: ['quiet', 'done: the connection is on'],
  withdrawn: ['quiet', 'withdrawn'],
  replaced: ['quiet', 'replaced by a newer one'],
  finished: ['quiet', 'done'],
}

/** Renders the set-up links of a connection: for a draft to set it up, for others to renew its credentials. */
export async function setupLinkPanel(place: FormPlace, connection: Connection): Promise<Html> {
  const links = await listSetupLinks(place.services, connection.id)
  const isDraft = connection.status === 'draft'
  const action = `/admin/connections/${connection.id}/setup-links`
  const withdraw = (id: string) =>
    postForm(place, {
      action: `${action}/${id}/withdraw`,
      className: 'inline',
      fields: html`<button class="link">Withdraw</button>`,
    })
  return panel(
    isDraft ? 'Set-up link' : 'Link for renewal',
    html`<p>${
      isDraft
        ? 'The customer’s administrator opens it, connects the directory and tests it, without an account here. It ends after three days.'
        : 'The customer’s administrator opens it and renews the credential, without an account here. It ends after three days.'
    } A new link takes the place of an earlier one.</p>
${postForm(place, { action, className: 'inline', fields: html`<button class="button plain">Make a link</button>` })}
${
  links.length === 0
    ? ''
    : dataTable({
        label: 'Links',
        head: ['Made (UTC)', 'State', 'Ends (UTC)', ''],
        rows: links
          .slice(0, SHOWN)
          .map(({ link, state }) => [
            timeTag(link.createdAt),
            badge(...states[state]),
            timeTag(link.endsAt),
            isOpen(state) ? withdraw(link.id) : html``,
          ]),
        empty: html``,
      })
}`,
  )
}

/**
 * Answers POST …/setup-links: creates a link. Its address contains a token that is not stored, so it is shown on this very page.
 */
export async function makeSetupLink(services: Services, exchange: Exchange): Promise<Response> {
  const { viewer, by } = await openForm(services, exchange)
  const connection = await getViewedConnection(services, exchange, viewer)
  checkMayChange(viewer, connection)
  const { address, link } = await createSetupLink(services, by, connection.id)
  return adminPage(services, exchange, viewer, {
    title: 'A link for the customer',
    section: 'connections',
    above: [
      { to: '/admin/connections', words: 'Connections' },
      { to: `/admin/connections/${connection.id}`, words: connection.name },
    ],
    scripts: ['copy.js'],
    body: html`<section class="panel">${copyField('setup-link', 'Send this to the customer’s administrator', address)}
<p>It is shown here once and kept nowhere. It ends ${timeTag(link.endsAt)} UTC, when the connection is turned on, or when a newer one is made.</p></section>`,
  })
}

/** Answers POST …/setup-links/LINK/withdraw. */
export async function withdrawLink(services: Services, exchange: Exchange): Promise<Response> {
  const { viewer, by } = await openForm(services, exchange)
  const connection = await getViewedConnection(services, exchange, viewer)
  checkMayChange(viewer, connection)
  const linkId = idIn(exchange, 'link')
  await withdrawSetupLink(services, by, { connectionId: connection.id, linkId })
  const to = `/admin/connections/${connection.id}`
  return done(services, exchange, { flash: 'setup_link_withdrawn', to })
}
