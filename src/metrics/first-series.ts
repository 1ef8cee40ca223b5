/**
 * Series that exist with the value 0 before anything happens. Prometheus' `increase()` starts counting at the first value of a
 * series, so an alert would miss the first event of a series that appears together with it.
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

/** The first label values of each counter. A counter that has labels and is not listed here does not compile. */
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

/** Histograms of failures only: alerts need no others, and each series of a histogram takes a dozen lines. */
export const firstHistograms: Partial<Labelled<HistogramName>> = {
  entrada_entra_request_duration_seconds: ['discovery', 'keys', 'token', 'graph'].flatMap(
    (endpoint) => failuresOfProvider.map((outcome) => ({ endpoint, outcome })),
  ),
}
