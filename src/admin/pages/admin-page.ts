/** The frame of every page under /admin: navigation, the result of the last form, and sign-out. */
import { html } from 'hono/html'
import { assetPath } from '../../http/assets.ts'
import { withCookies } from '../../http/cookies.ts'
import { type Exchange, pathTo } from '../../http/exchange.ts'
import { formToken } from '../../http/form.ts'
import { type Html, mark, pageResponse } from '../../http/responses.ts'
import type { Services } from '../../services.ts'
import { readFlash } from './flash.ts'
import type { Viewer } from './page-access.ts'

export type Section = 'overview' | 'organizations' | 'connections' | 'people' | 'sign-ins' | 'audit'

export type AdminPage = {
  readonly title: string
  readonly section: Section
  readonly body: Html
  /** Buttons next to the heading. */
  readonly actions?: Html
  /** An explanation under the heading. */
  readonly lead?: Html
  /** Pages above this one in the navigation. */
  readonly above?: readonly { readonly to: string; readonly words: string }[]
  readonly status?: number
  readonly scripts?: readonly string[]
  /** Other origins at which a form of this page may end. */
  readonly formTargets?: readonly string[]
}

/** Renders a page under /admin in its frame. */
export async function adminPage(
  services: Pick<Services, 'deployment' | 'keyRing'>,
  exchange: Exchange,
  viewer: Viewer,
  page: AdminPage,
): Promise<Response> {
  const flash = readFlash(services, exchange)
  const { title, above = [], actions = '', lead = '', status, scripts, formTargets } = page
  const response = await pageResponse(services, {
    title,
    ...(status ? { status } : {}),
    ...(scripts ? { scripts } : {}),
    ...(formTargets ? { formTargets } : {}),
    admin: {
      header: header(services, viewer, page.section),
      stylesheet: assetPath(services, 'admin.css'),
    },
    body: html`${crumbs(services, above)}
<div class="head"><h1>${title}</h1><div class="actions">${actions}</div></div>
${lead}
${flash.sentence ? html`<p class="flash" role="status">${flash.sentence}</p>` : ''}
${page.body}`,
  })
  return withCookies(response, flash.cookies)
}

function header(
  services: Pick<Services, 'deployment' | 'keyRing'>,
  viewer: Viewer,
  current: Section,
): Html {
  const items = itemsFor(viewer).map(
    ({ section, to, words }) =>
      html`<li><a href="${pathTo(services, to)}"${section === current ? html` aria-current="page"` : ''}>${words}</a></li>`,
  )
  return html`<a class="skip" href="#main">To the content</a>
<header class="top"><div>
<a class="brand" href="${pathTo(services, '/admin')}">${mark(services)}</a>
<nav aria-label="Administration"><ul>${items}</ul></nav>
${signOut(services, viewer)}
</div></header>`
}

type NavItem = { readonly section: Section; readonly to: string; readonly words: string }

function itemsFor({ organizationId }: Viewer): readonly NavItem[] {
  const organizations: NavItem =
    organizationId === undefined
      ? { section: 'organizations', to: '/admin/organizations', words: 'Organizations' }
      : {
          section: 'organizations',
          to: `/admin/organizations/${organizationId}`,
          words: 'Organization',
        }
  return [
    { section: 'overview', to: '/admin', words: 'Overview' },
    organizations,
    { section: 'connections', to: '/admin/connections', words: 'Connections' },
    { section: 'people', to: '/admin/users', words: 'People' },
    { section: 'sign-ins', to: '/admin/sign-ins', words: 'Sign-ins' },
    { section: 'audit', to: '/admin/audit', words: 'Audit' },
  ]
}

function signOut(services: Pick<Services, 'deployment' | 'keyRing'>, { sessionId }: Viewer): Html {
  if (sessionId === undefined) return html``
  return html`<form method="post" action="${pathTo(services, '/auth/logout')}">
<input type="hidden" name="form_token" value="${formToken(services, sessionId)}">
<button class="link">Sign out</button></form>`
}

function crumbs(
  services: Pick<Services, 'deployment'>,
  above: NonNullable<AdminPage['above']>,
): Html {
  if (above.length === 0) return html``
  const items = above.map(
    ({ to, words }) => html`<li><a href="${pathTo(services, to)}">${words}</a></li>`,
  )
  return html`<nav class="crumbs" aria-label="Breadcrumb"><ol>${items}</ol></nav>`
}
