import assert from 'node:assert/strict'
import { EntradaError } from '../../src/errors/errors.ts'
import { type Environment, readSettings } from '../../src/settings/config.ts'

type Files = Readonly<Record<string, string>>

/** The settings of an environment, with these files on the disk. */
export function readTestSettings(environment: Environment, files: Files = {}) {
  return readSettings(environment, (path) => {
    const content = files[path]
    if (content === undefined) throw new Error(`ENOENT: no such file, open '${path}'`)
    return content
  })
}

/** Every problem that the settings have. */
export function problemsOfSettings(environment: Environment, files: Files = {}): string[] {
  try {
    readTestSettings(environment, files)
    return []
  } catch (error) {
    assert.ok(error instanceof EntradaError, String(error))
    assert.equal(error.code, 'settings_invalid')
    const { problems } = error.detail
    assert.ok(Array.isArray(problems))
    return problems.map(String)
  }
}
