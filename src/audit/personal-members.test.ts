import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AuditEventRecord } from '../storage/records.ts'
import { withoutPerson } from './personal-members.ts'

const person = { userId: 'usr_1', objectIds: ['aaaaaaaa-0000-4000-8000-000000000001'] } as const
const browser = { ip: '203.0.113.7', userAgent: 'Firefox' }
const newEvent = (event: Partial<AuditEventRecord>): AuditEventRecord => ({
  id: 'evt_1',
  at: new Date(0),
  type: 'sign_in.succeeded',
  actor: { kind: 'user', id: 'usr_1' },
  userId: 'usr_1',
  detail: {},
  ...event,
})

describe('withoutPerson', () => {
  it('takes directory ids, names, address and browser from what the person did, and keeps our ids (O15)', () => {
    const detail = { tid: 't', oid: 'o', roles: ['member'] }
    const { ip, userAgent, ...rest } = newEvent({ ...browser, detail: { roles: ['member'] } })
    assert.deepEqual(withoutPerson(newEvent({ ...browser, detail }), person), rest)
    assert.ok(ip && userAgent)
  })

  it('keeps the address of the operator who acted on the person (O15)', () => {
    const actor = { kind: 'operator', id: 'operator_token' } as const
    const event = newEvent({
      ...browser,
      actor,
      type: 'user.created',
      detail: { username: 'kim', how: 'beforehand' },
    })
    assert.deepEqual(withoutPerson(event, person), { ...event, detail: { how: 'beforehand' } })
  })

  it('finds refusals from before the person was a user by their object id, and keeps the code alone (O15)', () => {
    const { userId: _, ...event } = newEvent({
      ...browser,
      actor: { kind: 'anonymous' },
      type: 'sign_in.refused',
      detail: { code: 'not_assigned', claims: { oid: person.objectIds[0], upn: 'kim@x.example' } },
    })
    const { ip: _ip, userAgent: _userAgent, ...rest } = event
    assert.deepEqual(withoutPerson(event, person), { ...rest, detail: { code: 'not_assigned' } })
  })

  it('leaves events of others, and events without anything personal, as they are (O15)', () => {
    const other = newEvent({ ...browser, userId: 'usr_2', actor: { kind: 'user', id: 'usr_2' } })
    assert.equal(withoutPerson(other, person), undefined)
    const disabled = newEvent({
      actor: { kind: 'operator', id: 'operator_token' },
      type: 'user.disabled',
      detail: { sessionsEnded: 1 },
    })
    assert.equal(withoutPerson(disabled, person), undefined)
  })

  it('keeps of a type that it does not know the code alone (O15)', () => {
    const event = newEvent({ type: 'from_a_later_release', detail: { code: 'x', name: 'Kim' } })
    assert.deepEqual(withoutPerson(event, person)?.detail, { code: 'x' })
  })
})
