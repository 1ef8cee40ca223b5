/** The result of a test sign-in, for the one who started it: the decision, problems of the registration, and what Entra sent. */
import { html } from 'hono/html'
import { errorEntry } from '../errors/errors.ts'
import { type Html, pageResponse } from '../http/responses.ts'
import { withCode } from '../http/with-code.ts'
import { explainRefusal } from '../identity-provider/provider-kinds.ts'
import type { Services } from '../services.ts'
import type { ConnectionCredential } from '../storage/records.ts'
import { testFindingRow } from './test-findings.ts'
import { explainTestFailure, type TestedConnection } from './test-remedies.ts'
import type {
  TestedDecision,
  TestedGroups,
  TestedPerson,
  TestedRole,
  TestOutcome,
  TestResult,
} from './test-result.ts'

const MOST_SHOWN = 300

export type TestPage = {
  readonly result: TestResult
  readonly seenBy: TestedConnection['seenBy']
  readonly back: { readonly href: string; readonly words: string }
}

/** Renders the result of a test sign-in. */
export async function testPage(
  services: Pick<Services, 'deployment' | 'storage'>,
  { result, seenBy, back }: TestPage,
): Promise<Response> {
  const { outcome, works, connectionId } = result
  const { application = 'own' } = (await services.storage.findConnection(connectionId)) ?? {}
  return pageResponse(services, {
    title: works ? 'The connection works' : 'The test did not succeed',
    wide: true,
    body: html`<h1>${works ? 'The connection works' : 'The test did not succeed'}</h1>
${outcome.kind === 'failed' ? failure(outcome, { application, seenBy }) : verified(result, outcome)}
<p><a class="button" href="${back.href}">${back.words}</a></p>
<p><small>Test of <time datetime="${result.at}">${result.at.slice(0, 16).replace('T', ' ')} UTC</time>, correlation id <code>${result.correlationId}</code>. Nothing was written about the person, and this page is gone after an hour.</small></p>`,
  })
}

function failure(
  outcome: Extract<TestOutcome, { kind: 'failed' }>,
  connection: TestedConnection,
): Html {
  const { code, claim, entra } = outcome
  const explanation = explainRefusal({ detail: entra ? { entra } : {} })
  const { entry, label, sender } = explanation ?? {}
  const { remedy, who } = explainTestFailure(entry, connection)
  return html`<p class="sentence">${withCode(entry?.whatHappened ?? errorEntry(code).shown)}</p>
<h2>What to do</h2>
<p>${withCode(remedy ?? errorEntry(code).fix)}</p>
<dl>
<dt>Code</dt><dd><code>${code}</code>${claim ? html` <code>${claim}</code>` : ''}</dd>
${label === undefined ? '' : html`<dt>${sender}’s number</dt><dd><code>${label}</code> ${entry?.name}</dd>`}
${who ? html`<dt>Who can fix it</dt><dd>${who}</dd>` : ''}
${explanation?.traceId ? html`<dt>${sender}’s trace id</dt><dd><code>${explanation.traceId}</code></dd>` : ''}
${explanation?.correlationId ? html`<dt>${sender}’s correlation id</dt><dd><code>${explanation.correlationId}</code></dd>` : ''}
</dl>`
}

function verified(
  { works, credential, findings }: TestResult,
  outcome: Extract<TestOutcome, { kind: 'verified' }>,
): Html {
  return html`<p class="sentence">${works ? worksSentence(credential) : 'Entra vouched for the person, but this account proves nothing about the directory.'}</p>
<h2>What would be decided</h2>
${decisionList(outcome.decision)}
<h2>What could be better</h2>
${findingList(findings)}
<h2>What Entra sent</h2>
${claimTable(outcome.claims)}
<h2>Groups</h2>
${groupList(outcome.groups)}`
}

function worksSentence(credential: Pick<ConnectionCredential, 'kind'> | undefined): string {
  return credential === undefined
    ? 'Directory, application and credential are as they should be.'
    : 'The new credential works.'
}

function decisionList(decision: TestedDecision): Html {
  if (decision.kind === 'refused') {
    const { shown, fix, fixForCustomer } = errorEntry(decision.code)
    return html`<dl><dt>Let in</dt><dd><strong>No.</strong> ${shown}</dd>
<dt>Rule</dt><dd><code>${decision.code}</code></dd>
<dt>What to do</dt><dd>${withCode(fixForCustomer ?? fix)}</dd></dl>`
  }
  return html`<dl><dt>Let in</dt><dd><strong>Yes.</strong></dd>
<dt>As</dt><dd>${personSentence(decision.person)}</dd>
<dt>Roles</dt><dd>${decision.roles.length === 0 ? 'none' : html`<ul>${decision.roles.map(roleItem)}</ul>`}</dd></dl>`
}

function personSentence(person: TestedPerson): Html {
  switch (person.kind) {
    case 'new':
      return html`a new user, made by their first sign-in`
    case 'known':
      return html`the user <strong>${person.username}</strong>, who is linked to this account already`
    case 'linked':
      return html`the user <strong>${person.username}</strong>, made beforehand, who would be linked to this account (<code>${person.reason}</code>)`
  }
}

function roleItem({ role, source, rule }: TestedRole): Html {
  if (rule === undefined) return html`<li><strong>${role}</strong> (${source})</li>`
  const what = rule.match === 'group' ? 'group' : 'app role'
  return html`<li><strong>${role}</strong>, by rule <code>${rule.id}</code>: ${what} <code>${rule.value}</code></li>`
}

function findingList(findings: TestResult['findings']): Html {
  if (findings.length === 0) return html`<p>Nothing: all claims came.</p>`
  return html`<ul class="cards">${findings.map((id) => {
    const { severity, what, fix } = testFindingRow(id)
    return html`<li><p><strong>${severityWords[severity]}</strong> ${withCode(what)}<br>${withCode(fix)}<br><small><code>${id}</code></small></p></li>`
  })}</ul>`
}

const severityWords = { error: 'Mend this.', warning: 'Better:', info: 'To know:' } as const

function claimTable(claims: Readonly<Record<string, unknown>>): Html {
  const rows = Object.entries(claims).slice(0, 100)
  return html`<div class="table" tabindex="0" role="region" aria-label="Claims"><table><thead><tr><th scope="col">Claim</th><th scope="col">Value</th></tr></thead>
<tbody>${rows.map(([name, value]) => html`<tr><td><code>${name}</code></td><td>${claimText(value)}</td></tr>`)}</tbody></table></div>`
}

function claimText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text
}

function groupList({ kind, groups, from, reason }: TestedGroups): Html {
  if (kind === 'absent')
    return html`<p>None came: the groups claim is not configured, or the person is in no group that counts.</p>`
  if (kind === 'overage')
    return html`<p>More than fit into the token; Entra says so in place of the list.</p>`
  if (kind === 'unreadable')
    return html`<p>Microsoft Graph did not say (<code>${reason}</code>).</p>`
  if (groups.length === 0) return html`<p>None.</p>`
  return html`${from === 'graph' ? html`<p>Read through Microsoft Graph:</p>` : ''}<ul>${groups.slice(0, MOST_SHOWN).map(({ id, name }) => html`<li>${name ? html`${name} ` : ''}<code>${id}</code></li>`)}</ul>`
}
