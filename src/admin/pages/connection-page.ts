/** GET /admin/connections/ID: the health of a connection, its registration, its credentials, and who may sign in. */

import { html } from 'hono/html'
import { turnOff, turnOn } from '../../connections/change-connection.ts'
import {
  frontChannelLogoutUrl,
  redirectUri,
  startPath,
} from '../../connections/connection-addresses.ts'
import type { ConnectionFields } from '../../connections/connection-field.ts'
import { connectionFields } from '../../connections/connection-fields.ts'
import { type FieldRow, rowsOf } from '../../connections/field-values.ts'
import { isTested } from '../../connections/test-fingerprint.ts'
import { EntradaError } from '../../errors/errors.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Html } from '../../http/responses.ts'
import { withCode } from '../../http/with-code.ts'
import { kindOf } from '../../identity-provider/provider-kinds.ts'
import type { Services } from '../../services.ts'
import type { Connection, ConnectionHealth } from '../../storage/records.ts'
import { adminPage } from './admin-page.ts'
import { getViewedConnection, mayChange } from './connection-access.ts'
import { credentialPanel } from './connection-credentials.ts'
import { settingRows } from './connection-settings.ts'
import { healthBadge, managedWords, statusBadge, tenantWords } from './connection-words.ts'
import { copyField } from './copy-field.ts'
import { remedyFor } from './error-words.ts'
import { fieldFacts } from './field-form.ts'
import { done } from './flash.ts'
import {
  answerForm,
  confirmed,
  type FormPlace,
  type Leftover,
  postForm,
  problemBox,
} from './form-parts.ts'
import { checkMay, openForm, openPage, type Viewer } from './page-access.ts'
import {
  badge,
  copyable,
  dataTable,
  dayTag,
  factList,
  linkTo,
  nameOf,
  panel,
  timeTag,
} from './page-parts.ts'
import { setupLinkPanel } from './setup-link-panel.ts'

/** Answers GET /admin/connections/ID. */
export async function showConnection(services: Services, exchange: Exchange): Promise<Response> {
  const viewer = await openPage(services, exchange, 'connections:read')
  const connection = await getViewedConnection(services, exchange, viewer)
  return connectionPage(services, exchange, { viewer, connection })
}

/** Answers POST …/status: `status` is `on` or `off`. */
export async function setStatus(services: Services, exchange: Exchange): Promise<Response> {
  const { viewer, by, form, read } = await openForm(services, exchange)
  const connection = await getViewedConnection(services, exchange, viewer)
  checkMay(viewer, 'connections:write', connection)
  const isOn = read('status') === 'on'
  return answerForm(form, {
    async carryOut() {
      checkKeepsOwnAccess(viewer, connection, isOn)
      await (isOn ? turnOn : turnOff)(services, by, connection.id)
      const flash = isOn ? 'connection_on' : 'connection_off'
      return done(services, exchange, { flash, to: `/admin/connections/${connection.id}` })
    },
    again: (leftover, status) =>
      connectionPage(services, exchange, { viewer, connection, leftover, status }),
  })
}

/** A viewer who signed in through the connection could not sign in again to turn it on. @throws {EntradaError} `own_access_kept` */
function checkKeepsOwnAccess({ caller }: Viewer, { id }: Connection, isOn: boolean): void {
  if (isOn || caller.kind !== 'member') return
  if (caller.view.session.connectionId === id) throw new EntradaError('own_access_kept')
}

export type ShownConnection = {
  readonly viewer: Viewer
  readonly connection: Connection
  readonly leftover?: Leftover
  readonly status?: number
}

/** Renders the page of a connection. */
export async function connectionPage(
  services: Services,
  exchange: Exchange,
  { viewer, connection, leftover, status }: ShownConnection,
): Promise<Response> {
  const { storage } = services
  const organization = await storage.findOrganization(connection.organizationId)
  const health = (await storage.findConnectionHealth([connection.id])).get(connection.id)
  const place: FormPlace = { services, viewer, leftover }
  const links = mayChange(viewer, connection) ? await setupLinkPanel(place, connection) : ''
  return adminPage(services, exchange, viewer, {
    title: connection.name,
    section: 'connections',
    above: [
      { to: '/admin/connections', words: 'Connections' },
      ...(organization
        ? [{ to: `/admin/organizations/${organization.id}`, words: organization.name }]
        : []),
    ],
    lead: html`<p class="states">${statusBadge(connection.status)} ${healthBadge(health)}
${mayChange(viewer, connection) ? '' : badge('quiet', 'read-only here')}</p>`,
    ...(status ? { status } : {}),
    scripts: ['copy.js'],
    // A test ends at Entra.
    formTargets: kindOf(connection).pageOrigins(connection),
    body: html`${problemBox(place)}${readOnlyNote(connection)}
<div class="columns">${healthPanel(services, connection, health)}${factPanel(services, viewer, connection)}</div>
${connection.status === 'draft' ? links : ''}
${registerPanel(services, connection)}
${credentialPanel(place, connection, mayChange(viewer, connection))}
${testPanel(place, connection)}
${policyPanel(services, viewer, connection)}
${rulePanel(services, viewer, connection)}
${mayChange(viewer, connection) ? statusPanel(place, connection) : ''}
${connection.status === 'draft' ? '' : links}
${panel(
  'More',
  html`<ul class="links"><li>${linkTo(services, `/admin/sign-ins?connection=${connection.id}`, 'Sign-ins through this connection')}</li>
<li>${linkTo(services, `/admin/audit?connection=${connection.id}`, 'Audit events of this connection')}</li></ul>`,
)}`,
  })
}

function readOnlyNote({ managedBy }: Connection): Html {
  if (managedBy === 'api') return html``
  return html`<p class="notice">This connection is managed by ${managedWords[managedBy]}. It can be read here, and is changed there.</p>`
}

function healthPanel(
  services: Pick<Services, 'sha256'>,
  connection: Connection,
  health: ConnectionHealth | undefined,
): Html {
  const { tested } = connection.settings
  return panel(
    'Health',
    html`${factList([
      ['Last sign-in', timeTag(health?.lastSuccessAt)],
      ['Last failure', timeTag(health?.lastFailureAt)],
      ['Failures in a row', String(health?.failuresInARow ?? 0)],
      [
        'Tested',
        tested
          ? html`${timeTag(new Date(tested.at))} ${isTested(services, connection) ? badge('good', 'as it is now') : badge('warn', 'changed since')}`
          : html`<span class="quiet">never</span>`,
      ],
    ])}${
      health?.lastFailureCode
        ? html`<div class="${health.failingSince ? 'problem' : 'remark'}"><p>${withCode(remedyFor(health.lastFailureCode, connection))}</p><p><code>${health.lastFailureCode}</code></p></div>`
        : ''
    }`,
  )
}

function factPanel(
  services: Pick<Services, 'deployment'>,
  viewer: Viewer,
  connection: Connection,
): Html {
  const { id, slug, cloud, managedBy, createdAt } = connection
  return panel(
    'What it is',
    html`${factList([
      ['Id', copyable(id)],
      ['Short name', html`<code>${slug}</code>`],
      ['Identity provider', kindOf(connection).name],
      ['Cloud', kindOf(connection).cloudWords(cloud)],
      ['Tenant', html`<code>${tenantWords(connection)}</code>`],
      ...fieldFacts(services.deployment, factRows(), connection),
      ['Managed by', managedWords[managedBy]],
      ['Created', dayTag(createdAt)],
    ])}${mayChange(viewer, connection) ? html`<p>${linkTo(services, `/admin/connections/${id}/settings`, 'Change the settings')}</p>` : ''}`,
  )
}

/** Returns the rows whose values are facts; the name, the directory and the role rules have places of their own. */
export function factRows(fields: ConnectionFields = connectionFields): readonly FieldRow[] {
  return settingRows(fields).filter(({ part }) => !['name', 'tenants', 'roleRules'].includes(part))
}

function registerPanel(services: Pick<Services, 'deployment'>, connection: Connection): Html {
  const { publicUrls } = services.deployment
  const redirectUris = publicUrls.map((url, index) =>
    copyField(
      `redirect-uri-${index}`,
      index === 0 ? 'Redirect URI (Web)' : `Redirect URI for ${url.host}`,
      redirectUri(services, url, connection),
    ),
  )
  return panel(
    'To register in Entra',
    html`<div class="register">${redirectUris}
${copyField('home-page', 'Home page URL, for My Apps', publicUrls[0].origin + startPath(services, connection))}
${copyField('sign-out', 'Front-channel logout URL', frontChannelLogoutUrl(services, publicUrls[0], connection))}</div>`,
  )
}

/** Only operators can start a test here, because its result shows a person's claims. */
function testPanel(place: FormPlace, connection: Connection): Html {
  if (place.viewer.organizationId !== undefined || !connection.clientId) return html``
  return panel(
    'Test',
    html`<p>Sign in through this connection as it is now. Nothing is written but that it worked; you see what Microsoft sent and what would be decided.</p>
${postForm(place, {
  action: `/admin/connections/${connection.id}/test`,
  className: 'inline',
  fields: html`<button class="button plain">Test the sign-in</button>`,
})}`,
  )
}

function policyPanel(
  services: Pick<Services, 'deployment'>,
  viewer: Viewer,
  connection: Connection,
): Html {
  const { id } = connection
  const rows = rowsOf({ ...connectionFields, connection: {}, settings: {} })
  return panel(
    'Policies',
    html`${factList(fieldFacts(services.deployment, rows, connection))}${mayChange(viewer, connection) ? html`<p>${linkTo(services, `/admin/connections/${id}/policies`, 'Change the policies')}</p>` : ''}`,
  )
}

function rulePanel(
  services: Pick<Services, 'deployment'>,
  viewer: Viewer,
  { roleRules, ...connection }: Connection,
): Html {
  const whole = { ...connection, roleRules }
  return panel(
    'Role rules',
    html`${dataTable({
      label: 'Role rules',
      head: ['Who', 'Has the role', 'Rule'],
      rows: roleRules.map(({ id, match, value, role }) => [
        html`${match === 'group' ? 'Group' : 'App role'} <code>${nameOf(value)}</code>`,
        html`<strong>${nameOf(role)}</strong>`,
        html`<code>${id}</code>`,
      ]),
      empty: html`<p>No rules. The policy for people whom no rule matches decides alone.</p>`,
    })}${mayChange(viewer, whole) ? html`<p>${linkTo(services, `/admin/connections/${connection.id}/rules`, 'Change the rules')}</p>` : ''}`,
  )
}

function statusPanel(place: FormPlace, connection: Connection): Html {
  const { id, status } = connection
  const action = `/admin/connections/${id}/status`
  if (status === 'on') {
    return panel(
      'Turn off',
      confirmed(place, {
        action,
        words: 'Turn this connection off…',
        what: html`Nobody can sign in through <strong>${nameOf(connection.name)}</strong> until it is turned on again. People who are signed in stay so.`,
        fields: html`<input type="hidden" name="status" value="off">`,
        confirm: 'Turn off',
      }),
    )
  }
  if (!isTested(place.services, connection)) {
    return panel(
      'Turn on',
      html`<p>A connection is turned on once a test sign-in through it succeeded, as it is now.</p>`,
    )
  }
  return panel(
    'Turn on',
    confirmed(place, {
      action,
      words: 'Turn this connection on…',
      what: html`People of <strong>${tenantWords(connection)}</strong> can then sign in.`,
      fields: html`<input type="hidden" name="status" value="on">`,
      confirm: 'Turn on',
    }),
  )
}
