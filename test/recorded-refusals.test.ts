/** A refusal is stored although another transaction interfered with it; and the log has it where the database does not. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createEntrada } from '../src/entrada.ts'
import type { Storage } from '../src/storage/storage.ts'
import { goToEntra } from './support/refusals.ts'
import { browserAcross } from './support/replicas.ts'
import { people } from './support/rig.ts'
import { auditEvents, openRig } from './support/steps.ts'

/** Refuses a guest while so many plans are interfered with, and returns what was stored and logged. */
async function refuseGuest(t: TestContext, interferences: number) {
  const rig = await openRig(t)
  const { storage } = rig.services
  let left = interferences
  const writePlan: Storage['writePlan'] = async (plan) => {
    if (left === 0) return storage.writePlan(plan)
    left -= 1
    return 'read_again'
  }
  const services = { ...rig.services, storage: { ...storage, writePlan } }
  const browser = browserAcross(rig, [createEntrada(rig.options, services)])
  const at = await goToEntra(rig, people.grace, { browser })
  assert.equal((await at.browser.request(at.callback)).status, 403)
  const events = await auditEvents(rig, { type: 'sign_in.refused' })
  const traces = await storage.listSignInTraces({ outcome: 'refused' }, { limit: 9 })
  const isLogged = rig.logLines.some((line) => line.includes('"event":"refusal_not_recorded"'))
  return { events: events.length, traces: traces.items.length, isLogged }
}

describe('a refusal with which another transaction interferes', () => {
  it('is stored once the other is over', async (t) => {
    assert.deepEqual(await refuseGuest(t, 1), { events: 1, traces: 1, isLogged: false })
  })

  it('is in the log if the database never takes it', async (t) => {
    assert.deepEqual(await refuseGuest(t, 9), { events: 0, traces: 0, isLogged: true })
  })
})
