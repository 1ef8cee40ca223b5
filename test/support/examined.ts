/** A deployment that is in order, to plant something wrong in, and the doctor's answer to it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { listenAddress } from '../../src/cli/serve.ts'
import {
  type Area,
  areas,
  type Examination,
  examine,
  type Finding,
  type Report,
} from '../../src/doctor/doctor.ts'
import { type StartedEmulator, startEmulator } from '../../src/emulator/start-emulator.ts'
import { newSecretKey } from '../../src/keys/key-ring.ts'
import { Secret } from '../../src/keys/secret.ts'
import { openParts } from '../../src/open-services.ts'
import { type Environment, inspectSettings } from '../../src/settings/config.ts'
import { CLIENT_ID, CLIENT_SECRET, CONTOSO } from './rig.ts'
import { freePort, temporaryFolder } from './server-process.ts'
import { run } from './transcript.ts'

export type Patient = {
  readonly emulator: StartedEmulator
  readonly folder: string
  readonly serverUrl: string
  readonly environment: Environment
  /** `entrada doctor --json`, with some settings changed. */
  examine(changes?: Environment, ...options: string[]): Promise<Examined>
}

export type Examined = {
  readonly exitCode: number
  readonly report: Report
  /** Everything that was printed. */
  readonly text: string
  /** Ids of the findings that are no `ok` and no `info`. */
  readonly troubles: readonly string[]
  find(id: Finding['id']): Finding
}

export async function startPatient(
  t: TestContext,
  options: Parameters<typeof startEmulator>[0] = {},
): Promise<Patient> {
  const emulator = await startEmulator(options)
  t.after(() => emulator.close())
  const folder = await temporaryFolder(t)
  const serverUrl = `http://localhost:${await freePort()}`
  emulator.addRedirectUri(CLIENT_ID, `${serverUrl}/auth/entra/callback`)
  const environment: Environment = {
    ENTRADA_DATA_DIR: folder,
    ENTRADA_SERVER_URL: serverUrl,
    ENTRADA_ENTRA_AUTHORITY: emulator.origin,
    ENTRADA_ENTRA_TENANT_ID: CONTOSO,
    ENTRADA_ENTRA_CLIENT_ID: CLIENT_ID,
    ENTRADA_ENTRA_CLIENT_SECRET: CLIENT_SECRET,
  }
  const examine = (changes: Environment = {}, ...more: string[]) =>
    examineWith({ ...environment, ...changes }, ...more)
  return { emulator, folder, serverUrl, environment, examine }
}

export async function examineWith(
  environment: Environment,
  ...options: string[]
): Promise<Examined> {
  const { exitCode, printed, printedErrors } = await run(
    ['doctor', '--json', ...options],
    environment,
  )
  assert.deepEqual(printedErrors, [])
  return toExamined(JSON.parse(printed.join('\n')), exitCode)
}

/** The same in this process, with names that only the test knows. */
export async function examineAs(
  environment: Environment,
  changes: Partial<Examination> = {},
  wanted: readonly Area[] = areas,
): Promise<Examined> {
  const readTextFile = (path: string) => readFileSync(path, 'utf8')
  const inspected = inspectSettings(environment, readTextFile)
  const { serverUrl, listen, dataDir: folder = '.' } = inspected.settings
  const report = await examine(
    {
      mode: 'production',
      environment,
      readTextFile,
      inspected,
      readCredentials: () => [],
      files: {
        folder,
        database: join(folder, 'entrada.db'),
        secretKeys: join(folder, 'secret-keys'),
        operatorToken: join(folder, 'operator-token'),
      },
      ...(serverUrl ? { listen: listenAddress({ serverUrl, listen }) } : {}),
      nodeVersion: process.version,
      now: () => new Date(),
      ...changes,
    },
    wanted,
  )
  return toExamined(report, report.counts.error > 0 ? 1 : 0)
}

/** The doctor's view through a proxy on this machine whose certificate is trusted here, whatever the names of its hosts. */
export async function examineBehind(
  environment: Environment,
  { chain }: { readonly chain: string },
): Promise<Examined> {
  setDefaultCACertificates([...getCACertificates('default'), chain])
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
  return examineAs(environment, { resolve }, ['address'])
}

function toExamined(report: Report, exitCode: number): Examined {
  return {
    exitCode,
    report,
    text: JSON.stringify(report),
    troubles: report.findings
      .filter(({ severity }) => severity === 'warning' || severity === 'error')
      .map(({ id }) => id),
    find(id) {
      const found = report.findings.find((finding) => finding.id === id)
      assert.ok(
        found,
        `${id} is not among: ${report.findings.map((finding) => finding.id).join(', ')}`,
      )
      return found
    },
  }
}

/** The database of a folder, as `serve` or `dev` makes it. */
export async function makeDatabase(
  folder: string,
  mode: 'development' | 'production' = 'production',
): Promise<string> {
  const database = join(folder, 'entrada.db')
  const secretKeys = [new Secret(newSecretKey())]
  const serverUrl = new URL('http://localhost:3000')
  await (await openParts({ serverUrl, database, mode, secretKeys })).close()
  return database
}
