import { html } from 'hono/html'
import type { Tenant, User } from '../directory.ts'
import { groupsOf } from '../find-in-directory.ts'
import type { Fragment } from '../pages.ts'
import type { EmulatorState } from '../state.ts'
import { action, field, select } from './page-parts.ts'

/** Renders the people and the groups of each tenant. */
export function peopleSection({ directory }: EmulatorState): Fragment {
  const tenants = directory.tenants.map(({ domains, displayName }) => {
    return [domains[0] ?? '', displayName] as const
  })
  const tenant = select('tenant', { label: 'Directory', options: tenants })
  const person = [
    tenant,
    field('user.userPrincipalName', { label: 'User principal name', isRequired: true }),
    field('user.displayName', { label: 'Name' }),
    field('user.mail', { label: 'Mail' }),
    field('user.memberOf:list', { label: 'Groups, by name' }),
  ]
  const group = [
    tenant,
    field('group.displayName', { label: 'Name', isRequired: true }),
    field('group.memberOf:list', { label: 'Within groups, by name' }),
  ]
  return html`<section aria-labelledby="people"><h2 id="people">People and groups</h2>
    <details><summary>Add a person</summary>${action('add-user', { fields: person, button: 'Add the person' })}</details>
    <details><summary>Add a group</summary>${action('add-group', { fields: group, button: 'Add the group' })}</details>
    ${directory.tenants.map(tenantPart)}</section>`
}

const MOST_SHOWN = 200

function tenantPart(tenant: Tenant): Fragment {
  const { id, displayName, users, groups } = tenant
  return html`<h3>${displayName}</h3><p><code>${id}</code></p>
    <ul class="records">${users.slice(0, MOST_SHOWN).map((user) => personPart(tenant, user))}</ul>
    <details><summary>Groups of ${displayName}: ${groups.length}</summary>
      <ul class="records">${groups.slice(0, MOST_SHOWN).map(
        (group) =>
          html`<li>${group.displayName} <code>${group.id}</code>
            ${action('remove-group', { hidden: { group: group.id }, button: 'Remove', about: group.displayName })}</li>`,
      )}</ul></details>`
}

function personPart(tenant: Tenant, user: User): Fragment {
  const { id, userPrincipalName, displayName = '', mail = '', accountEnabled } = user
  const about = userPrincipalName
  const hidden = { user: id }
  const names = tenant.groups.filter((group) => user.memberOf.includes(group.id))
  const groups = names.slice(0, 20).map((group) => group.displayName)
  const facts = [
    accountEnabled ? '' : 'disabled',
    user.kind === 'guest' ? 'guest' : '',
    user.isAdministrator ? 'administrator' : '',
    `groups: ${groupsOf({ tenant, user }).length}`,
  ]
  const rename = [
    field('changes.displayName', { label: 'Name', value: displayName }),
    field('changes.userPrincipalName', { label: 'User principal name', value: userPrincipalName }),
    field('changes.mail', { label: 'Mail', value: mail }),
  ]
  return html`<li><details><summary>${displayName || userPrincipalName} <small>${facts.filter(Boolean).join(' · ')}</small></summary>
    <p><code>${id}</code></p>
    ${action('update-user', { hidden, fields: rename, button: 'Save', about })}
    ${names.length > 20 ? '' : action('set-user-groups', { hidden, fields: field('groups:list', { label: 'Groups, by name', value: groups.join(', ') }), button: 'Put into groups', about })}
    <div class="row">
      ${action('update-user', {
        hidden: { ...hidden, 'changes.accountEnabled:boolean': String(!accountEnabled) },
        button: accountEnabled ? 'Disable' : 'Enable',
        about,
      })}
      ${action('revoke-sessions', { hidden, button: 'End sessions', about })}
      ${action('remove-user', { hidden, button: 'Remove', about })}
    </div></details></li>`
}
