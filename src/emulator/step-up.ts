import type { Policy } from './directory.ts'
import type { Person } from './find-in-directory.ts'
import { type Refusal, refusal } from './refusals.ts'
import type { EmulatorState } from './state.ts'

/**
 * Returns the step-ups that a `claims` request asks for: authentication contexts (`acrs`) and policies (`capolids`). A user who
 * signs in with such a request has done what it asks for.
 */
export function requestedStepUps(claims: string | null | undefined): readonly string[] {
  const parts = membersOf(parseObject(claims ?? ''), 'access_token', 'id_token')
  const wishes = parts.flatMap((part) => membersOf(part, 'acrs', 'capolids'))
  return wishes.flatMap(({ value, values }) => [value, values].flat().filter(isText)).slice(0, 100)
}

/** Returns the authentication contexts among the step-ups, for the claim `acrs`. */
export function authenticationContexts(stepUps: readonly string[]): readonly string[] {
  return stepUps.filter((met) => /^c[1-9]\d?$/.test(met))
}

/** Returns the refusal with a claims challenge while a policy is not met, or `undefined` if all are. */
export function findStepUpRefusal(
  state: EmulatorState,
  subject: {
    readonly clientId: string
    readonly person: Person
    readonly stepUps: readonly string[]
  },
): Refusal | undefined {
  const unmet = state.directory.policies.find(
    (policy) => isFor(policy, subject) && !subject.stepUps.includes(markOf(policy)),
  )
  if (unmet === undefined) return undefined
  return { ...refusal(50076), suberror: 'basic_action', claims: challengeOf(unmet) }
}

/** Returns what all policies require of a person who uses a client. */
export function stepUpsAskedOf(
  { directory }: EmulatorState,
  subject: { readonly clientId: string; readonly person: Person },
): readonly string[] {
  return directory.policies.filter((policy) => isFor(policy, subject)).map(markOf)
}

function isFor(
  { clientId, userId }: Policy,
  subject: { readonly clientId: string; readonly person: Person },
): boolean {
  const isClient = clientId === undefined || clientId === subject.clientId
  return isClient && (userId === undefined || userId === subject.person.user.id)
}

/** Returns what a `claims` request has to contain for a policy: its context, or the policy's own id. */
function markOf({ id, require }: Policy): string {
  return require === 'mfa' ? id : require
}

function challengeOf({ id, require }: Policy): string {
  const wish =
    require === 'mfa'
      ? { capolids: { essential: true, values: [id] } }
      : { acrs: { essential: true, value: require } }
  return JSON.stringify({ access_token: wish })
}

function membersOf(object: Members, ...names: readonly string[]): readonly Members[] {
  return names.map((name) => toMembers(object[name]))
}

type Members = Readonly<Record<string, unknown>>

function parseObject(text: string): Members {
  try {
    return toMembers(JSON.parse(text))
  } catch {
    return {}
  }
}

function toMembers(value: unknown): Members {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
