/**
 * Before `npm run test:judges`: the libraries that judge the emulator are here, each in the version that is pinned in its
 * folder. What is fetched stays until the pins change. A judge whose language is missing is left to its test, which
 * reports that.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  fetchedFor,
  findProgram,
  type Judge,
  missingPrograms,
  sourceOf,
} from '../test/judges/support/judge-folders.ts'

/** A slow machine builds the largest of them in this time. */
const MOST_MILLISECONDS = 15 * 60_000

type Fetcher = (source: string, target: string) => boolean

const fetchers: Readonly<Record<Judge, Fetcher>> = {
  'msal-python': fetchPythonPackages,
  'azure-identity-python': fetchPythonPackages,
  authlib: fetchPythonPackages,
  'azure-node': fetchNodePackages,
  'msal-go': (source, target) => run('go', ['build', '-o', join(target, 'judge'), '.'], source),
  msal4j: buildWithMaven,
  spring: buildWithMaven,
  // The largest one last, so that a slow machine has the others.
  'mod-auth-openidc': () => true,
  'oauth2-proxy': installGoProgram,
}

installApache()
const failed = (Object.keys(fetchers) as Judge[]).filter((judge) => !isReady(judge))
if (failed.length > 0) {
  console.error(`Could not be fetched: ${failed.join(', ')}.`)
  process.exitCode = 1
}

function isReady(judge: Judge): boolean {
  if (missingPrograms(judge).length > 0) return true
  const [source, target] = [sourceOf(judge), fetchedFor(judge)]
  const pins = digestOf(source)
  const mark = join(target, '.pins')
  if (existsSync(mark) && readFileSync(mark, 'utf8') === pins) return true

  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  const startedAt = performance.now()
  const isFetched = fetchers[judge](source, target)
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  console.error(`${judge}: ${isFetched ? 'fetched' : 'failed'} after ${seconds} s`)
  if (isFetched) writeFileSync(mark, pins)
  return isFetched
}

/** Of every file of a judge: its program is built together with what it needs. */
function digestOf(folder: string): string {
  const hash = createHash('sha256')
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  for (const path of paths.toSorted()) hash.update(path).update(readFileSync(path))
  return hash.digest('hex')
}

function fetchPythonPackages(source: string, target: string): boolean {
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-compile']
  const requirements = ['--target', target, '--requirement', join(source, 'requirements.txt')]
  // Into a folder of its own, so the warning about installing as root does not apply.
  const environment = { PIP_ROOT_USER_ACTION: 'ignore' }
  return run('python3', [...pip, ...requirements], source, environment)
}

function fetchNodePackages(source: string, target: string): boolean {
  cpSync(source, target, { recursive: true })
  return run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], target)
}

function buildWithMaven(source: string, target: string): boolean {
  return run('mvn', ['-q', '-B', 'package', `-Doutput=${target}`], source)
}

/** `version.txt` names the module and its version; Go's checksum database vouches for the content. */
function installGoProgram(source: string, target: string): boolean {
  const module = readFileSync(join(source, 'version.txt'), 'utf8').trim()
  return run('go', ['install', module], source, { GOBIN: target })
}

/** As Debian's packages, where this is Debian and we may. */
function installApache(): void {
  const isHere = missingPrograms('mod-auth-openidc').length === 0
  if (isHere || process.getuid?.() !== 0 || findProgram('apt-get') === undefined) return
  const packages = ['apache2', 'libapache2-mod-auth-openidc']
  // The run level keeps the packages' services stopped.
  const environment = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  run('apt-get', ['update', '-qq'], '.', environment)
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], '.', environment)
}

function run(
  command: string,
  parameters: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
): boolean {
  const { status } = spawnSync(findProgram(command) ?? command, parameters, {
    cwd,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, ...environment },
    timeout: MOST_MILLISECONDS,
  })
  return status === 0
}
