import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { temporaryFolder } from '../../test/support/server-process.ts'
import { isEntradaError } from '../errors/errors.ts'
import {
  findOperatorToken,
  findSecretKeys,
  keepOperatorToken,
  makeSecretKeys,
  OPERATOR_TOKEN_FILE,
  openDataFolder,
  SECRET_KEYS_FILE,
} from './data-folder.ts'

/** File contents that a full disk or a power failure leaves, and contents that a user may have written. */
const unusable = ['', '\n', ',', 'short', 'a'.repeat(43), 'A'.repeat(22)]

describe('the files of the data folder', () => {
  it('are made once, whole, and for their owner alone', async (t) => {
    const folder = await temporaryFolder(t)
    const [token, keys] = [keepOperatorToken(folder), makeSecretKeys(folder)]
    assert.equal(token.path, join(folder, OPERATOR_TOKEN_FILE))
    assert.equal(keepOperatorToken(folder).token.reveal(), token.token.reveal())
    assert.equal(findOperatorToken(folder)?.reveal(), token.token.reveal())
    assert.deepEqual(
      makeSecretKeys(folder).map((key) => key.reveal()),
      keys.map((key) => key.reveal()),
    )
    assert.deepEqual(await readdir(folder), [OPERATOR_TOKEN_FILE, SECRET_KEYS_FILE])
    for (const name of await readdir(folder)) {
      assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name)
    }
  })

  it('never count when they are empty, cut or weak, and stay as they are', async (t) => {
    const folder = await temporaryFolder(t)
    const readers = {
      [OPERATOR_TOKEN_FILE]: [keepOperatorToken, findOperatorToken],
      [SECRET_KEYS_FILE]: [makeSecretKeys, findSecretKeys],
    }
    for (const [name, read] of Object.entries(readers)) {
      for (const content of unusable) {
        const path = join(folder, name)
        await writeFile(path, content)
        for (const reader of read) {
          assert.throws(
            () => reader(folder),
            (error) => {
              assert.ok(isEntradaError(error))
              assert.equal(error.code, 'data_file_invalid', name)
              assert.match(String(error.detail.problems), new RegExp(`^${path} (must|holds) `))
              return true
            },
          )
        }
        assert.equal(await readFile(path, 'utf8'), content)
      }
    }
  })

  it('are the same for processes that start at once', async (t) => {
    const folder = await temporaryFolder(t)
    const program = `
      const { makeSecretKeys } = await import(${JSON.stringify(resolve('src/cli/data-folder.ts'))})
      console.log(makeSecretKeys(${JSON.stringify(folder)})[0].reveal())`
    const runs = await Promise.all(
      Array.from({ length: 6 }, () =>
        promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]),
      ),
    )
    assert.equal(new Set(runs.map(({ stdout }) => stdout)).size, 1)
    assert.equal(runs[0]?.stdout.trim(), makeSecretKeys(folder)[0]?.reveal())
    assert.deepEqual(await readdir(folder), [SECRET_KEYS_FILE], 'and nothing is left beside it')
  })
})

describe('openDataFolder', () => {
  it('says what the system says when it cannot be a folder', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'file'), '')
    for (const path of [join(folder, 'file'), join(folder, 'file', 'below')]) {
      assert.throws(
        () => openDataFolder(path),
        (error) => {
          assert.ok(isEntradaError(error))
          assert.deepEqual([error.code, error.detail], ['data_folder_unusable', { folder: path }])
          assert.match(String(error.cause), /EEXIST|ENOTDIR/)
          return true
        },
      )
    }
  })

  it('takes a folder that is there', async (t) => {
    const folder = join(await temporaryFolder(t), 'one')
    await mkdir(folder)
    openDataFolder(folder)
    assert.deepEqual(await readdir(folder), [])
  })
})
