/** Sign-ins per day as bars in SVG, with words and a table for screen readers. */
import { html } from 'hono/html'
import type { Html } from '../../http/responses.ts'
import type { SignInCount } from '../../storage/records.ts'
import { dataTable } from './page-parts.ts'

export const CHART_DAYS = 30
const DAY_MS = 86_400_000
const BAR = 10
const HEIGHT = 100

export type ChartDay = {
  readonly day: string
  readonly signedIn: number
  readonly refused: number
  readonly failed: number
}

/** Returns the days up to today, including those without sign-ins. */
export function chartDays(counts: readonly SignInCount[], now: Date): readonly ChartDay[] {
  const numbers = new Map(counts.map(({ day, outcome, signIns }) => [`${day} ${outcome}`, signIns]))
  return Array.from({ length: CHART_DAYS }, (_, index) => {
    const day = dayBefore(now, CHART_DAYS - 1 - index)
    const of = (outcome: SignInCount['outcome']) => numbers.get(`${day} ${outcome}`) ?? 0
    return { day, signedIn: of('signed_in'), refused: of('refused'), failed: of('failed') }
  })
}

/** Returns the day so many days ago, in UTC. */
export function dayBefore(now: Date, daysAgo: number): string {
  return new Date(now.getTime() - daysAgo * DAY_MS).toISOString().slice(0, 10)
}

/** Renders the chart of sign-ins per day. */
export function signInChart(days: readonly ChartDay[]): Html {
  const top = niceTop(Math.max(...days.map(totalOf)))
  const sums = sumOf(days)
  const words = `${inWords(sums.signedIn)} signed in, ${inWords(sums.refused)} refused, ${inWords(sums.failed)} failed in ${days.length} days.`
  return html`<figure class="chart">
<div class="plot"><div class="scale" aria-hidden="true"><span>${inWords(top)}</span><span>${inWords(top / 2)}</span><span>0</span></div>
<svg viewBox="0 0 ${days.length * BAR} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-labelledby="chart-title chart-words">
<title id="chart-title">Sign-ins per day</title><desc id="chart-words">${words}</desc>
<path class="grid" d="M0 .5H${days.length * BAR}M0 ${HEIGHT / 2}H${days.length * BAR}"/>
${days.map((day, index) => bar(day, index, top))}</svg></div>
<div class="days" aria-hidden="true"><span>${days[0]?.day}</span><span>${days.at(Math.floor(days.length / 2))?.day}</span><span>${days.at(-1)?.day}</span></div>
<figcaption><ul class="legend"><li><i class="signed-in"></i>${inWords(sums.signedIn)} signed in</li><li><i class="refused"></i>${inWords(sums.refused)} refused</li>
<li><i class="failed"></i>${inWords(sums.failed)} failed</li></ul></figcaption>
<details><summary>The same as a table</summary>${chartTable(days)}</details></figure>`
}

function bar(day: ChartDay, index: number, top: number): Html {
  const parts = [
    { name: 'signed-in', count: day.signedIn },
    { name: 'refused', count: day.refused },
    { name: 'failed', count: day.failed },
  ]
  let below = 0
  const rects = parts.map(({ name, count }) => {
    const height = (count / top) * HEIGHT
    below += height
    return count === 0
      ? html``
      : html`<rect class="${name}" x="${index * BAR + 1.5}" y="${round(HEIGHT - below)}" width="${BAR - 3}" height="${round(height)}"/>`
  })
  return html`<g><title>${day.day}: ${day.signedIn} signed in, ${day.refused} refused, ${day.failed} failed</title>
<rect class="hover" x="${index * BAR}" y="0" width="${BAR}" height="${HEIGHT}"/>${rects}</g>`
}

function chartTable(days: readonly ChartDay[]): Html {
  return dataTable({
    label: 'Sign-ins per day',
    head: ['Day', 'Signed in', 'Refused', 'Failed'],
    rows: days
      .toReversed()
      .map(({ day, ...counts }) => [
        html`${day}`,
        html`${counts.signedIn}`,
        html`${counts.refused}`,
        html`${counts.failed}`,
      ]),
    empty: html``,
  })
}

function totalOf({ signedIn, refused, failed }: ChartDay): number {
  return signedIn + refused + failed
}

function sumOf(days: readonly ChartDay[]): Omit<ChartDay, 'day'> {
  const sum = (of: (day: ChartDay) => number) => days.reduce((total, day) => total + of(day), 0)
  return {
    signedIn: sum((day) => day.signedIn),
    refused: sum((day) => day.refused),
    failed: sum((day) => day.failed),
  }
}

/** Returns the next 2, 4, 6, 8, 10, 20, 40 …, so that half of it is a whole number too. */
export function niceTop(most: number): number {
  for (let power = 1; ; power *= 10) {
    for (const step of [2, 4, 6, 8, 10]) if (most <= step * power) return step * power
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

function inWords(count: number): string {
  return count.toLocaleString('en')
}
