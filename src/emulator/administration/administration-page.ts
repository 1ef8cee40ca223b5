import { html } from 'hono/html'
import { type Fragment, sendPage } from '../pages.ts'
import type { EmulatorState } from '../state.ts'
import { applicationsSection } from './applications-section.ts'
import { faultsSection } from './faults-section.ts'
import { action, field, select } from './page-parts.ts'
import { peopleSection } from './people-section.ts'
import { requestsSection } from './requests-section.ts'

/** Sends the page with which a developer controls the emulator. It loads no script. */
export function sendAdministrationPage(
  state: EmulatorState,
  { watches }: { readonly watches: boolean },
): Promise<Response> {
  return sendPage({
    title: 'Administer the emulator',
    isWide: true,
    ...(watches ? { refreshTo: '/emulator?watch', refreshSeconds: 3 } : {}),
    body: html`
      <p>Everything here can be done from code and by JSON as well: <a href="/emulator/api">what can be done</a>, as an OpenAPI document.</p>
      ${requestsSection(state, { watches })}
      ${behaviourSection(state)}
      ${faultsSection(state)}
      ${peopleSection(state)}
      ${applicationsSection(state)}
      ${resetSection()}`,
  })
}

function behaviourSection({ directory, automaticUser, clock }: EmulatorState): Fragment {
  const names = directory.tenants.flatMap(({ users }) =>
    users.map(({ userPrincipalName }) => userPrincipalName),
  )
  return html`<section aria-labelledby="behaviour"><h2 id="behaviour">Behaviour</h2>
    ${action('sign-in-automatically-as', {
      fields: select('user', {
        label: 'Sign in without asking',
        options: [
          ['', 'No user: show the account picker'],
          ...names.map((name) => [name, name] as const),
        ],
        chosen: automaticUser ?? '',
      }),
      button: 'Set',
    })}
    ${action('set-clock-offset', {
      fields: field('seconds:number', {
        label: 'Clock off by seconds',
        value: String(clock.offsetSeconds),
        type: 'number',
      }),
      button: 'Set',
    })}
    <div class="row">
      ${action('add-key', { button: 'Add a signing key' })}
      ${action('rotate-keys', { button: 'Replace the signing key' })}
    </div></section>`
}

function resetSection(): Fragment {
  return html`<section aria-labelledby="reset"><h2 id="reset">Reset</h2>
    <p>Puts the first directory back, the clock right, and forgets sessions, tokens, faults and requests. An application that was
      set up with something that was added here stops working.</p>
    <div class="row">${action('reset', { button: 'Reset everything' })}</div></section>`
}
