import { EntradaError } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { requiredConnectionId } from '../organizations/sso-requirement.ts'
import type { Services } from '../services.ts'
import type { ProfileEmail, SessionView } from '../storage/records.ts'
import { getSession } from './session.ts'

/** The JSON that an application receives about a session. Times are RFC 3339; it contains no tokens and no hashes. */
export type SessionJson = {
  readonly user: { readonly id: string } | null
  readonly organization: {
    readonly id: string
    readonly name: string
    readonly slug: string
    /**
     * Members of the organization may sign in through one connection only; an application must close its other ways of signing in
     * too.
     */
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
  /** `null` means unknown, because of an overage. It never means that there are no groups. */
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

/** What an application receives about a person who is signed in. It should key its own tables on `user.id`. */
export type UserSession = SessionJson & {
  readonly [K in 'user' | 'organization' | 'membership']: NonNullable<SessionJson[K]>
}

/** Returns the body of GET /api/v1/session. @throws {EntradaError} `sign_in_required`, `too_many_requests` */
export async function getSessionJson(services: Services, exchange: Exchange): Promise<SessionJson> {
  const view = await getSession(services, exchange)
  // The session of an operator token belongs to no user. An application that checks only whether there is a session must not let it
  // in.
  if (view.session.kind === 'operator') throw new EntradaError('sign_in_required')
  await services.limits.spend('api_session', view.session.id)
  return toSessionJson(view, services.now())
}

/** Returns the session for an application, or `undefined` for the session of an operator token, which belongs to no user. */
export function toUserSession(view: SessionView, now: Date): UserSession | undefined {
  const { user, organization, membership, ...rest } = toSessionJson(view, now)
  if (rest.session.kind !== 'user' || !user || !organization || !membership) return undefined
  return { user, organization, membership, ...rest }
}

/** Converts a session and what belongs to it to the JSON that applications receive. */
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
