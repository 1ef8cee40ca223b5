import { html } from 'hono/html'
import type { Html } from '../../http/responses.ts'
import type { Services } from '../../services.ts'
import { credentialsEndAt } from '../../storage/credentials-end.ts'
import type { Connection } from '../../storage/records.ts'
import { expiryBadge, healthBadge, statusBadge, tenantWords } from './connection-words.ts'
import { dataTable, linkTo, timeTag } from './page-parts.ts'

/** Renders connections with their health. */
export async function connectionTable(
  services: Pick<Services, 'deployment' | 'now' | 'storage'>,
  connections: readonly Connection[],
  { empty }: { readonly empty: Html },
): Promise<Html> {
  const health = await services.storage.findConnectionHealth(connections.map(({ id }) => id))
  const now = services.now()
  return dataTable({
    label: 'Connections',
    head: ['Name', 'Status', 'Health', 'Last sign-in (UTC)', 'Credentials end', 'Tenant'],
    rows: connections.map((connection) => [
      linkTo(services, `/admin/connections/${connection.id}`, connection.name),
      statusBadge(connection.status),
      healthBadge(health.get(connection.id)),
      timeTag(health.get(connection.id)?.lastSuccessAt),
      expiryBadge(credentialsEndAt(connection), now),
      html`<code>${tenantWords(connection)}</code>`,
    ]),
    empty,
  })
}
