/**
 * Decides which webhooks are sent to next, so that no organization and no hanging receiver takes the places of the others. Pure.
 */
import type { OrganizationId } from '../storage/records.ts'
import type { DueWebhook, WebhookId } from '../storage/webhook-records.ts'

/** How many webhooks are sent to at once: in total, per organization, and among those whose receivers hang or are slow. */
export const shares = {
  all: 50,
  ofOrganization: 5,
  ofTroubled: 10,
  troubledOfOrganization: 2,
} as const

/** What the last round of a webhook revealed about its receiver. A receiver that responds in time has no trouble. */
export type Trouble =
  /** The receiver responded, but slowly. */
  | { readonly kind: 'slow' }
  /** The receiver did not respond. Nothing is sent to it until `restUntil`. */
  | { readonly kind: 'silent'; readonly rounds: number; readonly restUntil: Date }

export type Traffic = {
  readonly underWay: ReadonlyMap<WebhookId, DueWebhook>
  readonly troubles: ReadonlyMap<WebhookId, Trouble>
  /** The number of each webhook's last round, counted over all rounds. */
  readonly lastRounds: ReadonlyMap<WebhookId, number>
}

/**
 * Chooses webhooks without trouble first, then those of organizations with the fewest under way, then those that have waited
 * longest.
 */
export function chooseWebhooks(
  due: readonly DueWebhook[],
  traffic: Traffic,
  now: Date,
): readonly DueWebhook[] {
  const { underWay, troubles } = traffic
  const places = countPlaces(traffic)
  const waiting = due
    .filter(({ id }) => !underWay.has(id) && !isResting(troubles.get(id), now))
    .sort((a, b) => lastRoundOf(a, traffic) - lastRoundOf(b, traffic))
  const chosen: DueWebhook[] = []
  for (const isTroubled of [false, true]) {
    const lane = new Set(waiting.filter(({ id }) => troubles.has(id) === isTroubled))
    for (;;) {
      const next = fewestUnderWay(lane, places, isTroubled)
      if (next === undefined) break
      lane.delete(next)
      chosen.push(next)
      take(places, next, isTroubled)
    }
  }
  return chosen
}

const REST_MS = 5_000
const LONGEST_REST_MS = 300_000

/** Returns the trouble after a round without a response: each further one in a row doubles the rest. */
export function afterSilence(before: Trouble | undefined, now: Date): Trouble {
  const rounds = before?.kind === 'silent' ? before.rounds + 1 : 1
  const restMs = Math.min(REST_MS * 2 ** (rounds - 1), LONGEST_REST_MS)
  return { kind: 'silent', rounds, restUntil: new Date(now.getTime() + restMs) }
}

type Places = {
  all: number
  troubled: number
  readonly of: Map<OrganizationId | undefined, { all: number; troubled: number }>
}

function countPlaces({ underWay, troubles }: Traffic): Places {
  const places: Places = { all: 0, troubled: 0, of: new Map() }
  for (const webhook of underWay.values()) take(places, webhook, troubles.has(webhook.id))
  return places
}

function take(places: Places, { organizationId }: DueWebhook, isTroubled: boolean): void {
  const taken = places.of.get(organizationId) ?? { all: 0, troubled: 0 }
  const added = isTroubled ? 1 : 0
  places.of.set(organizationId, { all: taken.all + 1, troubled: taken.troubled + added })
  places.all += 1
  places.troubled += added
}

function fewestUnderWay(
  lane: ReadonlySet<DueWebhook>,
  places: Places,
  isTroubled: boolean,
): DueWebhook | undefined {
  if (places.all >= shares.all || (isTroubled && places.troubled >= shares.ofTroubled)) return
  let best: DueWebhook | undefined
  let fewest: number = shares.ofOrganization
  for (const webhook of lane) {
    const taken = places.of.get(webhook.organizationId) ?? { all: 0, troubled: 0 }
    if (isTroubled && taken.troubled >= shares.troubledOfOrganization) continue
    if (taken.all >= fewest) continue
    best = webhook
    fewest = taken.all
  }
  return best
}

function isResting(trouble: Trouble | undefined, now: Date): boolean {
  return trouble?.kind === 'silent' && trouble.restUntil > now
}

function lastRoundOf({ id }: DueWebhook, { lastRounds }: Traffic): number {
  return lastRounds.get(id) ?? 0
}
