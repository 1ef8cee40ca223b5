/** The application in Entra, as a sign-in uses it: directory, credential, redirect URIs. */

import { isEntradaError } from '../../errors/errors.ts'
import {
  type ClientCredentials,
  createClientCredentials,
} from '../../identity-provider/client-credentials.ts'
import { cloudAuthorities } from '../../identity-provider/entra/clouds.ts'
import { graphOrigin } from '../../identity-provider/entra/protocol/graph-origin.ts'
import { silentLog } from '../../log/log.ts'
import type { AskContext } from '../ask.ts'
import type { Examination } from '../examination.ts'
import type { EntraFacts, Facts, SettingsFacts } from '../facts.ts'
import { probeCredentials } from './probe-credentials.ts'
import { probeEntra, probeKeys } from './probe-entra.ts'
import { probeRedirectUri } from './probe-registration.ts'

/** Probes directory, credentials and redirect URIs of the application. */
export async function probeApplication(
  context: AskContext,
  examination: Examination,
  settings: SettingsFacts,
): Promise<Pick<Facts, 'entra' | 'credentials' | 'redirectUris'>> {
  const {
    entraTenantId: tenant,
    entraClientId: clientId,
    entraAuthority: authority,
  } = examination.inspected.settings
  if (examination.mode === 'development' || !tenant || !clientId || !authority) return {}
  const clouds = examination.clouds ?? cloudAuthorities
  const entra = await probeEntra(context, { authority, tenant, clientId, clouds })
  const { discovery } = entra
  const metadata = discovery.kind === 'found' ? discovery.metadata : undefined
  const redirectUris = settings.publicOrigins.map((origin) => `${origin}/auth/entra/callback`)
  const [keys, credentials, registered] = await Promise.all([
    metadata && probeKeys(context, metadata),
    credentialsOf(context, examination, { entra, redirectUri: redirectUris[0] ?? '' }),
    metadata &&
      Promise.all(
        redirectUris.map((redirectUri) =>
          probeRedirectUri(context, { ...metadata, clientId }, redirectUri),
        ),
      ),
  ])
  return {
    entra: { ...entra, ...(keys ? { keys } : {}) },
    credentials,
    ...(registered ? { redirectUris: registered } : {}),
  }
}

async function credentialsOf(
  context: AskContext,
  { readCredentials, now }: Examination,
  { entra, redirectUri }: { readonly entra: EntraFacts; readonly redirectUri: string },
) {
  const { discovery, clientId, authority } = entra
  let credentials: ClientCredentials
  try {
    credentials = createClientCredentials(readCredentials, { clientId, now, log: silentLog })
  } catch (error) {
    if (isEntradaError(error)) return [] // reported with the settings
    throw error
  }
  if (discovery.kind !== 'found') return probeCredentials(context, credentials, undefined)
  const { msgraphHost } = discovery.metadata
  const graph = graphOrigin(new URL(authority), msgraphHost) ?? 'https://graph.microsoft.com'
  return probeCredentials(context, credentials, {
    tokenEndpoint: discovery.metadata.tokenEndpoint,
    clientId,
    redirectUri,
    graphScope: `${graph}/.default`,
  })
}
