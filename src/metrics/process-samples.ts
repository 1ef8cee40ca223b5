import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Sample } from './metrics.ts'

const RESOLUTION_MS = 20
const NANOSECONDS = 1e9

/**
 * Samples what Node reports about this process. The event loop is measured from the first call on, so that a process whose metrics
 * are never read has no cost.
 */
export function createProcessSamples(): () => readonly Sample[] {
  let measured: ReturnType<typeof monitorEventLoopDelay> | undefined
  return () => {
    const delay = measured ?? monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    delay.enable()
    measured = delay
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed } = process.memoryUsage()
    const samples: readonly Sample[] = [
      { name: 'nodejs_version_info', value: 1, labels: { version: process.version } },
      { name: 'process_cpu_seconds_total', value: (user + system) / 1e6 },
      { name: 'process_resident_memory_bytes', value: rss },
      {
        name: 'process_start_time_seconds',
        value: Math.round(performance.timeOrigin / 1000),
      },
      { name: 'nodejs_heap_size_used_bytes', value: heapUsed },
      { name: 'nodejs_eventloop_lag_p50_seconds', value: late(delay.percentile(50)) },
      { name: 'nodejs_eventloop_lag_p99_seconds', value: late(delay.percentile(99)) },
      { name: 'nodejs_eventloop_lag_max_seconds', value: late(delay.max) },
    ]
    delay.reset()
    return samples
  }
}

/** Subtracts the resolution of the timer, which is part of every measured delay. */
function late(nanoseconds: number): number {
  return Math.max(0, nanoseconds - RESOLUTION_MS * 1e6) / NANOSECONDS
}
