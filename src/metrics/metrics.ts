/** Counts and times, in this process alone; written out as Prometheus reads them. Why not a library: `decisions/0013-metrics.md`. */
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
  /** Everything counted so far, and these values of the moment. @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
  render(now: readonly Sample[]): string
}

/** A value that is read when somebody asks. */
export type Sample = {
  readonly name: GaugeName
  readonly value: number
  readonly labels?: Readonly<Record<string, string>>
}

/** A method as a label: what somebody made up must not become one. */
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

/** From a session look-up to what a browser waits for at most; ten seconds are the limit of everything. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const
/** Labels are words of ours, so this is never reached; if it is, a defect must not eat the memory. */
const MAX_SERIES = 2_000

type Histogram = { readonly buckets: number[]; sum: number; count: number }

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
          ...[...(histograms.get(name) ?? [])].flatMap((one) => histogramLines(name, one)),
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
  const known = all.get(name) ?? new Map<string, T>()
  all.set(name, known)
  return known
}

/** A counter without labels is 0 before anything happened, so that its first increase is seen. */
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
  // A loop, since every request passes here three times.
  for (const label of Object.keys(labels ?? {})) {
    text += `${text === '' ? '' : ','}${label}="${escaped(labels?.[label] ?? '')}"`
  }
  return text
}

function escaped(value: string): string {
  if (!/[\\"\n]/.test(value)) return value
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
