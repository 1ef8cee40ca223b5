/**
 * `npm run bench` measures the CPU time of a sign-in and of a session check: of Entrada, of four other libraries, and of a minimal server
 * written by hand. One run measures all systems in turn (A B C A B C …), each in its own process on one core. The load and a substitute for
 * Entra run on the other core.
 *
 *   npm run bench -- --systems Entrada,passport --modes first,known,check --at-once 8,32 --seconds 3 --rounds 3
 *
 * Figures only: nothing fails here. Compare figures of one run with each other, never of two.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { installPackages } from '../../scripts/install-packages.ts'
import { keepServerCertificate } from '../../src/emulator/server-certificate.ts'
import { drawFigures } from './draw-figures.ts'
import type { Task } from './driver.ts'
import { measure, type Places, startEntra, startSystem, stop } from './processes.ts'
import { PEOPLE } from './settings.ts'
import { type Figures, type Mode, modes, summarize, titles } from './summarize.ts'
import { type SystemName, systems } from './systems.ts'

/** The number of sign-ins before the measurement: with `known`, every user has signed in once. */
const WARM_UP: Readonly<Record<Mode, number>> = { first: 40, known: 1.3 * PEOPLE, check: 100 }

const { values: options } = parseArgs({
  options: {
    systems: { type: 'string', default: Object.keys(systems).join(',') },
    modes: { type: 'string', default: modes.join(',') },
    'at-once': { type: 'string', default: '32' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
  },
})
const named = {
  systems: options.systems.split(',').filter((name): name is SystemName => name in systems),
  modes: options.modes
    .split(',')
    .filter((name): name is Mode => modes.some((mode) => mode === name)),
  atOnce: options['at-once'].split(',').map(Number),
}

const folder = mkdtempSync(join(tmpdir(), 'entrada-bench-'))
try {
  const places = prepare(folder)
  const figures = await compare(places)
  printTable(figures)
  keepResults(figures)
} finally {
  rmSync(folder, { recursive: true })
}

function prepare(folder: string): Places {
  installPackages('bench/compare')
  const out = join(folder, 'dist')
  execFileSync(process.execPath, ['scripts/build.ts', '--server', '--out', out], {
    stdio: 'ignore',
  })
  const { key, certificate, trust } = keepServerCertificate({
    folder: join(folder, 'tls'),
    hostnames: ['localhost'],
    now: new Date(),
  })
  const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  writeFileSync(keyFile, key)
  writeFileSync(certificateFile, certificate)
  const authorityFile = trust.certificate
  return { folder, keyFile, certificateFile, authorityFile, builtServer: join(out, 'entrada.js') }
}

async function compare(places: Places): Promise<readonly Figures[]> {
  const figures: Figures[] = []
  const entra = await startEntra(places)
  try {
    for (let round = 0; round < Number(options.rounds); round += 1) {
      for (const system of named.systems) {
        for (const mode of named.modes) {
          for (const atOnce of named.atOnce) {
            figures.push(await measureOnce(places, entra, { system, mode, atOnce }))
            process.stderr.write('.')
          }
        }
      }
    }
  } finally {
    await stop(entra)
    process.stderr.write('\n')
  }
  return figures
}

/** Each figure is of a fresh server with an empty database. */
async function measureOnce(
  places: Places,
  entra: Awaited<ReturnType<typeof startEntra>>,
  { system, mode, atOnce }: Pick<Figures, 'system' | 'mode' | 'atOnce'>,
): Promise<Figures> {
  const running = await startSystem(system, places)
  try {
    const { base } = running
    const task: Omit<Task, 'mode'> = { system, base, authorityFile: places.authorityFile, atOnce }
    await measure(running, { ...task, mode: 'sign-in', count: WARM_UP[mode] }, entra)
    const work = mode === 'check' ? 'check' : 'sign-in'
    const seconds = Number(options.seconds)
    // The people of first sign-ins are used up after so many.
    const until = mode === 'first' ? { count: PEOPLE - WARM_UP.first - 10 } : { seconds }
    const measured = await measure(running, { ...task, mode: work, ...until }, entra)
    return { system, mode, atOnce, startMs: running.startMs, ...measured }
  } finally {
    await stop(running.child)
  }
}

function printTable(figures: readonly Figures[]): void {
  for (const { mode, atOnce, rows } of summarize(figures)) {
    console.log(`\n${titles[mode]}, ${atOnce} at once`)
    console.log(
      `${'system'.padEnd(24)}  CPU ms each (best)   × first   each s  median ms   p99 ms  RSS MB  start ms  errors  others`,
    )
    const [first] = rows
    for (const row of rows) {
      const cells = [
        `${row.cpuMs.toFixed(3)} (${row.bestCpuMs.toFixed(3)})`.padStart(18),
        (row.cpuMs / (first?.cpuMs ?? row.cpuMs)).toFixed(2).padStart(8),
        row.perSecond.toFixed(0).padStart(7),
        row.median.toFixed(1).padStart(9),
        row.p99.toFixed(1).padStart(7),
        row.rssMegabytes.toFixed(0).padStart(6),
        row.startMs.toFixed(0).padStart(8),
        String(row.errors).padStart(6),
        row.others.toFixed(2).padStart(6),
      ]
      console.log(`${row.system.padEnd(24)}  ${cells.join('  ')}`)
    }
  }
}

/** With versions, so that a figure can be made again. */
function keepResults(figures: readonly Figures[]): void {
  const results = join(import.meta.dirname, '..', 'results')
  mkdirSync(results, { recursive: true })
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, 'package.json'), 'utf8'))
  const versions = { node: process.version, ...manifest.dependencies }
  const kept = { measuredAt: new Date().toISOString(), versions, figures }
  writeFileSync(join(results, 'latest.json'), `${JSON.stringify(kept, null, 2)}\n`)
  for (const { mode, atOnce, rows } of summarize(figures)) {
    const picture = drawFigures({ title: `${titles[mode]}, ${atOnce} at once`, rows })
    writeFileSync(join(results, `${mode}-${atOnce}.svg`), picture)
  }
}
