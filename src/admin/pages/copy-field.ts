import { html } from 'hono/html'
import type { Html } from '../../http/responses.ts'

/** Renders a value to be copied to Entra. Without the page's script there is no button, and the field is selected by hand. */
export function copyField(id: string, label: string, value: string): Html {
  return html`<div class="value"><label for="${id}">${label}</label>
<div><input id="${id}" value="${value}" readonly><button type="button" class="button plain" data-copy="${id}" hidden>Copy<span class="out-of-sight"> ${label}</span></button><span role="status"></span></div></div>`
}
