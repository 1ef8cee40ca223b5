import { createHash } from 'node:crypto'
import type { Application, Directory, Tenant } from './directory.ts'
import { issuerOf, issuerOfVersion1 } from './discovery.ts'
import type { Person } from './find-in-directory.ts'
import {
  type Claims,
  configuredClaims,
  identityProvider,
  opaque,
  pairwiseSubject,
  toSeconds,
  withoutAbsent,
} from './id-token-claims.ts'

/** How a client authenticated: not at all, with a secret, or with an assertion (the claims `azpacr` and `appidacr`). */
export type ClientProof = '0' | '1' | '2'

/** The subject of an access token for an API of the directory: who may do what with it. */
export type ApiTokenSubject = {
  readonly origin: string
  readonly directory: Directory
  readonly api: Application
  /** The API's name as the client spelled it, which is the audience of version 1. */
  readonly spelledResource: string | undefined
  readonly client: Application
  readonly clientProof: ClientProof
  readonly tenant: Tenant
  /** The user and what the client may do for them. It is absent when the client acts for itself. */
  readonly user:
    | {
        readonly person: Person
        readonly scopes: readonly string[]
        readonly sid: string
        readonly authenticatedAt: Date
        readonly stepUps: readonly string[]
      }
    | undefined
  readonly now: Date
  readonly lifetimeSeconds: number
}

/** Creates the claims of an access token for an API, in the version that the API is registered for. */
export function newApiTokenClaims(subject: ApiTokenSubject): Claims {
  const { user } = subject
  return withoutAbsent({
    ...commonClaims(subject),
    ...(subject.api.accessTokenVersion === 2 ? version2(subject) : version1(subject)),
    ...(user === undefined ? applicationClaims(subject) : userClaims(subject, user)),
  })
}

/** Returns the audience of an access token for an API: its client id, or in version 1 the name that the client used. */
export function audienceOf({
  api,
  spelledResource,
}: Pick<ApiTokenSubject, 'api' | 'spelledResource'>): string {
  if (api.accessTokenVersion === 2) return api.clientId
  return spelledResource ?? api.identifierUris[0] ?? api.clientId
}

/** Returns the app roles of an API that were assigned to a client, which acts for itself. */
export function appRolesOf(api: Application, client: Application): readonly string[] {
  const assigned = api.assignments.filter(({ principalId }) => principalId === client.clientId)
  return [...new Set(assigned.flatMap(({ appRole }) => appRole ?? []))]
}

function commonClaims(subject: ApiTokenSubject): Claims {
  const issuedAt = toSeconds(subject.now)
  return {
    aud: audienceOf(subject),
    tid: subject.tenant.id,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + subject.lifetimeSeconds,
    aio: opaque(48),
    rh: `1.${opaque(24)}.`,
    uti: opaque(16),
  }
}

function version1({ client, clientProof, tenant, user }: ApiTokenSubject): Claims {
  const { userPrincipalName, givenName, familyName } = user?.person.user ?? {}
  const ofUser = {
    acr: '1',
    amr: ['pwd'],
    unique_name: userPrincipalName,
    upn: user?.person.user.kind === 'member' ? userPrincipalName : undefined,
    given_name: givenName,
    family_name: familyName,
  }
  return {
    ver: '1.0',
    iss: issuerOfVersion1(tenant.id),
    appid: client.clientId,
    appidacr: clientProof,
    ...(user === undefined ? {} : ofUser),
  }
}

function version2({ client, clientProof, origin, tenant, user }: ApiTokenSubject): Claims {
  return {
    ver: '2.0',
    iss: issuerOf(origin, tenant.id),
    azp: client.clientId,
    azpacr: clientProof,
    preferred_username: user?.person.user.userPrincipalName,
  }
}

function userClaims(subject: ApiTokenSubject, user: NonNullable<ApiTokenSubject['user']>): Claims {
  const { api, directory, origin, now } = subject
  const { person } = user
  return {
    oid: person.user.id,
    sub: pairwiseSubject(person.user, api),
    name: person.user.displayName,
    idp: identityProvider({ directory, person }),
    scp: user.scopes.map((scope) => scope.slice(scope.lastIndexOf('/') + 1)).join(' '),
    sid: user.sid,
    // The OpenID scopes of the client add nothing to a token for an API, because the registration of the API decides.
    ...configuredClaims({
      ...user,
      origin,
      directory,
      application: api,
      scopes: [],
      requestedClaims: [],
      nonce: undefined,
      now,
    }),
  }
}

function applicationClaims({ api, client, tenant }: ApiTokenSubject): Claims {
  const roles = appRolesOf(api, client)
  const id = servicePrincipalId(client, tenant)
  return {
    oid: id,
    sub: id,
    roles: roles.length === 0 ? undefined : roles,
    idtyp: api.optionalClaims.includes('idtyp') ? 'app' : undefined,
  }
}

/** Returns the object id of an application in a tenant, which is not its client id. */
function servicePrincipalId({ clientId }: Application, { id }: Tenant): string {
  const hex = createHash('sha256').update(`${id} ${clientId}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
