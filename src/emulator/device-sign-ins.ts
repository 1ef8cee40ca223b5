import { randomBytes, randomInt } from 'node:crypto'
import { platformOfDevices } from './client-kind.ts'
import { findEntitlementRefusal } from './complete-sign-in.ts'
import type { Application } from './directory.ts'
import {
  type Authority,
  authoritySegment,
  findAuthority,
  findPersonAt,
  getApplication,
  isEnabled,
  type Person,
} from './find-in-directory.ts'
import { type Refusal, refusal } from './refusals.ts'
import { revocationsOf } from './revoke-sessions.ts'
import type { DeviceSignIn, EmulatorState } from './state.ts'
import { stepUpsAskedOf } from './step-up.ts'

export const DEVICE_CODE_SECONDS = 900
const INTERVAL_SECONDS = 5

/** Starts the sign-in of a device: a code for the device, and a short one that its user enters elsewhere. */
export function startDeviceSignIn(
  state: EmulatorState,
  input: {
    readonly application: Application
    readonly authority: Authority
    readonly askedScopes: readonly string[]
  },
): DeviceSignIn {
  const started: DeviceSignIn = {
    deviceCode: `D${randomBytes(96).toString('base64url')}`,
    userCode: newUserCode(),
    clientId: input.application.clientId,
    authoritySegment: authoritySegment(input.authority),
    askedScopes: input.askedScopes,
    expiresAt: new Date(state.now().getTime() + DEVICE_CODE_SECONDS * 1000),
    intervalSeconds: INTERVAL_SECONDS,
    polledAt: undefined,
    outcome: { kind: 'pending' },
  }
  state.userCodes.set(started.userCode, started.deviceCode)
  saveDeviceSignIn(state, started)
  return started
}

/** Stores the changed sign-in of a device. */
export function saveDeviceSignIn(state: EmulatorState, changed: DeviceSignIn): void {
  state.deviceSignIns.set(changed.deviceCode, changed)
}

/** Finds the sign-in that waits for a user code, however it is typed: lower case, blanks and hyphens do not matter. */
export function findWaitingDevice(
  state: EmulatorState,
  userCode: string,
): DeviceSignIn | undefined {
  const typed = userCode.toUpperCase().replace(/[\s-]/g, '')
  const found = state.deviceSignIns.find(state.userCodes.find(typed) ?? '')
  const isWaiting = found?.outcome.kind === 'pending' && found.expiresAt > state.now()
  return isWaiting ? found : undefined
}

/** Finds the user object of an account in the tenant where the device signs in, unless the user may not use the application. */
export function findDeviceUser(
  state: EmulatorState,
  waiting: DeviceSignIn,
  account: Person,
): Person | Refusal {
  const authority = findAuthority(state.directory, waiting.authoritySegment)
  const person = authority && findPersonAt(state.directory, authority, account)
  if (person === undefined) return refusal(50020)
  if (!isEnabled(state.directory, person)) return refusal(50057)
  const application = getApplication(state.directory, waiting.clientId)
  return findEntitlementRefusal(application, person) ?? person
}

/** Lets a device sign in as a person. That person signs in with a browser, which is where policies apply. */
export function approveDevice(
  state: EmulatorState,
  waiting: DeviceSignIn,
  { person, sid }: { readonly person: Person; readonly sid: string },
): void {
  const { clientId, askedScopes } = waiting
  const grant = {
    clientId,
    platform: platformOfDevices(getApplication(state.directory, clientId)),
    userId: person.user.id,
    askedScopes,
    requestedClaims: [],
    stepUps: stepUpsAskedOf(state, { clientId, person }),
    sid,
    authenticatedAt: state.now(),
    revocations: revocationsOf(state, person),
  }
  saveDeviceSignIn(state, { ...waiting, outcome: { kind: 'approved', grant } })
}

/** Refuses a device, which is notified when it polls. */
export function declineDevice(state: EmulatorState, waiting: DeviceSignIn): void {
  saveDeviceSignIn(state, { ...waiting, outcome: { kind: 'declined' } })
}

// The alphabet has no vowels, so that no words appear, and no letters that look like digits (RFC 8628 §6.1).
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ23456789'

function newUserCode(): string {
  return Array.from({ length: 9 }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('')
}
