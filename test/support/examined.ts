/** A deployment that is in order, to plant something wrong in, and the doctor's answer to it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Environment } from '../../src/config.ts'
import type { Finding, Report } from '../../src/doctor/doctor.ts'
import { type StartedEmulator, startEmulator } from '../../src/emulator/start-emulator.ts'
import { newSecretKey } from '../../src/key-ring.ts'
import { openParts } from '../../src/open-services.ts'
import { Secret } from '../../src/secret.ts'
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
  const text = printed.join('\n')
  const report: Report = JSON.parse(text)
  return {
    exitCode,
    report,
    text,
    troubles: report.findings
      .filter(({ severity }) => severity === 'warning' || severity === 'error')
      .map(({ id }) => id),
    find(id) {
      const found = report.findings.find((finding) => finding.id === id)
      assert.ok(found, `${id} is not among: ${report.findings.map((one) => one.id).join(', ')}`)
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
