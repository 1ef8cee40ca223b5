/** Reports the outcome of a request to the log and the metrics, after it was answered or refused. */
import { isFailureOfConnection } from '../audit/failure-of-connection.ts'
import { type EntradaError, errorEntry } from '../errors/errors.ts'
import { codeFields } from '../errors/former-codes.ts'
import type { Exchange, RemoteInfo } from '../http/exchange.ts'
import type { Services } from '../services.ts'
import { methodLabel } from './metrics.ts'

export type ReceivedRequest = { readonly request: Request; readonly remote: RemoteInfo }

export type RefusedRequest = {
  readonly received: ReceivedRequest
  readonly exchange: Exchange | undefined
  readonly error: EntradaError
  readonly correlationId: string
  /** Whether the refusal is in the audit trail too. */
  readonly recorded: boolean
}
export type AnsweredRequest = {
  readonly received: ReceivedRequest
  readonly exchange: Exchange | undefined
  readonly status: number
  readonly startedAt: number
}

/** Reports a refused request: logs it, counts it, and records it in the notes about its connection. */
export function reportRefusal(services: Services, refused: RefusedRequest): void {
  logRefusal(services, refused)
  countRefusal(services, refused)
  noteRefusal(services, refused)
}

/** Reports an answered request: logs it at debug level and measures how long it took. */
export function reportAnswer(
  services: Pick<Services, 'log' | 'metrics'>,
  answered: AnsweredRequest,
): void {
  logAnswer(services, answered)
  measureAnswer(services, answered)
}

/**
 * Refusals that are in the audit trail and failures of the server are always logged. The others can be caused by any client, so
 * they are sampled.
 */
function logRefusal(
  services: Pick<Services, 'log' | 'refusalSampler'>,
  refused: RefusedRequest,
): void {
  const { received, correlationId, exchange, recorded } = refused
  const { code, detail, cause } = refused.error
  const { status } = errorEntry(code)
  const record = exchange?.signIn.record
  const fields = {
    correlationId,
    method: received.request.method,
    route: exchange?.matched.path ?? 'other',
    ...codeFields(code),
    status,
    detail,
    cause,
    connectionId: record?.connection?.id,
    userId: record?.userId,
    ip: exchange?.client.ip,
  }
  if (status >= 500) services.log.error('request_refused', fields)
  else if (recorded) services.log.info('request_refused', fields)
  else {
    const { worthLogging, countInWindow } = services.refusalSampler.sample(code, limitOf(detail))
    if (worthLogging) services.log.info('request_refused', { ...fields, countInWindow })
  }
}

/** Limits are reached independently of each other; refusals by one limit must not use up the samples of another. */
function limitOf({ limit }: EntradaError['detail']): string | undefined {
  return typeof limit === 'string' ? limit : undefined
}

function countRefusal(
  { metrics }: Pick<Services, 'metrics'>,
  { error, exchange }: RefusedRequest,
): void {
  const { code, detail } = error
  const outcome = errorEntry(code).status >= 500 ? 'failed' : 'refused'
  if (exchange?.signIn.record) metrics.count('entrada_sign_ins_total', { outcome, code })
  else metrics.count('entrada_refusals_total', { code })
  if (code === 'too_many_requests' && typeof detail.limit === 'string') {
    metrics.count('entrada_rate_limited_total', { limit: detail.limit })
  }
}

/**
 * Only recorded refusals count, because one attempt can be sent again and again. The test of a connection is not a sign-in through
 * it.
 */
function noteRefusal(
  { signInNotes }: Pick<Services, 'signInNotes'>,
  { error, exchange, recorded }: RefusedRequest,
): void {
  const { connection, attempt } = exchange?.signIn.record ?? {}
  if (!recorded || connection === undefined || attempt?.purpose !== 'sign_in') return
  const { code } = error
  signInNotes.note({
    connectionId: connection.id,
    outcome: errorEntry(code).status >= 500 ? 'failed' : 'refused',
    code,
    atConnection: isFailureOfConnection(error),
  })
}

/** Measures by the route pattern, so that a path which a client made up does not become a label. */
function measureAnswer(
  services: Pick<Services, 'metrics'>,
  { received, exchange, status, startedAt }: AnsweredRequest,
): void {
  const route = exchange?.matched.path
  const labels = {
    method: route === undefined ? 'other' : methodLabel(received.request.method),
    route: route ?? 'other',
    status: `${Math.floor(status / 100)}xx`,
  }
  const seconds = (performance.now() - startedAt) / 1000
  services.metrics.observe('entrada_http_request_duration_seconds', labels, seconds)
}

function logAnswer(services: Pick<Services, 'log'>, done: AnsweredRequest): void {
  if (services.log.writesDebug === false) return
  const { received, exchange, status, startedAt } = done
  services.log.debug('request_answered', {
    correlationId: exchange?.correlationId,
    method: received.request.method,
    path: loggedPath(done),
    status,
    ms: Math.round(performance.now() - startedAt),
    ip: exchange?.client.ip,
  })
}

/** A reader of the log must not be able to open a set-up link with it, however its path was spelled. */
function loggedPath({ received, exchange }: AnsweredRequest): string {
  const route = exchange?.matched.path
  if (route?.includes(':token')) return route
  const { pathname } = new URL(received.request.url)
  return pathname.replace(/(\/setup\/link\/).+/i, '$1[secret]').slice(0, 200)
}
