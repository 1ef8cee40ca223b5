import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OrganizationId } from '../storage/records.ts'
import type { DueWebhook, WebhookId } from '../storage/webhook-records.ts'
import {
  afterSilence,
  chooseWebhooks,
  shares,
  type Traffic,
  type Trouble,
} from './delivery-shares.ts'

const now = new Date('2026-11-22T09:00:00Z')

function webhooksOf(organization: string | undefined, count: number): readonly DueWebhook[] {
  return Array.from({ length: count }, (_, n) => ({
    id: `whk_${organization}_${n}` as const,
    ...(organization ? { organizationId: organization as OrganizationId } : {}),
  }))
}

function choose(due: readonly DueWebhook[], traffic: Partial<Traffic> = {}) {
  const all = { underWay: new Map(), troubles: new Map(), lastRounds: new Map(), ...traffic }
  return chooseWebhooks(due, all, now)
}

function troubled(webhooks: readonly DueWebhook[], trouble: Trouble): Map<WebhookId, Trouble> {
  return new Map(webhooks.map(({ id }) => [id, trouble]))
}

const countOf = (chosen: readonly DueWebhook[], organization: string | undefined) =>
  chosen.filter(({ organizationId }) => organizationId === organization).length

describe('chooseWebhooks', () => {
  it('gives one organization a share, however many webhooks it has (A3)', () => {
    const chosen = choose([
      ...webhooksOf('a', 60),
      ...webhooksOf('b', 1),
      ...webhooksOf(undefined, 9),
    ])
    assert.equal(countOf(chosen, 'a'), shares.ofOrganization)
    assert.equal(countOf(chosen, 'b'), 1)
    assert.equal(countOf(chosen, undefined), shares.ofOrganization)
  })

  it('divides the places evenly among organizations (A3)', () => {
    const organizations = Array.from({ length: 30 }, (_, n) => `org${n}`)
    const chosen = choose(organizations.flatMap((name) => webhooksOf(name, 10)))
    assert.equal(chosen.length, shares.all)
    for (const name of organizations) assert.ok(countOf(chosen, name) >= 1, name)
  })

  it('lets those that hung go last, and never take more than their places (A3)', () => {
    const hanging = Array.from({ length: 40 }, (_, n) => webhooksOf(`hangs${n}`, 5)).flat()
    const healthy = Array.from({ length: 39 }, (_, n) => webhooksOf(`healthy${n}`, 1)).flat()
    const troubles = troubled(hanging, { kind: 'silent', rounds: 3, restUntil: now })
    const chosen = choose([...hanging, ...healthy], { troubles })
    assert.deepEqual(new Set(chosen.slice(0, 39)), new Set(healthy))
    assert.equal(chosen.length, 39 + shares.ofTroubled)
    const alone = choose(webhooksOf('hangs0', 5), { troubles })
    assert.equal(alone.length, shares.troubledOfOrganization)
  })

  it('counts what is under way, and leaves a receiver alone until its rest is over (A3)', () => {
    const [first, second, ...others] = webhooksOf('a', 6)
    assert.ok(first && second)
    const underWay = new Map([[first.id, first]])
    const resting = troubled([second], afterSilence(undefined, now))
    const chosen = choose([first, second, ...others], { underWay, troubles: resting })
    assert.deepEqual(chosen, others)
  })

  it('turns to the webhook that has waited longest (A3)', () => {
    const webhooks = webhooksOf('a', 12)
    const lastRounds = new Map<WebhookId, number>()
    const served: WebhookId[] = []
    for (let round = 0; round < 3; round += 1) {
      for (const { id } of choose(webhooks, { lastRounds })) {
        served.push(id)
        lastRounds.set(id, served.length)
      }
    }
    assert.equal(new Set(served).size, 12)
  })
})

describe('afterSilence', () => {
  it('doubles the rest with each round in a row, up to five minutes (A3)', () => {
    let trouble: Trouble | undefined
    const rests: number[] = []
    for (let round = 0; round < 9; round += 1) {
      trouble = afterSilence(trouble, now)
      rests.push(trouble.kind === 'silent' ? trouble.restUntil.getTime() - now.getTime() : 0)
    }
    assert.deepEqual(rests.slice(0, 4), [5_000, 10_000, 20_000, 40_000])
    assert.equal(rests.at(-1), 300_000)
  })
})
