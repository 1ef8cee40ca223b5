import { html } from 'hono/html'
import type { Html } from './responses.ts'

/** Turns the backticks of a text from our tables into `<code>` elements. */
export function withCode(text: string): Html {
  const parts = text.split('`')
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`
}
