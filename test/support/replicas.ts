/** Several Entradas on one database file, as after a restart or behind a balancer. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createEntrada, type Entrada } from '../../src/entrada.ts'
import type { CheckedOptions } from '../../src/settings/check-options.ts'
import { openSqliteConnection } from '../../src/storage/sqlite.ts'
import { createTestBrowser, type TestBrowser } from './browser.ts'
import { ENTRA_URL, type Rig, SERVER_URL } from './rig.ts'

/** A database file in a folder that goes with the test. */
export async function newDatabaseFile(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'entrada-test-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'entrada.db')
}

/** Another process, as far as one can be had without starting one: its own memory, the same settings and file. */
export function openReplica(
  t: TestContext,
  rig: Rig,
  changes: Partial<CheckedOptions> = {},
): Entrada {
  const entrada = createEntrada({ ...rig.options, ...changes })
  t.after(() => entrada.close())
  return entrada
}

/** A browser behind a balancer: its requests go to each of `entradas` in turn. */
export function browserAcross(rig: Rig, entradas: readonly Entrada[]): TestBrowser {
  let turn = 0
  return createTestBrowser({
    [new URL(ENTRA_URL).host]: rig.emulator.fetch,
    [new URL(SERVER_URL).host]: async (request) => {
      const entrada = entradas[turn % entradas.length] ?? rig.entrada
      turn += 1
      return entrada.fetch(request, { remoteAddress: '127.0.0.1' })
    },
  })
}

/** A browser that goes elsewhere with the same cookies. */
export function sameBrowserAcross(
  rig: Rig,
  entradas: readonly Entrada[],
  known: TestBrowser,
): TestBrowser {
  const { host } = new URL(SERVER_URL)
  const browser = browserAcross(rig, entradas)
  for (const [name, value] of known.cookies(host)) browser.setCookie(host, name, value)
  return browser
}

/** Returns whether the file was written since the last call. */
export function watchWrites(t: TestContext, path: string): () => boolean {
  const { handle } = openSqliteConnection(path)
  t.after(() => handle.close())
  const version = () => handle.prepare('pragma data_version').get()?.data_version
  let seen = version()
  return () => {
    const before = seen
    seen = version()
    return seen !== before
  }
}
