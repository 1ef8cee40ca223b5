import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stoppedClock } from '../../test/support/clock.ts'
import type { LogFields } from '../log/log.ts'
import { silentLog } from '../log/log.ts'
import type { CredentialStatus } from './client-credentials.ts'
import { createExpiryNotices, expiryThreshold } from './credential-expiry.ts'

const DAY_MS = 86_400_000

/** What is logged when a credential is looked at every hour for so many days. */
function noticesOver(days: number, { endsAfterDays }: { readonly endsAfterDays?: number }) {
  const clock = stoppedClock()
  const end = endsAfterDays && new Date(clock.now().getTime() + endsAfterDays * DAY_MS)
  const lines: (LogFields & { readonly event: string; readonly level: string })[] = []
  const note = (level: string) => (event: string, fields?: LogFields) =>
    void lines.push({ event, level, ...fields })
  const log = { ...silentLog, warn: note('warn'), error: note('error') }
  const notice = createExpiryNotices({ log, now: clock.now })
  for (let hours = 0; hours < days * 24; hours += 1) {
    notice([statusAt(clock.now(), end || undefined)])
    clock.advanceSeconds(3600)
  }
  return lines
}

function statusAt(now: Date, end: Date | undefined): CredentialStatus {
  const status = { id: 'client_secret:abcd', kind: 'client_secret', state: 'good' } as const
  if (end === undefined) return status
  const daysLeft = Math.floor((end.getTime() - now.getTime()) / DAY_MS)
  return { ...status, expiresAt: end, daysLeft }
}

describe('createExpiryNotices', () => {
  it('warns 60, 30, 14 and 7 days before the end, each once', () => {
    const lines = noticesOver(68, { endsAfterDays: 70 })
    assert.deepEqual(
      lines.map(({ event, daysLeft }) => [event, daysLeft]),
      [60, 30, 14, 7].map((days) => ['credential_expires', days]),
    )
  })

  it('warns once a day from the last day on, and louder after the end', () => {
    const lines = noticesOver(6, { endsAfterDays: 3 })
    const days = lines.map(({ event, daysLeft }) => `${event} ${daysLeft}`)
    assert.deepEqual(days, [
      'credential_expires 3',
      'credential_expires 1',
      'credential_expires 1',
      'credential_expires 0',
      'credential_expired -1',
      'credential_expired -1',
      'credential_expired -2',
      'credential_expired -3',
    ])
    assert.deepEqual(new Set(lines.slice(4).map(({ level }) => level)), new Set(['error']))
  })

  it('says at the start what has come closer while nobody looked', () => {
    const [first, ...more] = noticesOver(1, { endsAfterDays: 12 })
    assert.deepEqual([first?.event, first?.daysLeft], ['credential_expires', 12])
    assert.deepEqual(more, [])
  })

  it('says once that the end of a secret is not known, and which setting tells it', () => {
    const [notice, ...more] = noticesOver(40, {})
    assert.equal(notice?.event, 'credential_expiry_unknown')
    assert.equal(notice?.set, 'ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES')
    assert.deepEqual(more, [])
  })
})

describe('expiryThreshold', () => {
  it('is the nearest of 60, 30, 14, 7 and 1 days, and none before', () => {
    const status = { id: 'x', kind: 'certificate', state: 'good' } as const
    const days = [400, 61, 60, 31, 30, 15, 14, 8, 7, 2, 1, 0, -1]
    assert.deepEqual(
      days.map((daysLeft) => expiryThreshold({ ...status, daysLeft })),
      [undefined, undefined, 60, 60, 30, 30, 14, 14, 7, 7, 1, 1, 0],
    )
  })
})
