/**
 * Series that are 0 before anything happened. Prometheus' `increase()` takes a series' first value for its beginning, so
 * an alert would miss the first event of a series that starts with it.
 */
import { type ErrorCode, errorEntry, errorTable } from '../errors/errors.ts'
import { limitTable } from '../http/rate-limit.ts'
import type { CounterName, HistogramName, LabelsOf } from './metric-table.ts'

type Labelled<Name extends CounterName | HistogramName> = {
  readonly [N in Name as LabelsOf<N> extends undefined ? never : N]: readonly LabelsOf<N>[]
}

const codes = Object.keys(errorTable) as readonly ErrorCode[] // keys of the table
const outcomes = <const Outcome extends string>(...names: readonly Outcome[]) =>
  names.map((outcome) => ({ outcome }))
const isFailure = (code: ErrorCode) => errorEntry(code).status >= 500
const failuresOfProvider = codes.filter(
  (code) => /^(entra|provider)_/.test(code) && isFailure(code),
)

/** A counter with labels that is not listed here does not compile. */
export const firstCounters: Labelled<CounterName> = {
  entrada_sign_ins_total: [
    { outcome: 'signed_in', code: '' },
    ...codes.map((code) => ({ outcome: isFailure(code) ? 'failed' : 'refused', code })),
  ],
  entrada_connection_tests_total: outcomes('works', 'refused'),
  entrada_refusals_total: codes.map((code) => ({ code })),
  entrada_rate_limited_total: Object.keys(limitTable).map((limit) => ({ limit })),
  entrada_access_decisions_total: ['allowed', 'public', 'sign_in_needed', 'denied', 'refused'].map(
    (decision) => ({ decision }),
  ),
  entrada_webhook_attempts_total: outcomes('delivered', 'failed'),
  entrada_session_rechecks_total: ['unchanged', 'changed', 'left', 'ended', 'failed'].map(
    (outcome) => ({ outcome, code: '' }),
  ),
  entrada_domain_checks_total: outcomes('there', 'gone', 'unknown'),
}

/** Failures alone: they are what alerts ask for, and each series of a histogram is a dozen lines. */
export const firstHistograms: Partial<Labelled<HistogramName>> = {
  entrada_entra_request_duration_seconds: ['discovery', 'keys', 'token', 'graph'].flatMap(
    (endpoint) => failuresOfProvider.map((outcome) => ({ endpoint, outcome })),
  ),
}
