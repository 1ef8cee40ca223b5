import { html } from 'hono/html'
import type { EntradaError } from '../../errors/errors.ts'
import type { Html } from '../../http/responses.ts'
import { cloudOf, cloudWords } from '../../identity-provider/entra/clouds.ts'
import type { Services } from '../../services.ts'
import type { Connection } from '../../storage/records.ts'
import { askedInputs } from '../asked-fields.ts'
import { doButton, fieldState, setupForm } from '../page-parts.ts'
import type { Setup } from '../setup-session.ts'

/** Renders the fields that identify the application and its directory: client id, directory and cloud. */
export function applicationSection(
  services: Pick<Services, 'deployment' | 'keyRing'>,
  setup: Setup,
  {
    problem,
    typed,
  }: { readonly problem?: EntradaError | undefined; readonly typed: URLSearchParams },
): Html {
  const { connection } = setup
  const clientId = typed.get('client_id') ?? connection.clientId
  const directory = typed.get('directory') ?? directoryOf(connection)
  return html`<h2>2. Say which application it is</h2>
<p>Both IDs are on the <strong>Overview</strong> page of the application.</p>
${setupForm(
  services,
  setup,
  html`<label for="client-id">Application (client) ID</label>
<input id="client-id" name="client_id" value="${clientId}" maxlength="64" autocomplete="off" spellcheck="false" required${fieldState(problem, 'clientId')}>
<label for="directory">Directory (tenant) ID, or a domain of the directory</label>
<input id="directory" name="directory" value="${directory}" maxlength="253" autocomplete="off" spellcheck="false" required${fieldState(problem, 'directory')}>
${cloudChoice(services, connection)}
${askedInputs(connection, { problem, typed })}
${doButton('application', 'Save')}`,
)}
${connectedDirectory(connection)}`
}

function directoryOf({ tenants }: Connection): string {
  return tenants.kind === 'pinned' ? tenants.tenant : ''
}

/** Renders the choice among Microsoft's own clouds and those of this deployment; never an address (I16). */
function cloudChoice({ deployment }: Pick<Services, 'deployment'>, connection: Connection): Html {
  const origins = [...new Set([connection.authority, ...deployment.authorities])]
  const options = origins.map((origin) => {
    const cloud = cloudOf(new URL(origin))
    const isChosen = origin === connection.authority
    return html`<option value="${origin}"${isChosen ? html` selected` : ''}>${cloudWords(cloud)}</option>`
  })
  return html`<label for="cloud">Cloud of the directory</label>
<select id="cloud" name="cloud">${options}</select>`
}

function connectedDirectory({ tenants }: Connection): Html {
  if (tenants.kind !== 'pinned' || tenants.tenantId === undefined) return html``
  const { tenant, tenantId } = tenants
  return tenant === tenantId
    ? html`<p>Found: the directory <code>${tenantId}</code>.</p>`
    : html`<p>Found: <strong>${tenant}</strong> is the directory <code>${tenantId}</code>.</p>`
}
