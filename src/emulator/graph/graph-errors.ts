import type { Trace } from '../refusals.ts'

/** An error of Graph. Its codes are words, where Entra's are numbers. */
export type GraphError = {
  readonly status: number
  readonly code: string
  readonly message: string
}

export const graphErrors = {
  tokenEmpty: unauthorized('Access token is empty.'),
  tokenMalformed: unauthorized('The token is malformed, or not one of this emulator.'),
  tokenAudience: unauthorized('Access token validation failure. Invalid audience.'),
  tokenExpired: unauthorized('Lifetime validation failed, the token is expired.'),
  denied: {
    status: 403,
    code: 'Authorization_RequestDenied',
    message: 'Insufficient privileges to complete the operation.',
  },
  needsPerson: badRequest('/me request is only valid with delegated authentication flow.'),
  needsEventual: unsupportedQuery(
    'This query needs the header "ConsistencyLevel: eventual" and the parameter "$count=true".',
  ),
  countNeedsEventual: invalidRequest('$count is not currently supported.'),
  searchNeedsEventual: unsupportedQuery(
    "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
  ),
  unreadableBody: badRequest(
    'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
  ),
  readsOnly: {
    status: 405,
    code: 'Request_BadRequest',
    message:
      "Specified HTTP method is not allowed for the request target. The emulator's Graph only reads; POST /emulator/api changes the directory.",
  },
  noPhoto: {
    status: 404,
    code: 'ImageNotFound',
    message: 'The photo was not found: no person in this directory has one.',
  },
} as const satisfies Record<string, GraphError>

/** Returns the error for an object that does not exist in the tenant of the token. */
export function notFound(id: string): GraphError {
  return {
    status: 404,
    code: 'Request_ResourceNotFound',
    message: `Resource '${id.slice(0, 100)}' does not exist or one of its queried reference-property objects are not present.`,
  }
}

/** Returns the error of Graph's own front end: for a path, a body or a query that it cannot parse. */
export function badRequest(message: string): GraphError {
  return { status: 400, code: 'BadRequest', message }
}

/** Returns the error of the directory behind Graph, which understood the request but does not accept a value. */
export function invalidRequest(message: string): GraphError {
  return { status: 400, code: 'Request_BadRequest', message }
}

/** Returns the error of the directory for a query that it does not support. */
export function unsupportedQuery(message: string): GraphError {
  return { status: 400, code: 'Request_UnsupportedQuery', message }
}

/** Returns whether a result is an error. */
export function isGraphError(answer: object): answer is GraphError {
  return 'status' in answer && 'code' in answer && 'message' in answer
}

/** Sends an error in the form that all errors of Graph have. */
export function graphErrorResponse(
  error: GraphError,
  { origin, trace }: { readonly origin: string; readonly trace: Trace },
): Response {
  const { status } = error
  const challenge = `Bearer realm="", authorization_uri="${origin}/common/oauth2/v2.0/authorize", client_id="00000003-0000-0000-c000-000000000000"`
  const headers = {
    ...graphHeaders(trace),
    ...(status === 401 ? { 'WWW-Authenticate': challenge } : {}),
  }
  return Response.json(errorBody(error, trace), { status, headers })
}

/** Returns the JSON of an error. */
export function errorBody({ code, message }: GraphError, trace: Trace) {
  const innerError = {
    date: trace.at.toISOString().slice(0, 19),
    'request-id': trace.traceId,
    'client-request-id': trace.correlationId,
  }
  return { error: { code, message, innerError } }
}

/** Returns the headers by which a request to Graph is traced. */
export function graphHeaders({ traceId, correlationId }: Trace): Record<string, string> {
  return {
    'request-id': traceId,
    'client-request-id': correlationId,
    'Cache-Control': 'no-cache',
    'OData-Version': '4.0',
    'Content-Type':
      'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8',
  }
}

function unauthorized(message: string): GraphError {
  return { status: 401, code: 'InvalidAuthenticationToken', message }
}
