/** Small parts of the pages under /admin. */
import { html } from 'hono/html'
import { type Exchange, pathTo } from '../../http/exchange.ts'
import { single } from '../../http/form.ts'
import type { Html } from '../../http/responses.ts'
import type { Services } from '../../services.ts'
import type { Page, PageRequest } from '../../storage/storage.ts'

export type Tone = 'good' | 'bad' | 'warn' | 'quiet'

export const ROWS = 50
const MAX_SEARCH = 200

/** Renders a state as one word; its colour only repeats it. */
export function badge(tone: Tone, words: string): Html {
  return html`<span class="badge ${tone}">${words}</span>`
}

/** Renders a time in UTC, to the minute. */
export function timeTag(at: Date | undefined, never = 'never'): Html {
  if (at === undefined) return html`<span class="quiet">${never}</span>`
  const text = at.toISOString()
  return html`<time datetime="${text}">${text.slice(0, 16).replace('T', ' ')}</time>`
}

/** Renders a day. */
export function dayTag(at: Date): Html {
  const text = at.toISOString().slice(0, 10)
  return html`<time datetime="${text}">${text}</time>`
}

/** Renders text that people wrote: with its own direction of writing, and cut if it is too long for the page. */
export function nameOf(text: string): Html {
  return html`<bdi>${text.length > 160 ? `${text.slice(0, 159)}…` : text}</bdi>`
}

/** Renders a link to a page of ours. */
export function linkTo(services: Pick<Services, 'deployment'>, path: string, words: string): Html {
  return html`<a href="${pathTo(services, path)}">${nameOf(words)}</a>`
}

/** Renders an id or address for copying: one click selects all of it. */
export function copyable(text: string): Html {
  return html`<code class="copy">${text}</code>`
}

export type Table = {
  /** What the table lists, for screen readers. */
  readonly label: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly Html[])[]
  /** Shown in place of the table when it has no rows. */
  readonly empty: Html
}

/** Renders a table. */
export function dataTable({ label, head, rows, empty }: Table): Html {
  if (rows.length === 0) return html`<div class="empty">${empty}</div>`
  return html`<div class="table" role="region" aria-label="${label}" tabindex="0"><table>
<thead><tr>${head.map((words) => html`<th scope="col">${words}</th>`)}</tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table></div>`
}

/** Renders a part of a page with its title. */
export function panel(title: string, body: Html, { id }: { readonly id?: string } = {}): Html {
  return html`<section class="panel"${id ? html` id="${id}"` : ''}><h2>${title}</h2>${body}</section>`
}

export type Facts = readonly (readonly [string, Html | string | undefined])[]

/** Renders names and values; facts without a value are left out. */
export function factList(facts: Facts): Html {
  const present = facts.filter(([, value]) => value !== undefined)
  return html`<dl class="facts">${present.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}

/** Returns a parameter of a list, cut to the maximum length of a search. @throws {EntradaError} `request_invalid` when repeated */
export function searchParameter({ url }: Pick<Exchange, 'url'>, name: string): string | undefined {
  const text = single(url.searchParams, name)?.trim().slice(0, MAX_SEARCH)
  return text === '' ? undefined : text
}

/** Returns the page of a list that the address names. */
export function requestedPage(exchange: Pick<Exchange, 'url'>, limit = ROWS): PageRequest {
  const after = single(exchange.url.searchParams, 'after')
  return { limit, ...(after ? { after } : {}) }
}

/** Renders the links to older rows and back to the newest ones; filters are kept. */
export function pager({ url }: Pick<Exchange, 'url'>, { next }: Page<unknown>): Html {
  const hasBefore = url.searchParams.has('after')
  if (next === undefined && !hasBefore) return html``
  const at = (after: string | undefined) => {
    const query = new URLSearchParams(url.searchParams)
    query.delete('after')
    if (after !== undefined) query.set('after', after)
    return `${url.pathname}${query.size > 0 ? `?${query}` : ''}`
  }
  return html`<nav class="pager" aria-label="Pages">
${hasBefore ? html`<a href="${at(undefined)}">To the newest</a>` : ''}
${next === undefined ? '' : html`<a href="${at(next)}" rel="next">Older</a>`}</nav>`
}

export type Choice = readonly [value: string, words: string]

/** Renders a filter as a GET form, so that a link can contain it. */
export function filterForm(
  services: Pick<Services, 'deployment'>,
  path: string,
  fields: Html,
): Html {
  return html`<form class="filters" role="search" method="get" action="${pathTo(services, path)}">${fields}
<button class="button plain">Show</button></form>`
}

/** Renders the search field of a filter. */
export function searchField(value: string | undefined, words: string): Html {
  return html`<div><label for="search">${words}</label>
<input id="search" name="search" type="search" value="${value ?? ''}" maxlength="${MAX_SEARCH}"></div>`
}

/** Renders a choice of a filter. */
export function selectFilter(
  name: string,
  words: string,
  { choices, value }: { readonly choices: readonly Choice[]; readonly value: string | undefined },
): Html {
  return html`<div><label for="${name}">${words}</label>
<select id="${name}" name="${name}">${options(choices, value ?? '')}</select></div>`
}

/** Renders the options of a choice. */
export function options(choices: readonly Choice[], value: string): Html {
  return html`${choices.map(
    ([choice, words]) =>
      html`<option value="${choice}"${choice === value ? html` selected` : ''}>${words}</option>`,
  )}`
}
