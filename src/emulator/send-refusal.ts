import type { AuthorizationRequest, ReturnAddress } from './authorization-request.ts'
import { sendAuthorizationResponse } from './authorization-response.ts'
import type { AddressedExchange } from './exchange.ts'
import type { RefusalFault } from './faults.ts'
import { authoritySegment } from './find-in-directory.ts'
import { sendRefusalPage } from './pages.ts'
import { anyRefusal, type Refusal, refusal, refusalParameters } from './refusals.ts'
import type { EmulatorState } from './state.ts'

/** Returns a refusal to the application. */
export function sendRefusal(
  state: EmulatorState,
  exchange: AddressedExchange,
  { refused, to }: { readonly refused: Refusal; readonly to: ReturnAddress },
): Promise<Response> {
  return sendAuthorizationResponse(to, refusalParameters(refused, state.origin, exchange.trace))
}

/**
 * Shows a refusal of the account to the user, who can choose another one. With `prompt=none` no user sees a page, so the refusal is
 * sent to the application.
 */
export function sendAccountRefusal(
  state: EmulatorState,
  exchange: AddressedExchange,
  { refused, request }: { readonly refused: Refusal; readonly request: AuthorizationRequest },
): Promise<Response> {
  if (request.prompt === 'none') {
    return sendRefusal(state, exchange, { refused: refusal(50058), to: request.returnAddress })
  }
  const again = new URLSearchParams(exchange.parameters)
  again.set('prompt', 'select_account')
  return sendRefusalPage(refused, exchange.trace, `${authorizePath(exchange)}?${again}`)
}

/** Returns the refusal that a fault demands. */
export function refusalOfFault(fault: RefusalFault): Refusal {
  const { suberror, claims, status } = fault
  const refused = anyRefusal(fault.code, fault.error)
  return { ...refused, text: fault.text ?? refused.text, suberror, claims, status }
}

/** Returns the path of the authorization endpoint that an exchange is addressed to. */
export function authorizePath({ authority }: AddressedExchange): string {
  return `/${authoritySegment(authority)}/oauth2/v2.0/authorize`
}
