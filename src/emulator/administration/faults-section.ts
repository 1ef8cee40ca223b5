import { html } from 'hono/html'
import { type Fault, faultyEndpoints } from '../faults.ts'
import type { Fragment } from '../pages.ts'
import type { EmulatorState } from '../state.ts'
import { action, field, select } from './page-parts.ts'

/** Renders the faults that wait, and forms for the usual ones. All others need JSON. */
export function faultsSection({ faults }: EmulatorState): Fragment {
  const waiting = faults.waiting
  return html`<section aria-labelledby="faults"><h2 id="faults">Faults</h2>
    ${waiting.length === 0 ? html`<p>None waits.</p>` : html`<ul class="facts">${waiting.map((fault) => html`<li>${describe(fault)}</li>`)}</ul>`}
    <div class="row">${action('clear-faults', { button: 'Clear' })}</div>
    <details><summary>Break answers</summary>${[...faultForms()]}</details></section>`
}

function faultForms(): readonly Fragment[] {
  const endpoints = faultyEndpoints.map((endpoint) => [endpoint, endpoint] as const)
  const on = select('fault.on', { label: 'At', options: endpoints, chosen: 'token' })
  const often = [
    field('fault.times:number', { label: 'Times', value: '1', type: 'number' }),
    field('fault.forUser', { label: 'Only for (user principal name)' }),
  ]
  const status = field('fault.status:number', { label: 'Status', value: '429', type: 'number' })
  const retry = field('fault.retryAfterSeconds:number', { label: 'Retry-After', type: 'number' })
  const wait = field('fault.milliseconds:number', {
    label: 'Milliseconds',
    value: '5000',
    type: 'number',
  })
  const error = [
    select('fault.on', { label: 'At', options: refusing, chosen: 'token' }),
    field('fault.error', { label: 'OAuth error', value: 'invalid_grant' }),
    field('fault.code:number', { label: 'AADSTS number', value: '50173', type: 'number' }),
  ]
  return [
    faultForm('status', { button: 'Answer a status', fields: [on, status, retry, ...often] }),
    faultForm('delay', { button: 'Answer slowly', fields: [on, wait, ...often] }),
    faultForm('hang', { button: 'Never answer', fields: [on, ...often] }),
    faultForm('cut_body', { button: 'Cut the answer', fields: [on, ...often] }),
    faultForm('oauth_error', { button: 'Refuse', fields: [...error, ...often] }),
  ]
}

const refusing = [
  ['token', 'token'],
  ['authorize', 'authorize'],
] as const

function faultForm(
  kind: Fault['kind'],
  form: { readonly button: string; readonly fields: readonly Fragment[] },
): Fragment {
  return action('set-fault', { ...form, hidden: { 'fault.kind': kind } })
}

function describe({ kind, times, forUser, skip, ...fault }: Fault): string {
  const on = 'on' in fault ? fault.on : 'token'
  const rest = Object.entries(fault).filter(([name]) => name !== 'on')
  const details = rest.map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  const often = times === Number.POSITIVE_INFINITY ? 'always' : `${times ?? 1} more`
  const who = forUser === undefined ? [] : [`for ${forUser}`]
  const after = skip ? [`after ${skip} more`] : []
  return [`${kind} at ${on}`, ...details, often, ...after, ...who].join(' · ')
}
