/** A page with a form that changes a connection: a row, from which the page and the answer to its form follow. */
import { html } from 'hono/html'
import { changeConnection } from '../../connections/change-connection.ts'
import { EntradaError } from '../../errors/errors.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Html } from '../../http/responses.ts'
import { isSameJson } from '../../protocol/merge-patch.ts'
import type { Services } from '../../services.ts'
import type { Connection } from '../../storage/records.ts'
import { adminPage } from './admin-page.ts'
import { checkMayChange, getViewedConnection } from './connection-access.ts'
import type { ShownConnection } from './connection-page.ts'
import { done, type Flash } from './flash.ts'
import {
  answerForm,
  type FormPlace,
  postForm,
  problemBox,
  versionField,
  versionOf,
} from './form-parts.ts'
import { openForm, openPage, type SentForm } from './page-access.ts'

export type ConnectionForm = {
  /** The last part of the address. */
  readonly path: string
  readonly title: string
  readonly lead?: Html
  readonly button: string
  readonly flash: Flash
  /** The part of a connection that the form changes. A form that is older than this part changes nothing. */
  readonly partOf: (connection: Connection) => unknown
  readonly inputs: (place: FormPlace, connection: Connection) => Html
  /** Reads the form. The result changes the connection as it is when it is stored. */
  readonly read: (
    services: Services,
    sent: SentForm,
    shown: Connection,
  ) => (before: Connection) => Connection
}

export type ConnectionFormPages = Readonly<
  Record<'show' | 'save', (services: Services, exchange: Exchange) => Promise<Response>>
>

/** Creates the functions that answer GET and POST of a form's address. */
export function connectionFormPages(row: ConnectionForm): ConnectionFormPages {
  return {
    async show(services, exchange) {
      const viewer = await openPage(services, exchange, 'connections:read')
      const connection = await getViewedConnection(services, exchange, viewer)
      checkMayChange(viewer, connection)
      return formPage(services, exchange, { row, viewer, connection })
    },
    async save(services, exchange) {
      const sent = await openForm(services, exchange)
      const { viewer, by, form } = sent
      const connection = await getViewedConnection(services, exchange, viewer)
      checkMayChange(viewer, connection)
      return answerForm(form, {
        async carryOut() {
          const change = toChange(services, row, sent, connection)
          await changeConnection(services, by, { id: connection.id, change })
          const to = `/admin/connections/${connection.id}`
          return done(services, exchange, { flash: row.flash, to })
        },
        again: (leftover, status) =>
          formPage(services, exchange, { row, viewer, connection, leftover, status }),
      })
    },
  }
}

/** A resubmitted form that changes nothing succeeds, however old it is. */
function toChange(
  services: Services,
  { partOf, read }: ConnectionForm,
  sent: SentForm,
  shown: Connection,
): (before: Connection) => Connection {
  const change = read(services, sent, shown)
  return (before) => {
    const after = change(before)
    if (isSameJson(after, before)) return before
    if (versionOf(services, partOf(before)) !== sent.read('version')) {
      throw new EntradaError('record_changed')
    }
    return after
  }
}

function formPage(
  services: Services,
  exchange: Exchange,
  { row, viewer, connection, leftover, status }: ShownConnection & { readonly row: ConnectionForm },
): Promise<Response> {
  const { path, title, lead, button, partOf, inputs } = row
  const { id, name } = connection
  const place: FormPlace = { services, viewer, leftover }
  const fields = html`${versionField(services, partOf(connection))}
${inputs(place, connection)}
<button class="button">${button}</button>`
  return adminPage(services, exchange, viewer, {
    title,
    section: 'connections',
    above: [
      { to: '/admin/connections', words: 'Connections' },
      { to: `/admin/connections/${id}`, words: name },
    ],
    ...(lead ? { lead } : {}),
    ...(status ? { status } : {}),
    body: html`<section class="panel">${problemBox(place)}${postForm(place, { action: `/admin/connections/${id}/${path}`, fields })}</section>`,
  })
}
