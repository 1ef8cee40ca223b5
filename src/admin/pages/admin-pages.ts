/** All addresses under /admin, for the list of routes. */
import type { Route } from '../../routes.ts'
import { exportCsv, exportJsonLines } from './audit-export.ts'
import { showAudit } from './audit-list.ts'
import { addSecret, changeCredential } from './change-credentials.ts'
import { addDomainFromForm, changeDomain } from './change-domains.ts'
import { showConnections } from './connection-list.ts'
import { setStatus, showConnection } from './connection-page.ts'
import { policiesPages } from './connection-policies.ts'
import { rulesPages } from './connection-rules.ts'
import { settingsPages } from './connection-settings.ts'
import { createFromForm, showNewOrganization, showOrganizations } from './organization-list.ts'
import { addConnection, saveOrganization, showOrganization } from './organization-page.ts'
import { showOverview } from './overview-page.ts'
import { makeSetupLink, withdrawLink } from './setup-link-panel.ts'
import { showSignIns } from './sign-in-list.ts'
import { showSignIn } from './sign-in-page.ts'
import { showUsers } from './user-list.ts'
import { endSessionsOf, setUserStatus, showUser } from './user-page.ts'

const page = (
  method: 'GET' | 'POST',
  path: string,
  answer: Route['answer'],
  does: string,
): Route => ({ method, path: `/admin${path}`, does, speaks: 'page', answer })

export const adminPages: readonly Route[] = [
  page(
    'GET',
    '',
    showOverview,
    'Administration: what needs attention, sign-ins per day, refusals.',
  ),
  page('GET', '/organizations', showOrganizations, 'Organizations. `search`, `after`.'),
  page('GET', '/organizations/new', showNewOrganization, 'The form for a new organization.'),
  page('POST', '/organizations', createFromForm, 'Creates an organization.'),
  page('GET', '/organizations/:id', showOrganization, 'One organization.'),
  page('POST', '/organizations/:id', saveOrganization, 'Changes its name.'),
  page('POST', '/organizations/:id/connections', addConnection, 'Creates a draft of a connection.'),
  page('POST', '/organizations/:id/domains', addDomainFromForm, 'Names a domain.'),
  page(
    'POST',
    '/organizations/:id/domains/:domain',
    changeDomain,
    'Looks a domain up in DNS, vouches for it, or removes it.',
  ),
  page(
    'GET',
    '/connections',
    showConnections,
    'Connections. `search`, `show` (`on`, `draft`, `off`, `failing`, `expiring`), `after`.',
  ),
  page('GET', '/connections/:id', showConnection, 'One connection.'),
  page('POST', '/connections/:id/status', setStatus, 'Turns it on or off.'),
  page('POST', '/connections/:id/credentials', addSecret, 'Adds a client secret.'),
  page(
    'POST',
    '/connections/:id/credentials/:credential',
    changeCredential,
    'Uses, retires or removes a credential.',
  ),
  page(
    'POST',
    '/connections/:id/setup-links',
    makeSetupLink,
    'Makes a set-up link, and shows its address once.',
  ),
  page('POST', '/connections/:id/setup-links/:link/withdraw', withdrawLink, 'Ends one now.'),
  page('GET', '/connections/:id/settings', settingsPages.show, 'The form of its settings.'),
  page('POST', '/connections/:id/settings', settingsPages.save, 'Changes them.'),
  page('GET', '/connections/:id/policies', policiesPages.show, 'The form of its policies.'),
  page('POST', '/connections/:id/policies', policiesPages.save, 'Changes them.'),
  page('GET', '/connections/:id/rules', rulesPages.show, 'The form of its role rules.'),
  page('POST', '/connections/:id/rules', rulesPages.save, 'Changes them.'),
  page('GET', '/users', showUsers, 'People. `search`, `organization`, `after`.'),
  page('GET', '/users/:id', showUser, 'One person.'),
  page('POST', '/users/:id/status', setUserStatus, 'Disables or enables a user.'),
  page('POST', '/users/:id/sessions', endSessionsOf, 'Ends one session of a user, or all.'),
  page(
    'GET',
    '/sign-ins',
    showSignIns,
    'Sign-ins. `search` (a person, or a correlation id), `outcome`, `organization`, `connection`, `after`.',
  ),
  page('GET', '/sign-ins/:id', showSignIn, 'One sign-in, step by step.'),
  page(
    'GET',
    '/audit',
    showAudit,
    'Audit events. `type`, `person`, `organization`, `connection`, `correlation`, `from`, `until`, `after`.',
  ),
  page('GET', '/audit/export.csv', exportCsv, 'The same as CSV, all of it.'),
  page('GET', '/audit/export.jsonl', exportJsonLines, 'The same as JSON lines.'),
]
