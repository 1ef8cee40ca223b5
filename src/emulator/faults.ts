export const faultyEndpoints = [
  'discovery',
  'keys',
  'authorize',
  'picker',
  'token',
  'devicecode',
  'logout',
  'adminconsent',
  'graph',
] as const

export type Endpoint = (typeof faultyEndpoints)[number] | 'other'

/** The requests that a fault affects: after `skip` matching ones, the next `times` (1 by default). */
export type FaultTarget = {
  readonly on: Exclude<Endpoint, 'other'>
  readonly forUser?: string
  readonly times?: number
  readonly skip?: number
}

/** A fault of the transport between the two machines, whatever the endpoint would have answered. */
export type TransportFault = FaultTarget &
  (
    | { readonly kind: 'hang' }
    | { readonly kind: 'delay'; readonly milliseconds: number }
    | {
        readonly kind: 'status'
        readonly status: number
        /** The value of `Retry-After`. */
        readonly retryAfterSeconds?: number
        readonly headers?: Readonly<Record<string, string>>
        readonly body?: string
      }
    | { readonly kind: 'html' }
    | { readonly kind: 'cut_body' }
    | { readonly kind: 'invalid_json' }
    | { readonly kind: 'redirect'; readonly location: string; readonly status?: number }
  )

/** Entra refuses: any OAuth error with any AADSTS number, as JSON or in the redirect. */
export type RefusalFault = Omit<FaultTarget, 'on'> & {
  readonly kind: 'oauth_error'
  readonly on: 'token' | 'authorize'
  readonly error: string
  readonly code: number
  readonly text?: string
  readonly suberror?: string
  readonly claims?: string
  readonly status?: number
}

/** Members of a JSON response are set or removed: an issuer, an endpoint elsewhere, no id_token. */
export type MembersFault = Omit<FaultTarget, 'on'> & {
  readonly kind: 'members'
  readonly on: 'discovery' | 'keys' | 'token' | 'graph'
  readonly set?: Readonly<Record<string, unknown>>
  readonly remove?: readonly string[]
}

/**
 * An ID token that is wrong in some way. Claims and header are changed *before* signing, so that everything else about the token is
 * right; `forgeClaims` changes them afterwards.
 */
export type IdTokenFault = Omit<FaultTarget, 'on'> & {
  readonly kind: 'id_token'
  readonly setClaims?: Readonly<Record<string, unknown>>
  readonly removeClaims?: readonly string[]
  readonly forgeClaims?: Readonly<Record<string, unknown>>
  readonly setHeader?: Readonly<Record<string, unknown>>
  readonly removeHeader?: readonly string[]
  /** `none` in any letter case, `HS256` and its like, or another RSA algorithm such as `PS256`. */
  readonly algorithm?: string
  /** The key of an HMAC: the two values that an attacker could hope a verifier confuses. */
  readonly hmacKey?: 'client_secret' | 'public_key'
  readonly signature?: 'garbage' | 'empty' | 'other_key'
}

export type Fault = TransportFault | RefusalFault | MembersFault | IdTokenFault

/** The faults that wait for their request, in the order in which they were set. */
export type FaultQueue = {
  /** The faults that have not occurred yet, with how often each still occurs. */
  readonly waiting: readonly Fault[]
  add(fault: Fault): void
  clear(): void
  take<Kind extends Fault['kind']>(
    kinds: readonly Kind[],
    hit: FaultHit,
  ): Extract<Fault, { readonly kind: Kind }> | undefined
}

/**
 * The current request. `names` are the user principal names of the person that it is about, if known. When `phase` is
 * `person_known`, only faults for that person match, because the others had their chance earlier.
 */
export type FaultHit = {
  readonly on: Endpoint
  readonly names: readonly string[]
  readonly phase?: 'person_known'
}

export const transportFaultKinds = [
  'hang',
  'delay',
  'status',
  'html',
  'cut_body',
  'invalid_json',
  'redirect',
] as const

/** Creates an empty queue. A request takes at most one fault of each group of kinds. */
export function createFaultQueue(): FaultQueue {
  let waiting: readonly WaitingFault[] = []

  return {
    get waiting() {
      return waiting.map(({ fault, times, skip }) => ({ ...fault, times, skip }))
    },
    add(fault) {
      if (waiting.length >= MOST_FAULTS) throw new Error(`more than ${MOST_FAULTS} faults wait`)
      waiting = [...waiting, { fault, times: fault.times ?? 1, skip: fault.skip ?? 0 }]
    },
    clear() {
      waiting = []
    },
    take(kinds, hit) {
      for (const entry of waiting) {
        if (!isKind(entry.fault, kinds) || !isHit(entry.fault, hit)) continue
        if (entry.skip > 0) {
          entry.skip -= 1
          continue
        }
        entry.times -= 1
        waiting = waiting.filter(({ times }) => times > 0)
        return entry.fault
      }
      return undefined
    },
  }
}

const MOST_FAULTS = 1000

type WaitingFault = { readonly fault: Fault; times: number; skip: number }

function isKind<Kind extends Fault['kind']>(
  fault: Fault,
  kinds: readonly Kind[],
): fault is Extract<Fault, { readonly kind: Kind }> {
  return kinds.some((kind) => kind === fault.kind)
}

function isHit(fault: Fault, { on, names, phase }: FaultHit): boolean {
  const endpoint = fault.kind === 'id_token' ? 'token' : fault.on
  if (endpoint !== on) return false
  if (fault.forUser === undefined) return phase !== 'person_known'
  const userName = fault.forUser.toLowerCase()
  return names.some((name) => name.toLowerCase() === userName)
}
