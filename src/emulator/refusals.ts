import { randomUUID } from 'node:crypto'

/** A refusal of Entra: the OAuth error, the AADSTS number and an explanation in our own words. */
export type Refusal = {
  readonly code: number
  readonly error: string
  readonly text: string
  readonly status?: number | undefined
  readonly suberror?: string | undefined
  readonly errorSubcode?: string | undefined
  readonly claims?: string | undefined
}

/** The ids by which a request is traced, and its time. */
export type Trace = {
  readonly traceId: string
  readonly correlationId: string
  readonly at: Date
}

/** Creates a trace id; the correlation id is the caller's `client-request-id` if it is a GUID. */
export function newTrace(clientRequestId: string | null | undefined, at: Date): Trace {
  const isGuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(clientRequestId ?? '')
  const correlationId = isGuid && clientRequestId ? clientRequestId : randomUUID()
  return { traceId: randomUUID(), correlationId, at }
}

/** Returns the refusal with this AADSTS number; `text` replaces the table's sentence. */
export function refusal(code: AadstsCode, text?: string): Refusal {
  const row: { readonly error: string; readonly text: string; readonly status?: number } =
    refusals[code]
  return { code, ...row, ...(text === undefined ? {} : { text }) }
}

/** Returns a refusal with any AADSTS number, for faults: unknown numbers get a plain sentence. */
export function anyRefusal(code: number, error: string): Refusal {
  const text = isKnown(code)
    ? refusals[code].text
    : 'The emulator is configured to refuse this request.'
  return { code, error, text }
}

/** Returns `AADSTSnnnnn: text`, then trace id, correlation id and timestamp, each on a line of its own. */
export function describeRefusal(refused: Refusal, trace: Trace): string {
  return [
    `AADSTS${refused.code}: ${refused.text}`,
    `Trace ID: ${trace.traceId}`,
    `Correlation ID: ${trace.correlationId}`,
    `Timestamp: ${toTimestamp(trace.at)}`,
  ].join('\r\n')
}

/** Returns the JSON error of the token endpoint and of discovery (RFC 6749 §5.2, with Entra's members). */
export function refusalResponse(refused: Refusal, origin: string, trace: Trace): Response {
  const { error, code, suberror, claims } = refused
  const body = {
    error,
    error_description: describeRefusal(refused, trace),
    error_codes: [code],
    timestamp: toTimestamp(trace.at),
    trace_id: trace.traceId,
    correlation_id: trace.correlationId,
    error_uri: errorUri(origin, code),
    ...(suberror === undefined ? {} : { suberror }),
    ...(claims === undefined ? {} : { claims }),
  }
  const status = refused.status ?? (error === 'invalid_client' ? 401 : 400)
  return Response.json(body, { status, headers: { 'Cache-Control': 'no-store' } })
}

/** Returns the parameters of an error that is sent back to the application (RFC 6749 §4.1.2.1). */
export function refusalParameters(
  refused: Refusal,
  origin: string,
  trace: Trace,
): Record<string, string> {
  return {
    error: refused.error,
    error_description: describeRefusal(refused, trace),
    error_uri: errorUri(origin, refused.code),
    ...(refused.errorSubcode === undefined ? {} : { error_subcode: refused.errorSubcode }),
    ...(refused.suberror === undefined ? {} : { suberror: refused.suberror }),
    ...(refused.claims === undefined ? {} : { claims: refused.claims }),
  }
}

/** Formats a time as `yyyy-MM-dd HH:mm:ssZ`, as in Entra's errors. */
export function toTimestamp(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')}Z`
}

function errorUri(origin: string, code: number): string {
  return `${origin}/error?code=${code}`
}

function isKnown(code: number): code is AadstsCode {
  return Object.hasOwn(refusals, code)
}

export type AadstsCode = keyof typeof refusals

const refusals = {
  50011: {
    error: 'invalid_request',
    text: 'The redirect URI of the request is not one of those registered for the application.',
  },
  50013: {
    error: 'invalid_client',
    text: 'The signature of the client assertion does not verify.',
  },
  50020: {
    error: 'access_denied',
    text: 'The account is of another directory and does not exist in this tenant.',
  },
  50027: { error: 'invalid_client', text: 'The client assertion is malformed.' },
  50034: { error: 'invalid_grant', text: 'The account does not exist in this directory.' },
  50049: { error: 'invalid_instance', text: 'The host of the authority is not a known one.' },
  50057: { error: 'access_denied', text: 'The account is disabled.' },
  50058: {
    error: 'login_required',
    text: 'A silent sign-in was requested, but no user is signed in.',
  },
  50059: {
    error: 'invalid_request',
    text: 'The request does not name a tenant.',
  },
  50076: {
    error: 'interaction_required',
    text: 'A policy of the directory asks for multi-factor authentication.',
  },
  50089: { error: 'invalid_grant', text: 'The sign-in took too long. Start again.' },
  50105: {
    error: 'access_denied',
    text: 'The application asks for assignment, and the account is not assigned to it.',
  },
  50147: { error: 'invalid_request', text: 'The code challenge has a wrong size.' },
  50173: {
    error: 'invalid_grant',
    text: 'The grant was revoked: the password changed or the sessions were ended. Sign in anew.',
  },
  50194: {
    error: 'invalid_request',
    text: 'The application is single-tenant and cannot be used through /common or /organizations.',
  },
  50196: {
    error: 'slow_down',
    text: 'The client polls faster than the interval allows. Wait five seconds longer from now on.',
  },
  53003: {
    error: 'access_denied',
    text: 'A conditional-access policy of the directory blocks this sign-in.',
  },
  54005: { error: 'invalid_grant', text: 'The authorization code was already redeemed.' },
  65001: {
    error: 'consent_required',
    text: 'No user or administrator has consented to this application.',
  },
  65004: { error: 'access_denied', text: 'The person declined.' },
  70000: { error: 'invalid_grant', text: 'The grant is not valid.' },
  70003: { error: 'unsupported_grant_type', text: 'The grant type is not supported.' },
  70007: { error: 'invalid_request', text: 'The response mode is not supported.' },
  70008: { error: 'invalid_grant', text: 'The authorization code or refresh token has expired.' },
  70011: { error: 'invalid_scope', text: 'The scope of the request is not valid.' },
  70016: {
    error: 'authorization_pending',
    text: 'The user has not finished signing in with the device code. Continue polling.',
  },
  70018: {
    error: 'bad_verification_code',
    text: 'The device code was not recognized.',
  },
  70020: { error: 'expired_token', text: 'The device code has expired. Ask for another one.' },
  90002: { error: 'invalid_request', text: 'There is no such tenant.' },
  90014: { error: 'invalid_request', text: 'A required field of the request is missing.' },
  90023: {
    error: 'invalid_request',
    text: 'The value of the parameter "prompt" is not supported.',
  },
  90033: {
    error: 'temporarily_unavailable',
    text: 'The service is temporarily unavailable.',
    status: 503,
  },
  90094: {
    error: 'access_denied',
    text: "An administrator of the person's tenant has not consented to this application.",
  },
  500011: {
    error: 'invalid_resource',
    text: 'The tenant has no resource of the name that the scope begins with.',
  },
  500112: {
    error: 'invalid_grant',
    text: 'The redirect URI is not the one the authorization code was issued to.',
  },
  500131: {
    error: 'invalid_grant',
    text: 'The audience of the assertion is not the application that presents it.',
  },
  500133: { error: 'invalid_grant', text: 'The assertion is not within the time it is valid in.' },
  501051: {
    error: 'invalid_grant',
    text: 'The API asks for assignment, and the application is not assigned to it.',
  },
  501481: {
    error: 'invalid_grant',
    text: 'The code verifier does not match the code challenge of the authorization request.',
  },
  650053: {
    error: 'invalid_client',
    text: 'The application asked for a scope that the resource does not have.',
  },
  700005: { error: 'invalid_grant', text: 'The authorization code is meant for another tenant.' },
  700016: {
    error: 'unauthorized_client',
    text: 'There is no application with this client id in the directory.',
  },
  700021: {
    error: 'invalid_client',
    text: 'The subject of the client assertion is not the client id of the request.',
  },
  700022: {
    error: 'invalid_request',
    text: 'The scope names more than one resource; one is allowed in a request.',
  },
  700024: {
    error: 'invalid_client',
    text: 'The client assertion is not within the time it is valid in.',
  },
  700025: {
    error: 'invalid_client',
    text: 'The client is public: it presents neither a client_assertion nor a client_secret.',
  },
  700027: {
    error: 'invalid_client',
    text: 'The signature of the client assertion does not verify.',
  },
  700054: {
    error: 'unsupported_response_type',
    text: 'The response type is not enabled for the application.',
  },
  700082: {
    error: 'invalid_grant',
    text: 'The refresh token has expired: it was not used for 90 days.',
  },
  700084: {
    error: 'invalid_grant',
    text: 'The refresh token was issued to a single-page application, where it lives 24 hours in all. It has expired.',
  },
  700211: {
    error: 'invalid_client',
    text: 'The application trusts no federated credential of this issuer.',
  },
  700212: {
    error: 'invalid_client',
    text: 'The application trusts no federated credential with this audience.',
  },
  700213: {
    error: 'invalid_client',
    text: 'The application trusts no federated credential with this subject.',
  },
  900144: { error: 'invalid_request', text: 'A required parameter of the request is missing.' },
  900561: {
    error: 'invalid_request',
    text: 'The endpoint accepts POST only.',
    status: 405,
  },
  900971: { error: 'invalid_request', text: 'The request has no redirect URI.' },
  901002: {
    error: 'invalid_request',
    text: 'The parameter "resource" is not supported here; name the resource in the scope.',
  },
  7000215: {
    error: 'invalid_client',
    text: 'The client secret is wrong. Is it the ID of the secret, and not its value?',
  },
  7000218: {
    error: 'invalid_client',
    text: 'The request needs a client_assertion or a client_secret.',
  },
  7000114: {
    error: 'invalid_grant',
    text: 'The assertion is of an application and not of a user, so there is no user to act on behalf of.',
  },
  7000222: { error: 'invalid_client', text: 'The client secret has expired.' },
  9002313: { error: 'invalid_request', text: 'The request is malformed.' },
  9002325: {
    error: 'invalid_request',
    text: 'A single-page application needs a code challenge (PKCE) to redeem a code.',
  },
  9002326: {
    error: 'invalid_request',
    text: 'Redeeming across origins is for single-page applications only, from an origin they registered.',
  },
  9002327: {
    error: 'invalid_request',
    text: 'Tokens of a single-page application may only be redeemed by a page, with an Origin header.',
  },
} as const
