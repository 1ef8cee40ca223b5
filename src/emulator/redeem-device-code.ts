import { randomUUID } from 'node:crypto'
import {
  approveDevice,
  declineDevice,
  findDeviceUser,
  saveDeviceSignIn,
} from './device-sign-ins.ts'
import type { Application } from './directory.ts'
import type { AddressedExchange } from './exchange.ts'
import { authoritySegment } from './find-in-directory.ts'
import { findAccountByHint } from './login-hint.ts'
import type { RedeemedGrant } from './redeem-code.ts'
import { findPersonOfGrant } from './refresh-tokens.ts'
import { type Refusal, refusal } from './refusals.ts'
import type { DeviceSignIn, EmulatorState, Grant } from './state.ts'

/**
 * Answers a device that polls: with the grant after its user has approved it, until then with a refusal.
 *
 * @see RFC 8628 §3.4 and §3.5
 */
export function redeemDeviceCode(
  state: EmulatorState,
  { form, authority }: AddressedExchange,
  application: Application,
): RedeemedGrant | Refusal {
  const deviceCode = form.get('device_code')
  if (!deviceCode) return refusal(900144, 'The parameter "device_code" is missing.')
  const signIn = state.deviceSignIns.find(deviceCode)
  if (signIn === undefined || signIn.clientId !== application.clientId) return refusal(70018)
  if (signIn.authoritySegment !== authoritySegment(authority)) {
    return refusal(700005, 'The device code is meant for another tenant.')
  }
  if (signIn.outcome.kind === 'redeemed') {
    return refusal(54005, 'The device code was already redeemed.')
  }
  if (signIn.expiresAt <= state.now()) return refusal(70020)

  approveAutomatically(state, signIn)
  const { outcome } = state.deviceSignIns.find(deviceCode) ?? signIn
  if (outcome.kind === 'declined') return { ...refusal(65004), error: 'authorization_declined' }
  if (outcome.kind !== 'approved') return keepWaiting(state, signIn)
  const { grant } = outcome
  const person = findPersonOfGrant(state, grant, authority)
  if ('error' in person) return person
  saveDeviceSignIn(state, { ...signIn, outcome: { kind: 'redeemed' } })
  return { grant, person }
}

/** Returns the grant of a device whose user has approved it. */
export function approvedGrant(state: EmulatorState, deviceCode: string): Grant | undefined {
  const outcome = state.deviceSignIns.find(deviceCode)?.outcome
  return outcome?.kind === 'approved' ? outcome.grant : undefined
}

/** An emulator that signs a user in automatically approves devices for that user too. */
function approveAutomatically(state: EmulatorState, signIn: DeviceSignIn): void {
  const account = findAccountByHint(state.directory, state.automaticUser)
  if (account === undefined || signIn.outcome.kind !== 'pending') return
  const person = findDeviceUser(state, signIn, account)
  if ('error' in person) declineDevice(state, signIn)
  else approveDevice(state, signIn, { person, sid: randomUUID() })
}

/** A device that polls too fast has to wait five seconds longer from then on. */
function keepWaiting(state: EmulatorState, waiting: DeviceSignIn): Refusal {
  const now = state.now()
  const { polledAt, intervalSeconds } = waiting
  const sinceMilliseconds = polledAt && now.getTime() - polledAt.getTime()
  const isTooFast =
    sinceMilliseconds !== undefined && sinceMilliseconds < intervalSeconds * 1000 - TOLERANCE
  const changed = isTooFast ? intervalSeconds + SLOW_DOWN_SECONDS : intervalSeconds
  saveDeviceSignIn(state, { ...waiting, polledAt: now, intervalSeconds: changed })
  return refusal(isTooFast ? 50196 : 70016)
}

const SLOW_DOWN_SECONDS = 5
/** Timers and networks are not exact, so half a second early is not too fast. */
const TOLERANCE = 500
