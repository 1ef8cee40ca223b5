import { EntradaError } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { requiredConnectionId } from '../organizations/sso-requirement.ts'
import type { Services } from '../services.ts'
import type { ProfileEmail, SessionView } from '../storage/records.ts'
import { getSession } from './session.ts'

/** What an application is told about a session. Times are RFC 3339; tokens and hashes are not in it. */
export type SessionJson = {
  readonly user: { readonly id: string } | null
  readonly organization: {
    readonly id: string
    readonly name: string
    readonly slug: string
    /** People of the organization may sign in through one connection alone: close every other way of yours too. */
    readonly ssoRequired: boolean
  } | null
  readonly membership: {
    readonly id: string
    readonly username: string
    readonly displayName: string | null
    readonly email: ProfileEmail | null
    readonly guest: boolean
  } | null
  readonly roles: readonly string[]
  /** `null`: not known, because of an overage. Never the same as none. */
  readonly groups: readonly string[] | null
  readonly session: {
    readonly id: string
    readonly kind: 'user' | 'operator'
    readonly connectionId: string | null
    readonly createdAt: string
    readonly expiresAt: string
    readonly idleExpiresAt: string
  }
}

/** What an application gets of a person who is signed in. Its own tables are keyed on `user.id`. */
export type UserSession = SessionJson & {
  readonly [K in 'user' | 'organization' | 'membership']: NonNullable<SessionJson[K]>
}

/** What GET /api/v1/session answers. @throws {EntradaError} `sign_in_required`, `too_many_requests` */
export async function getSessionJson(services: Services, exchange: Exchange): Promise<SessionJson> {
  const view = await getSession(services, exchange)
  // An operator's token session is nobody's: an application that asks only "is there a session" must not let it in.
  if (view.session.kind === 'operator') throw new EntradaError('sign_in_required')
  await services.limits.spend('api_session', view.session.id)
  return toSessionJson(view, services.now())
}

/** `undefined`: an operator's token session, which is nobody's. */
export function toUserSession(view: SessionView, now: Date): UserSession | undefined {
  const { user, organization, membership, ...rest } = toSessionJson(view, now)
  if (rest.session.kind !== 'user' || !user || !organization || !membership) return undefined
  return { user, organization, membership, ...rest }
}

export function toSessionJson(view: SessionView, now: Date): SessionJson {
  const { user, organization, session, groups } = view
  return {
    user: user ? { id: user.id } : null,
    organization: organization
      ? {
          id: organization.id,
          name: organization.name,
          slug: organization.slug,
          ssoRequired: requiredConnectionId(organization, now) !== undefined,
        }
      : null,
    membership: membershipJson(view),
    roles: view.roles,
    groups: groups === undefined ? [] : groups.complete ? groups.groups : null,
    session: {
      id: session.id,
      kind: session.kind,
      connectionId: session.connectionId ?? null,
      createdAt: session.createdAt.toISOString(),
      expiresAt: session.absoluteEndsAt.toISOString(),
      idleExpiresAt: session.idleEndsAt.toISOString(),
    },
  }
}

function membershipJson({ membership }: SessionView): SessionJson['membership'] {
  if (membership === undefined) return null
  const { id, username, profile } = membership
  return {
    id,
    username,
    displayName: profile.displayName ?? null,
    email: profile.email ?? null,
    guest: profile.guest ?? false,
  }
}
