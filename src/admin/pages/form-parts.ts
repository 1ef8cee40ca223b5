/** Forms of the pages under /admin: fields that keep what the user typed, problems, and buttons that ask for confirmation. */
import { html } from 'hono/html'
import { type EntradaError, errorEntry, isEntradaError } from '../../errors/errors.ts'
import { pathTo } from '../../http/exchange.ts'
import { formToken } from '../../http/form.ts'
import type { Html } from '../../http/responses.ts'
import { withCode } from '../../http/with-code.ts'
import type { Services } from '../../services.ts'
import type { Viewer } from './page-access.ts'
import { type Choice, options } from './page-parts.ts'

/** The content of a form that could not be carried out, and the reason. */
export type Leftover = { readonly typed: URLSearchParams; readonly problem: EntradaError }

export type FormPlace = {
  readonly services: Services
  readonly viewer: Viewer
  readonly leftover?: Leftover | undefined
}

/** Renders a form with its token. */
export function postForm(
  { services, viewer }: FormPlace,
  { action, fields, className = 'form' }: { action: string; fields: Html; className?: string },
): Html {
  const token = viewer.sessionId === undefined ? '' : formToken(services, viewer.sessionId)
  return html`<form class="${className}" method="post" action="${pathTo(services, action)}">
<input type="hidden" name="form_token" value="${token}">${fields}</form>`
}

const changedMeanwhile =
  'What you typed is still here, beside what was saved meanwhile: saving again puts yours in its place.'

/** Renders, above a form, why it could not be carried out. */
export function problemBox({ leftover }: Pick<FormPlace, 'leftover'>): Html {
  if (leftover === undefined) return html``
  const { code } = leftover.problem
  const { shown, fix } = errorEntry(code)
  const { parameter } = leftover.problem.detail
  const field = typeof parameter === 'string' ? html` Field: <code>${parameter}</code>.` : ''
  return html`<div class="problem" role="alert"><p><strong>${shown}</strong>${field}</p><p>${withCode(code === 'record_changed' ? changedMeanwhile : fix)}</p></div>`
}

export type TextField = {
  readonly name: string
  readonly label: string
  readonly value?: string
  readonly hint?: string
  readonly required?: boolean
  readonly maxLength?: number
  readonly type?: 'text' | 'password' | 'date' | 'number'
  /** The value is never shown again, not even after a mistake. */
  readonly secret?: boolean
}

/** Renders a text field. */
export function textField(place: Pick<FormPlace, 'leftover'>, field: TextField): Html {
  const { name, label, hint, type = 'text', maxLength = 256, secret = false } = field
  const typed = secret ? undefined : place.leftover?.typed.get(name)
  const isWrong = place.leftover?.problem.detail.parameter === name
  return html`<div class="field"><label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="${type}" value="${secret ? '' : (typed ?? field.value ?? '')}" maxlength="${maxLength}" autocomplete="off"${
    field.required ? html` required` : ''
  }${isWrong ? html` aria-invalid="true"` : ''}${hint ? html` aria-describedby="${name}-hint"` : ''}>
${hint ? html`<small id="${name}-hint">${hint}</small>` : ''}</div>`
}

/** Renders a choice. */
export function selectField(
  place: Pick<FormPlace, 'leftover'>,
  field: {
    readonly name: string
    readonly label: string
    readonly value: string
    readonly choices: readonly Choice[]
    readonly hint?: string
  },
): Html {
  const { name, label, hint, choices } = field
  const value = place.leftover?.typed.get(name) ?? field.value
  return html`<div class="field"><label for="${name}">${label}</label>
<select id="${name}" name="${name}"${hint ? html` aria-describedby="${name}-hint"` : ''}>${options(choices, value)}</select>
${hint ? html`<small id="${name}-hint">${hint}</small>` : ''}</div>`
}

/** Renders a button that opens a description of its effect and asks for confirmation there. It works without a script. */
export function confirmed(
  place: FormPlace,
  question: {
    readonly action: string
    readonly words: string
    readonly what: Html
    readonly fields?: Html
    readonly confirm: string
  },
): Html {
  const { action, words, what, fields = html``, confirm } = question
  return html`<details class="confirm"><summary>${words}</summary>
<div><p>${what}</p>${postForm(place, {
    action,
    className: 'inline',
    fields: html`${fields}<button class="button danger">${confirm}</button>`,
  })}</div></details>`
}

/**
 * Carries a form out, or shows it again with its content and the problem.
 *
 * @throws {EntradaError} errors that no other input would avoid
 */
export async function answerForm(
  typed: URLSearchParams,
  {
    carryOut,
    again,
  }: {
    readonly carryOut: () => Promise<Response>
    readonly again: (leftover: Leftover, status: number) => Promise<Response>
  },
): Promise<Response> {
  try {
    return await carryOut()
  } catch (error) {
    if (!isEntradaError(error)) throw error
    const { status } = errorEntry(error.code)
    const isInput = [400, 409, 412].includes(status) || error.code === 'dns_unavailable'
    if (!isInput) throw error
    return again({ typed, problem: error }, status)
  }
}

/** Returns the version of a record that a form was made from. A form that is older than the record changes nothing. */
export function versionOf({ sha256 }: Pick<Services, 'sha256'>, record: unknown): string {
  return sha256(JSON.stringify(record)).slice(0, 24)
}

/** Renders the hidden field with the version of a record. */
export function versionField(services: Pick<Services, 'sha256'>, record: unknown): Html {
  return html`<input type="hidden" name="version" value="${versionOf(services, record)}">`
}

/**
 * Creates a record once, under the id that the form contains. If a record with this id already exists, it is the result, even if
 * the same form was sent at the same moment.
 *
 * @throws {EntradaError} `record_in_use` or `domain_named_already` when another record has the id, and what `make` throws
 */
export async function makeOnce<T>({
  find,
  isOurs,
  make,
}: {
  readonly find: () => Promise<T | undefined>
  readonly isOurs: (existing: T) => boolean
  readonly make: () => Promise<T>
}): Promise<T> {
  try {
    return await make()
  } catch (error) {
    const isThere = isEntradaError(error) && thereAlready.has(error.code)
    const existing = isThere ? await find() : undefined
    if (existing !== undefined && isOurs(existing)) return existing
    throw error
  }
}

const thereAlready: ReadonlySet<string> = new Set(['record_in_use', 'domain_named_already'])

/** Returns the fields that are filled in, under the names that a function expects. */
export function filledIn<Name extends string>(
  read: (field: string) => string,
  fields: Readonly<Record<Name, string>>,
): Partial<Record<Name, string>> {
  const filled = Object.entries<string>(fields).map(([name, field]) => [name, read(field)])
  return Object.fromEntries(filled.filter(([, value]) => value !== '')) as Partial<
    Record<Name, string>
  > // the same names, fewer
}
