import type { Row } from './summarize.ts'

const BAR = 26
const LEFT = 190
const WIDTH = 760
const TOP = 56

/** Draws CPU milliseconds of each system as bars, the fewest first: an SVG for light and dark pages. */
export function drawFigures({ title, rows }: { title: string; rows: readonly Row[] }): string {
  const sorted = [...rows].sort((row, other) => row.cpuMs - other.cpuMs)
  const most = Math.max(...sorted.map(({ cpuMs }) => cpuMs))
  const bars = sorted.map(({ system, cpuMs }, index) => {
    const y = TOP + index * BAR
    const length = Math.max(2, (cpuMs / most) * (WIDTH - LEFT - 80))
    const kind = system === 'Entrada' ? 'ours' : 'other'
    return `<text x="${LEFT - 10}" y="${y + 14}" text-anchor="end">${system}</text>
<rect class="${kind}" x="${LEFT}" y="${y}" width="${length.toFixed(1)}" height="${BAR - 8}" rx="3"/>
<text x="${(LEFT + length + 8).toFixed(1)}" y="${y + 14}">${cpuMs.toFixed(cpuMs < 1 ? 3 : 2)}</text>`
  })
  const height = TOP + sorted.length * BAR + 12
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}, CPU milliseconds each">
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.ours { fill: #0f6cbd } .other { fill: #9aa4af }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .ours { fill: #62abf5 } .other { fill: #6e7781 } }
</style>
<text class="title" x="10" y="24">${title}</text>
<text x="10" y="42">CPU milliseconds each; fewer is better</text>
${bars.join('\n')}
</svg>
`
}
