import { html } from 'hono/html'
import type { Html } from '../../http/responses.ts'
import type { Services } from '../../services.ts'
import type { SignInTrace } from '../../storage/records.ts'
import { sentenceOf } from './error-words.ts'
import type { Viewer } from './page-access.ts'
import { badge, dataTable, linkTo, type Tone, timeTag } from './page-parts.ts'
import { displayNameOf, withinOrganization } from './user-words.ts'

const outcomes: Readonly<Record<SignInTrace['outcome'], readonly [Tone, string]>> = {
  signed_in: ['good', 'signed in'],
  refused: ['warn', 'refused'],
  failed: ['bad', 'failed'],
}

/** Renders the outcome of a sign-in. */
export function outcomeBadge(outcome: SignInTrace['outcome']): Html {
  return badge(...outcomes[outcome])
}

/** Renders sign-ins, newest first, each with the names of the person and the connection where they are known. */
export async function traceTable(
  services: Pick<Services, 'deployment' | 'storage'>,
  viewer: Pick<Viewer, 'organizationId'>,
  { traces, empty }: { readonly traces: readonly SignInTrace[]; readonly empty: Html },
): Promise<Html> {
  const { people, connections } = await namesFor(services, viewer, traces)
  return dataTable({
    label: 'Sign-ins',
    head: ['When (UTC)', 'Outcome', 'Why', 'Person', 'Connection'],
    rows: traces.map(({ id, at, outcome, code, userId, person, connectionId }) => [
      html`<a href="${linkOf(services, id)}">${timeTag(at)}</a>`,
      outcomeBadge(outcome),
      code === undefined
        ? html``
        : html`<span class="why">${sentenceOf(code)}</span> <code>${code}</code>`,
      userId === undefined
        ? html`<span class="quiet">${person ? html`not a user; object id <code>${person.subject}</code>` : 'not known'}</span>`
        : linkTo(services, `/admin/users/${userId}`, people.get(userId) ?? userId),
      connectionId === undefined
        ? html``
        : linkTo(
            services,
            `/admin/connections/${connectionId}`,
            connections.get(connectionId) ?? connectionId,
          ),
    ]),
    empty,
  })
}

function linkOf({ deployment }: Pick<Services, 'deployment'>, id: string): string {
  return `${deployment.mountPath}/admin/sign-ins/${id}`
}

/** Looks up each person and connection once, however often they are on the page. */
async function namesFor(
  services: Pick<Services, 'storage'>,
  { organizationId }: Pick<Viewer, 'organizationId'>,
  traces: readonly SignInTrace[],
) {
  const userIds = [...new Set(traces.flatMap(({ userId }) => userId ?? []))]
  const connectionIds = [...new Set(traces.flatMap(({ connectionId }) => connectionId ?? []))]
  const users = await Promise.all(userIds.map((id) => services.storage.findUser(id)))
  const connections = await Promise.all(
    connectionIds.map((id) => services.storage.findConnection(id)),
  )
  return {
    people: new Map(
      users.flatMap((item) =>
        item
          ? [[item.user.id, displayNameOf(withinOrganization(item, organizationId))] as const]
          : [],
      ),
    ),
    connections: new Map(
      connections.flatMap((connection) =>
        connection ? [[connection.id, connection.name] as const] : [],
      ),
    ),
  }
}
