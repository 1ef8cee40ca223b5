import { ACCESS_TOKEN_SECONDS, issueApiToken, issueGraphToken } from './access-tokens.ts'
import { appRolesOf, type ClientProof } from './api-token-claims.ts'
import { consentedAppRoles } from './consent.ts'
import type { Application, Tenant } from './directory.ts'
import type { AddressedExchange } from './exchange.ts'
import { type Refusal, refusal } from './refusals.ts'
import { GRAPH, type Resource, splitResource } from './resources.ts'
import { isDefaultScope, isSignInScope, parseScopes, splitScope } from './scopes.ts'
import type { EmulatorState } from './state.ts'
import type { TokenAnswer } from './token-answer.ts'

type Client = { readonly application: Application; readonly clientProof: ClientProof }

/**
 * Answers an application that acts for itself: it requests everything that it was granted at one resource.
 *
 * @see RFC 6749 §4.4
 */
export async function answerClientCredentials(
  state: EmulatorState,
  exchange: AddressedExchange,
  client: Client,
): Promise<TokenAnswer | Refusal> {
  const { authority, form } = exchange
  if (authority.kind === 'alias') return refusal(50059)
  if (!form.get('scope')) return refusal(900144, 'The parameter "scope" is missing.')
  const chosen = chooseResource(state, exchange, client.application)
  if ('error' in chosen) return chosen
  const access_token = await newAccessToken(state, {
    ...client,
    ...chosen,
    tenant: authority.tenant,
  })
  if (typeof access_token !== 'string') return access_token
  const life = { expires_in: ACCESS_TOKEN_SECONDS, ext_expires_in: ACCESS_TOKEN_SECONDS }
  return { token_type: 'Bearer', ...life, access_token }
}

/** Libraries send the scopes of OpenID Connect with every request. Without a user they have no meaning and are left out. */
function chooseResource(
  { directory, graphUrl }: EmulatorState,
  { form, authority }: AddressedExchange,
  application: Application,
): { readonly resource: Resource; readonly spelledResource: string | undefined } | Refusal {
  const words = splitScope(form.get('scope')).filter((word) => !isSignInScope(word))
  const [word] = words
  if (word === undefined || !words.every(isDefaultScope)) {
    return refusal(70011, 'An application for itself asks for "/.default" of a resource.')
  }
  const parsed = parseScopes(words, { directory, graphUrl, authority, application })
  if ('error' in parsed) return parsed
  const [resource = GRAPH, another] = parsed.resources
  if (another !== undefined) return refusal(700022)
  return { resource, spelledResource: splitResource(word)?.resource }
}

async function newAccessToken(
  state: EmulatorState,
  grant: Client & {
    readonly resource: Resource
    readonly spelledResource: string | undefined
    readonly tenant: Tenant
  },
): Promise<string | Refusal> {
  const { application, tenant, resource, clientProof, spelledResource } = grant
  if (resource === GRAPH) {
    const appRoles = consentedAppRoles(application, tenant)
    const whose = { clientId: application.clientId, tenantId: tenant.id, userId: undefined }
    return issueGraphToken(state, { ...whose, scopes: [], appRoles })
  }
  const isAssigned = appRolesOf(resource, application).length > 0
  if (resource.assignmentRequired && !isAssigned) return refusal(501051)
  const client = { client: application, clientProof }
  const subject = { api: resource, spelledResource, tenant, user: undefined, ...client }
  return issueApiToken(state, subject)
}
