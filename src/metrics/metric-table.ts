/**
 * All metrics, one row each; docs/reference/metrics.md is generated from this table. Labels have fixed values from the code: no
 * names, addresses or ids.
 */

export type Metric = {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels?: readonly string[]
}

export const metricTable = {
  entrada_sign_ins_total: {
    type: 'counter',
    labels: ['outcome', 'code'],
    help: 'Sign-in attempts that came back from Entra. Outcome `signed_in`, `refused` or `failed` (an error of Entrada or Entra); code of the refusal, otherwise empty.',
  },
  entrada_connection_tests_total: {
    type: 'counter',
    labels: ['outcome'],
    help: 'Test sign-ins through connections that came back from Entra. Outcome `works` or `refused`.',
  },
  entrada_refusals_total: {
    type: 'counter',
    labels: ['code'],
    help: 'Requests that were refused outside an opened sign-in attempt, by code.',
  },
  entrada_rate_limited_total: {
    type: 'counter',
    labels: ['limit'],
    help: 'Requests that were refused because a limit was reached.',
  },
  entrada_access_decisions_total: {
    type: 'counter',
    labels: ['decision'],
    help: 'Answers to reverse proxies at `/auth/verify`: `allowed`, `public` (the page is public and the client is not signed in), `sign_in_needed`, `denied`, or `refused` (the request was invalid, or could not be answered).',
  },
  entrada_refusals_not_stored_total: {
    type: 'counter',
    help: 'Refusals of opened attempts, and wrong operator tokens, that were counted and not stored, because there were too many.',
  },
  entrada_webhook_attempts_total: {
    type: 'counter',
    labels: ['outcome'],
    help: 'Attempts to deliver a webhook. Outcome `delivered` or `failed`; a failed one is tried again for three days.',
  },
  entrada_requests_turned_away_total: {
    type: 'counter',
    help: 'Requests that were answered 503, and connections that were closed, because a share was used up; see docs/shares.md.',
  },
  entrada_http_request_duration_seconds: {
    type: 'histogram',
    labels: ['method', 'route', 'status'],
    help: 'Time to answer a request, by address as in docs/reference/addresses.md (`other`: any other address) and class of status.',
  },
  entrada_session_rechecks_total: {
    type: 'counter',
    labels: ['outcome', 'code'],
    help: 'Sessions that were checked against Entra again. Outcome `unchanged`, `changed` (roles), `ended` (Entra asks the person to sign in again), `left` (another replica, or ended meanwhile), `failed` (nothing was learnt, the session goes on); code of the end or failure, else empty.',
  },
  entrada_entra_request_duration_seconds: {
    type: 'histogram',
    labels: ['endpoint', 'outcome'],
    help: 'Time of a request to Entra. Endpoint `discovery`, `keys`, `token` or `graph`; outcome `answered`, `refused` (4xx) or the code of the failure.',
  },
  entrada_database_duration_seconds: {
    type: 'histogram',
    labels: ['verb', 'outcome'],
    help: 'Time of a call to the database. `atomically` is a whole transaction with what it waited for; outcome `done`, `refused` (no fault of the database) or `failed`.',
  },
  entrada_database_up: {
    type: 'gauge',
    help: '1 when the database answered this scrape, else 0; the gauges that need it are then missing.',
  },
  entrada_sessions_live: { type: 'gauge', help: 'Sessions that have not ended, of all replicas.' },
  entrada_outbox_events: {
    type: 'gauge',
    help: 'Audit events that wait for `hooks.onEvent`, of all replicas.',
  },
  entrada_audit_events_unlinked: {
    type: 'gauge',
    help: 'Audit events that wait for their link in the audit chain, of all replicas. Usually those of the last second.',
  },
  entrada_audit_chain_broken_total: {
    type: 'counter',
    help: 'Times that this process found the audit chain altered, or could not continue it. Investigate any increase: docs/audit-trail.md.',
  },
  entrada_audit_chain_intact: {
    type: 'gauge',
    help: '1, or 0 while the background verification finds the audit trail altered; missing before its first result.',
  },
  entrada_audit_verified_timestamp_seconds: {
    type: 'gauge',
    help: 'When the whole audit trail was last verified as unchanged, in Unix time; missing before the first verification. It is a day old at most, unless the trail has more than ten million events.',
  },
  entrada_connections: {
    type: 'gauge',
    labels: ['state'],
    help: 'Connections by state `on`, `draft` or `off`, of all replicas.',
  },
  entrada_connections_failing: {
    type: 'gauge',
    help: 'Connections that are on and whose sign-ins fail since their last success, because Entra cannot be reached or a credential does not work.',
  },
  entrada_connections_expiring: {
    type: 'gauge',
    help: 'Connections that are on and whose last credential expires within 30 days, or has expired.',
  },
  entrada_credential_expiry_timestamp_seconds: {
    type: 'gauge',
    labels: ['kind', 'position'],
    help: 'When a credential of the default connection expires, in Unix time; missing if that is not known. Position: 1 is the first configured credential of its kind.',
  },
  entrada_credential_good: {
    type: 'gauge',
    labels: ['kind', 'position'],
    help: '1, or 0 when the credential has expired or Entra refused it in the last request.',
  },
  entrada_domains: {
    type: 'gauge',
    labels: ['status'],
    help: 'Domains of organizations: `pending`, `proven`, or `lost` (their TXT record is gone, so they no longer link users).',
  },
  entrada_domain_checks_total: {
    type: 'counter',
    labels: ['outcome'],
    help: 'Checks of proven domains in DNS: the record was `there`, `gone`, or `unknown` (no answer).',
  },
  entrada_build_info: {
    type: 'gauge',
    labels: ['version', 'database'],
    help: 'Always 1; the labels name the running release.',
  },
  nodejs_version_info: {
    type: 'gauge',
    labels: ['version'],
    help: 'Always 1; the label is the version of Node.js.',
  },
  process_cpu_seconds_total: { type: 'counter', help: 'CPU time of this process.' },
  process_resident_memory_bytes: { type: 'gauge', help: 'Memory of this process.' },
  process_start_time_seconds: {
    type: 'gauge',
    help: 'When this process started, in Unix time.',
  },
  nodejs_heap_size_used_bytes: { type: 'gauge', help: 'Used part of the JavaScript heap.' },
  nodejs_eventloop_lag_p50_seconds: {
    type: 'gauge',
    help: 'Delay of the event loop since the previous scrape, median.',
  },
  nodejs_eventloop_lag_p99_seconds: { type: 'gauge', help: 'The same, 99th percentile.' },
  nodejs_eventloop_lag_max_seconds: { type: 'gauge', help: 'The same, maximum.' },
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof metricTable
type NamesOf<Type> = {
  [Name in MetricName]: (typeof metricTable)[Name]['type'] extends Type ? Name : never
}[MetricName]
export type CounterName = NamesOf<'counter'>
export type GaugeName = NamesOf<'gauge' | 'counter'>
export type HistogramName = NamesOf<'histogram'>

/** The label values of one metric: all of them, and no others. */
export type LabelsOf<Name extends MetricName> = (typeof metricTable)[Name] extends {
  readonly labels: readonly (infer Label extends string)[]
}
  ? Readonly<Record<Label, string>>
  : undefined
