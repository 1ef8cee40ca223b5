import { DEVICE_CODE_SECONDS, startDeviceSignIn } from './device-sign-ins.ts'
import type { AddressedExchange } from './exchange.ts'
import { findApplication } from './find-in-directory.ts'
import { type Refusal, refusal, refusalResponse } from './refusals.ts'
import { findRepeated } from './repeated-parameter.ts'
import { parseScopes, splitScope } from './scopes.ts'
import type { DeviceSignIn, EmulatorState } from './state.ts'

/**
 * Answers a device whose user signs in on another one. As in Entra, a client that may not use this flow is refused only when it
 * polls.
 *
 * @see RFC 8628 §3.1 and §3.2
 */
export async function answerDeviceRequest(
  state: EmulatorState,
  exchange: AddressedExchange,
): Promise<Response> {
  const started = startOrRefuse(state, exchange)
  if ('error' in started) return refusalResponse(started, state.origin, exchange.trace)
  const { deviceCode, userCode, intervalSeconds } = started
  const page = deviceAddress(state)
  const body = {
    user_code: userCode,
    device_code: deviceCode,
    verification_uri: page,
    expires_in: DEVICE_CODE_SECONDS,
    interval: intervalSeconds,
    message: `To sign in, use a web browser to open the page ${page} and enter the code ${userCode} to authenticate.`,
  }
  return Response.json(body, { headers: { 'Cache-Control': 'no-store' } })
}

/** The page on which a user enters the code of a device. */
function deviceAddress({ origin }: EmulatorState): string {
  return `${origin}/device`
}

function startOrRefuse(
  state: EmulatorState,
  { request, form, authority }: AddressedExchange,
): DeviceSignIn | Refusal {
  if (request.method !== 'POST') return refusal(900561)
  const repeated = findRepeated(form, ['client_id', 'scope'])
  if (repeated !== undefined) return repeated
  const missing = ['client_id', 'scope'].find((name) => !form.get(name))
  if (missing !== undefined) return refusal(900144, `The parameter "${missing}" is missing.`)
  const { directory, graphUrl } = state
  const application = findApplication(directory, authority, form.get('client_id') ?? '')
  if (application === undefined) return refusal(700016)
  if (authority.kind === 'alias' && application.audience === 'single_tenant') return refusal(50194)
  const askedScopes = splitScope(form.get('scope'))
  const parsed = parseScopes(askedScopes, { directory, graphUrl, authority, application })
  if ('error' in parsed) return parsed
  return startDeviceSignIn(state, { application, authority, askedScopes })
}
