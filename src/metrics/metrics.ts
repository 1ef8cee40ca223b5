/**
 * Counters and histograms of this process, rendered in the text format of Prometheus. Why this is not a library:
 * `decisions/0013-metrics.md`.
 */
import { firstCounters, firstHistograms } from './first-series.ts'
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  type Metric,
  type MetricName,
  metricTable,
} from './metric-table.ts'

export type Metrics = {
  count<Name extends CounterName>(name: Name, labels: LabelsOf<Name>): void
  observe<Name extends HistogramName>(name: Name, labels: LabelsOf<Name>, seconds: number): void
  /**
   * Renders everything counted so far, together with the current values.
   *
   * @see https://prometheus.io/docs/instrumenting/exposition_formats/
   */
  render(now: readonly Sample[]): string
}

/** A value that is measured when the metrics are rendered. */
export type Sample = {
  readonly name: GaugeName
  readonly value: number
  readonly labels?: Readonly<Record<string, string>>
}

/** Returns the method as a label. Unknown methods become `other`, so that a client cannot create labels. */
export function methodLabel(method: string): string {
  return METHODS.has(method) ? method : 'other'
}

const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
])

/** Buckets from the duration of a session look-up to the longest wait of a browser; every request is limited to ten seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const
/** Labels come from the code, so this limit is never reached. If a defect reaches it, memory does not grow any further. */
const MAX_SERIES = 2_000

type Histogram = { readonly buckets: number[]; sum: number; count: number }

/** Creates the counters and histograms of this process, with the series that exist from the start. */
export function createMetrics(): Metrics {
  const counters = new Map<MetricName, Map<string, number>>()
  const histograms = new Map<MetricName, Map<string, Histogram>>()
  for (const [name, series] of Object.entries(firstCounters)) {
    const first = series.map((labels) => [labelText(labels), 0] as const)
    counters.set(name as CounterName, new Map(first)) // a key of the table
  }
  for (const [name, series] of Object.entries(firstHistograms)) {
    const first = series.map((labels) => [labelText(labels), newHistogram()] as const)
    histograms.set(name as HistogramName, new Map(first)) // a key of the table
  }
  return {
    count(name, labels) {
      const series = seriesOf(counters, name)
      const key = labelText(labels)
      if (series.has(key) || series.size < MAX_SERIES) series.set(key, (series.get(key) ?? 0) + 1)
    },
    observe(name, labels, seconds) {
      const series = seriesOf(histograms, name)
      const key = labelText(labels)
      const histogram = series.get(key) ?? newHistogram()
      if (series.has(key) || series.size < MAX_SERIES) series.set(key, histogram)
      const bucket = BUCKETS.findIndex((upTo) => seconds <= upTo)
      if (bucket >= 0) histogram.buckets[bucket] = (histogram.buckets[bucket] ?? 0) + 1
      histogram.sum += seconds
      histogram.count += 1
    },
    render(now) {
      const sections = Object.entries<Metric>(metricTable).map(([text, metric]) => {
        const name = text as MetricName // a key of the table
        const sampled = now.filter((sample) => sample.name === name)
        const counted = counters.get(name) ?? (sampled.length > 0 ? [] : startingWith(metric))
        const lines = [
          ...[...counted].map(([labels, value]) => line(name, labels, value)),
          ...[...(histograms.get(name) ?? [])].flatMap((histogram) =>
            histogramLines(name, histogram),
          ),
          ...sampled.map(({ labels, value }) => line(name, labelText(labels), value)),
        ]
        return lines.length > 0 ? [...headOf(name, metric), ...lines] : []
      })
      return `${sections.flat().join('\n')}\n`
    },
  }
}

function newHistogram(): Histogram {
  return { buckets: BUCKETS.map(() => 0), sum: 0, count: 0 }
}

function seriesOf<T>(all: Map<MetricName, Map<string, T>>, name: MetricName): Map<string, T> {
  const series = all.get(name) ?? new Map<string, T>()
  all.set(name, series)
  return series
}

/** A counter without labels starts at 0, so that Prometheus sees its first increase. */
function startingWith({ type, labels }: Metric): readonly (readonly [string, number])[] {
  return type === 'counter' && labels === undefined ? [['', 0]] : []
}

function headOf(name: string, { type, help }: Metric): string[] {
  return [`# HELP ${name} ${help.replaceAll('`', '')}`, `# TYPE ${name} ${type}`]
}

function histogramLines(
  name: string,
  [labels, { buckets, sum, count }]: readonly [string, Histogram],
): string[] {
  let below = 0
  const before = labels === '' ? '' : `${labels},`
  return [
    ...BUCKETS.map((upTo, index) => {
      below += buckets[index] ?? 0
      return line(`${name}_bucket`, `${before}le="${upTo}"`, below)
    }),
    line(`${name}_bucket`, `${before}le="+Inf"`, count),
    line(`${name}_sum`, labels, sum),
    line(`${name}_count`, labels, count),
  ]
}

function line(name: string, labels: string, value: number): string {
  return `${name}${labels === '' ? '' : `{${labels}}`} ${value}`
}

function labelText(labels: Readonly<Record<string, string>> | undefined): string {
  let text = ''
  // This is a loop because every request passes here three times.
  for (const label of Object.keys(labels ?? {})) {
    text += `${text === '' ? '' : ','}${label}="${escaped(labels?.[label] ?? '')}"`
  }
  return text
}

function escaped(value: string): string {
  if (!/[\\"\n]/.test(value)) return value
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
