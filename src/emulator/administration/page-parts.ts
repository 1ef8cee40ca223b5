import { html } from 'hono/html'
import type { Fragment } from '../pages.ts'

type Hidden = Readonly<Record<string, string>>

/** Renders a form that performs one operation. */
export function action(
  operation: string,
  form: {
    readonly button: string
    readonly fields?: Fragment | readonly Fragment[]
    readonly hidden?: Hidden
    /** Describes the button for screen readers, where several have the same text. */
    readonly about?: string
  },
): Fragment {
  const hidden = Object.entries(form.hidden ?? {}).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  const label = form.about === undefined ? '' : html` aria-label="${form.button}: ${form.about}"`
  return html`<form method="post" action="/emulator/api/${operation}">${hidden}${form.fields ?? ''}<button${label}>${form.button}</button></form>`
}

/** Renders a field with its label. */
export function field(
  name: string,
  options: {
    readonly label: string
    readonly value?: string
    readonly type?: 'text' | 'number' | 'url'
    readonly isRequired?: true
  },
): Fragment {
  const { label, value = '', type = 'text', isRequired } = options
  const required = isRequired === true ? html` required` : ''
  return html`<label>${label} <input name="${name}" type="${type}" value="${value}" autocomplete="off"${required}></label>`
}

/** Renders a choice with its label. */
export function select(
  name: string,
  choice: {
    readonly label: string
    readonly options: readonly (readonly [value: string, text: string])[]
    readonly chosen?: string
  },
): Fragment {
  const options = choice.options.map(
    ([value, text]) =>
      html`<option value="${value}"${value === choice.chosen ? html` selected` : ''}>${text}</option>`,
  )
  return html`<label>${choice.label} <select name="${name}">${options}</select></label>`
}
