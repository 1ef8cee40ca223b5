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

/** The sentences of AADSTS numbers, by the OAuth error that they come with. */
const refusals = {
  ...refusing('invalid_request', {
    50011: 'The redirect URI of the request is not one of those registered for the application.',
    50059: 'The request does not name a tenant.',
    50147: 'The code challenge has a wrong size.',
    50194: 'The application is single-tenant and cannot be used through /common or /organizations.',
    70007: 'The response mode is not supported.',
    90002: 'There is no such tenant.',
    90014: 'A required field of the request is missing.',
    90023: 'The value of the parameter "prompt" is not supported.',
    700022: 'The scope names more than one resource; one is allowed in a request.',
    900144: 'A required parameter of the request is missing.',
    900971: 'The request has no redirect URI.',
    901002: 'The parameter "resource" is not supported here; name the resource in the scope.',
    9002313: 'The request is malformed.',
    9002325: 'A single-page application needs a code challenge (PKCE) to redeem a code.',
    9002326:
      'Redeeming across origins is for single-page applications only, from an origin they registered.',
    9002327:
      'Tokens of a single-page application may only be redeemed by a page, with an Origin header.',
  }),
  ...refusing('invalid_client', {
    50013: 'The signature of the client assertion does not verify.',
    50027: 'The client assertion is malformed.',
    650053: 'The application asked for a scope that the resource does not have.',
    700021: 'The subject of the client assertion is not the client id of the request.',
    700024: 'The client assertion is not within the time it is valid in.',
    700025: 'The client is public: it presents neither a client_assertion nor a client_secret.',
    700027: 'The signature of the client assertion does not verify.',
    700211: 'The application trusts no federated credential of this issuer.',
    700212: 'The application trusts no federated credential with this audience.',
    700213: 'The application trusts no federated credential with this subject.',
    7000215: 'The client secret is wrong. Is it the ID of the secret, and not its value?',
    7000218: 'The request needs a client_assertion or a client_secret.',
    7000222: 'The client secret has expired.',
  }),
  ...refusing('access_denied', {
    50020: 'The account is of another directory and does not exist in this tenant.',
    50057: 'The account is disabled.',
    50105: 'The application asks for assignment, and the account is not assigned to it.',
    53003: 'A conditional-access policy of the directory blocks this sign-in.',
    65004: 'The person declined.',
    90094: "An administrator of the person's tenant has not consented to this application.",
  }),
  ...refusing('invalid_grant', {
    50034: 'The account does not exist in this directory.',
    50089: 'The sign-in took too long. Start again.',
    50173: 'The grant was revoked: the password changed or the sessions were ended. Sign in anew.',
    54005: 'The authorization code was already redeemed.',
    70000: 'The grant is not valid.',
    70008: 'The authorization code or refresh token has expired.',
    500112: 'The redirect URI is not the one the authorization code was issued to.',
    500131: 'The audience of the assertion is not the application that presents it.',
    500133: 'The assertion is not within the time it is valid in.',
    501051: 'The API asks for assignment, and the application is not assigned to it.',
    501481: 'The code verifier does not match the code challenge of the authorization request.',
    700005: 'The authorization code is meant for another tenant.',
    700082: 'The refresh token has expired: it was not used for 90 days.',
    700084:
      'The refresh token was issued to a single-page application, where it lives 24 hours in all. It has expired.',
    7000114:
      'The assertion is of an application and not of a user, so there is no user to act on behalf of.',
  }),
  ...refusing('invalid_instance', {
    50049: 'The host of the authority is not a known one.',
  }),
  ...refusing('login_required', {
    50058: 'A silent sign-in was requested, but no user is signed in.',
  }),
  ...refusing('interaction_required', {
    50076: 'A policy of the directory asks for multi-factor authentication.',
  }),
  ...refusing('slow_down', {
    50196:
      'The client polls faster than the interval allows. Wait five seconds longer from now on.',
  }),
  ...refusing('consent_required', {
    65001: 'No user or administrator has consented to this application.',
  }),
  ...refusing('unsupported_grant_type', {
    70003: 'The grant type is not supported.',
  }),
  ...refusing('invalid_scope', {
    70011: 'The scope of the request is not valid.',
  }),
  ...refusing('authorization_pending', {
    70016: 'The user has not finished signing in with the device code. Continue polling.',
  }),
  ...refusing('bad_verification_code', {
    70018: 'The device code was not recognized.',
  }),
  ...refusing('expired_token', {
    70020: 'The device code has expired. Ask for another one.',
  }),
  ...refusing('invalid_resource', {
    500011: 'The tenant has no resource of the name that the scope begins with.',
  }),
  ...refusing('unauthorized_client', {
    700016: 'There is no application with this client id in the directory.',
  }),
  ...refusing('unsupported_response_type', {
    700054: 'The response type is not enabled for the application.',
  }),
  90033: {
    error: 'temporarily_unavailable',
    text: 'The service is temporarily unavailable.',
    status: 503,
  },
  900561: { error: 'invalid_request', text: 'The endpoint accepts POST only.', status: 405 },
}

function refusing<const Code extends number>(error: string, texts: Readonly<Record<Code, string>>) {
  const rows = Object.entries<string>(texts).map(([code, text]) => [code, { error, text }])
  return Object.fromEntries(rows) as Readonly<Record<Code, { error: string; text: string }>> // a row for each text
}
