/** GET /admin/sign-ins/ID: one sign-in, step by step, with the decision and its remedy. */
import { html } from 'hono/html'
import { found } from '../../errors/found.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Html } from '../../http/responses.ts'
import { withCode } from '../../http/with-code.ts'
import { findProviderError } from '../../identity-provider/provider-kinds.ts'
import { findOwn } from '../../protocol/find-own.ts'
import type { Services } from '../../services.ts'
import type { SignInStep, SignInTrace } from '../../storage/records.ts'
import { adminPage } from './admin-page.ts'
import { remedyFor, sentenceOf } from './error-words.ts'
import { checkMay, idIn, openPage, type Viewer } from './page-access.ts'
import { copyable, type Facts, factList, linkTo, nameOf, panel, timeTag } from './page-parts.ts'
import { outcomeBadge } from './trace-table.ts'
import { displayNameOf } from './user-words.ts'

const steps: Readonly<Record<string, string>> = {
  attempt_opened: 'Came back from Microsoft with a sign-in that this browser began',
  attempt_claimed: 'The attempt was used up: it counts once',
  identity_verified: 'Microsoft said who it is, and every check passed',
  decided: 'It was decided that the person may come in',
  session_opened: 'A session was opened',
  refused: 'Refused',
}

/** Answers GET /admin/sign-ins/ID. */
export async function showSignIn(services: Services, exchange: Exchange): Promise<Response> {
  const viewer = await openPage(services, exchange, 'sign-ins:read')
  const trace = await getTrace(services, exchange, viewer)
  return adminPage(services, exchange, viewer, {
    title: 'Sign-in',
    section: 'sign-ins',
    above: [{ to: '/admin/sign-ins', words: 'Sign-ins' }],
    lead: html`<p class="states">${outcomeBadge(trace.outcome)} ${timeTag(trace.at)} UTC</p>`,
    body: html`${await whyPanel(services, trace)}
<div class="columns">${panel('What happened', stepList(trace.steps))}${panel('Who and where', factList(await factsOf(services, trace)))}</div>`,
  })
}

/** Traces of an unknown connection belong to no organization, so only operators see them. */
async function getTrace(
  { storage }: Pick<Services, 'storage'>,
  exchange: Exchange,
  viewer: Viewer,
): Promise<SignInTrace> {
  const trace = found(await storage.findSignInTrace(idIn(exchange) as SignInTrace['id'])) // any text
  checkMay(viewer, 'sign-ins:read', { organizationId: trace.organizationId })
  return trace
}

async function whyPanel(
  { storage }: Pick<Services, 'storage'>,
  { code, steps: taken, connectionId }: SignInTrace,
): Promise<Html> {
  if (code === undefined) return html``
  const connection = connectionId ? await storage.findConnection(connectionId) : undefined
  const explained = entraCodes(taken).flatMap((number) => findProviderError(number) ?? [])
  return html`<section class="panel why"><h2>Why not</h2>
<p class="sentence">${sentenceOf(code)}</p>${factList([
    ['Code', html`<code>${code}</code>`],
    ['What to do', withCode(remedyFor(code, connection))],
    ...explained.flatMap(
      ({ label, entry: { name, whatHappened, remedy } }): Facts => [
        [label, html`${name}: ${withCode(whatHappened)}`],
        ['Remedy', withCode(remedy)],
      ],
    ),
  ])}</section>`
}

function entraCodes(taken: readonly SignInStep[]): readonly number[] {
  const detail = taken.findLast(({ step }) => step === 'refused')?.detail
  const { codes } = (detail?.entra ?? {}) as { readonly codes?: readonly number[] } // as record-refusal.ts stores it
  return Array.isArray(codes) ? codes.slice(0, 5) : []
}

function stepList(taken: readonly SignInStep[]): Html {
  return html`<ol class="timeline">${taken.map(
    ({
      step,
      afterMs,
      detail = {},
    }) => html`<li class="${step === 'refused' ? 'bad' : ''}"><p>${findOwn(steps, step) ?? step.replaceAll('_', ' ')} <small>+${Math.round(afterMs)} ms</small></p>
${Object.keys(detail).length === 0 ? '' : factList(Object.entries(detail).map(([name, value]) => [wordsOf(name), shownValue(value)]))}</li>`,
  )}</ol>`
}

function wordsOf(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
}

function shownValue(value: unknown): Html | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (Array.isArray(value)) {
    if (value.length === 0) return html`<span class="quiet">none</span>`
    return html`${value.map((item, index) => html`${index > 0 ? ', ' : ''}${shownValue(item) ?? ''}`)}`
  }
  if (typeof value === 'object') return html`<code>${JSON.stringify(value).slice(0, 1_000)}</code>`
  if (typeof value === 'boolean') return html`${value ? 'yes' : 'no'}`
  return html`<code>${nameOf(String(value))}</code>`
}

async function factsOf({ storage, ...rest }: Services, trace: SignInTrace): Promise<Facts> {
  const services = { storage, ...rest }
  const { userId, connectionId, organizationId, correlationId, person, id } = trace
  const user = userId && (await storage.findUser(userId))
  const connection = connectionId && (await storage.findConnection(connectionId))
  const organization = organizationId && (await storage.findOrganization(organizationId))
  return [
    [
      'Person',
      user ? linkTo(services, `/admin/users/${user.user.id}`, displayNameOf(user)) : 'not a user',
    ],
    ['Object id', person && copyable(person.subject)],
    [
      'Connection',
      connection
        ? linkTo(services, `/admin/connections/${connection.id}`, connection.name)
        : undefined,
    ],
    [
      'Organization',
      organization
        ? linkTo(services, `/admin/organizations/${organization.id}`, organization.name)
        : undefined,
    ],
    ['Correlation id', copyable(correlationId)],
    [
      'Audit',
      linkTo(services, `/admin/audit?correlation=${correlationId}`, 'Events of the same request'),
    ],
    ['Id', copyable(id)],
  ]
}
