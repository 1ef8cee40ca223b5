/** One sentence on whether the audit trail is unchanged, for operators of the whole deployment. */
import { html } from 'hono/html'
import { findAuditVerification } from '../../audit/audit-verification.ts'
import type { Html } from '../../http/responses.ts'
import type { Services } from '../../services.ts'
import { badge, timeTag } from './page-parts.ts'

/** Renders what the background verification found, and when. */
export async function auditVerificationNote(
  services: Pick<Services, 'keyRing' | 'storage'>,
): Promise<Html> {
  const { completed, problem } = (await findAuditVerification(services)) ?? {}
  if (problem) {
    const place = problem.sequence === undefined ? '' : ` at link ${problem.sequence}`
    return html`<p role="alert">${badge('bad', 'altered')} This trail is not as it was written (<code>${problem.reason}</code>${place}), found ${timeTag(problem.foundAt)}.
Run <code>entrada audit verify</code>, and follow docs/audit-trail.md.</p>`
  }
  if (completed) {
    return html`<p>${badge('good', 'verified')} ${timeTag(completed.at)}: ${completed.links} linked events are as they were written.</p>`
  }
  return html`<p>The server verifies this trail in the background, within a day; there is no result yet.</p>`
}
