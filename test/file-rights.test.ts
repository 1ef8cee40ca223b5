/** A file that this user may not read is not damaged: it has a code and a remedy of its own, wherever it is read. */
import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { newSecretKey } from '../src/keys/key-ring.ts'
import type { Environment } from '../src/settings/config.ts'
import { barredFrom } from './support/barred.ts'
import { examineWith, makeDatabase, startPatient } from './support/examined.ts'
import { CLIENT_ID, CLIENT_SECRET, CONTOSO, OPERATOR_TOKEN } from './support/rig.ts'
import { freePort, temporaryFolder } from './support/server-process.ts'
import { run } from './support/transcript.ts'

/** A data folder that every user may enter, as after a first start. */
async function keptFolder(t: TestContext) {
  const folder = await temporaryFolder(t)
  await makeDatabase(folder)
  await writeFile(join(folder, 'secret-keys'), newSecretKey())
  await writeFile(join(folder, 'operator-token'), OPERATOR_TOKEN)
  await chmod(folder, 0o777)
  await chmod(join(folder, 'entrada.db'), 0o666)
  const environment: Environment = {
    ENTRADA_DATA_DIR: folder,
    ENTRADA_SERVER_URL: `http://localhost:${await freePort()}`,
    ENTRADA_LOG_LEVEL: 'silent',
  }
  return { folder, environment }
}

const entra = {
  ENTRADA_ENTRA_TENANT_ID: CONTOSO,
  ENTRADA_ENTRA_CLIENT_ID: CLIENT_ID,
} as const

describe('a file that this user may not read', () => {
  for (const name of ['secret-keys', 'operator-token', 'entrada.db']) {
    it(`refuses to start with file_not_permitted: ${name} (O5)`, async (t) => {
      const { folder, environment } = await keptFolder(t)
      const file = join(folder, name)
      const { exitCode, printedErrors } = await barredFrom(file, () => run(['serve'], environment))
      const text = printedErrors.join('\n')
      assert.equal(exitCode, 1)
      assert.match(text, /^entrada: file_not_permitted: /)
      assert.ok(text.includes(JSON.stringify(file)), text)
      assert.doesNotMatch(text, /damaged|delete it|backup in its place/)
    })
  }

  it('refuses commands in the same way when the whole folder is out of reach (O5)', async (t) => {
    const { folder, environment } = await keptFolder(t)
    for (const argv of [
      ['user', 'list'],
      ['key', 'rotate'],
      ['backup', '/tmp/never-written'],
    ]) {
      const { printedErrors } = await barredFrom(folder, () => run(argv, environment))
      assert.match(printedErrors[0] ?? '', /^entrada: file_not_permitted: /, argv.join(' '))
    }
  })

  it('is no damaged backup (O5)', async (t) => {
    const { folder, environment } = await keptFolder(t)
    const backup = join(folder, 'backup.db')
    await run(['backup', backup], environment)
    const argv = ['restore', backup, '--force']
    const { printedErrors } = await barredFrom(backup, () => run(argv, environment))
    assert.match(printedErrors[0] ?? '', /^entrada: file_not_permitted: /)
  })

  for (const name of [
    'ENTRADA_ENTRA_CLIENT_SECRET_FILE',
    'ENTRADA_ROLE_RULES_FILE',
    'ENTRADA_ACCESS_RULES_FILE',
    'ENTRADA_BRAND_LOGO_FILE',
    'ENTRADA_ENTRA_CLIENT_CERTIFICATE_FILE',
  ]) {
    it(`is reported as such among the settings: ${name} (O5)`, async (t) => {
      const { folder, environment } = await keptFolder(t)
      const file = join(folder, 'settings-file')
      await writeFile(file, '{"rules":[]}')
      const settings = {
        ...environment,
        ...entra,
        ENTRADA_ENTRA_CLIENT_CERTIFICATE_KEY_FILE: name.includes('CERTIFICATE') ? file : undefined,
        ENTRADA_ENTRA_CLIENT_SECRET: name.endsWith('SECRET_FILE') ? undefined : CLIENT_SECRET,
        [name]: file,
      }
      const { printedErrors } = await barredFrom(file, () => run(['serve'], settings))
      const line = printedErrors.find((text) => text.includes(name))
      assert.match(line ?? printedErrors.join('\n'), /this user may not read it \(E(ACCES|PERM)\)/)
    })
  }
})

describe('what the doctor finds about files that it may not read', () => {
  it('key ring and operator token, without calling them damaged or weak (O5)', async (t) => {
    const { folder, environment } = await keptFolder(t)
    for (const [name, id, others] of [
      ['secret-keys', 'key_ring_not_readable', ['key_ring_damaged', 'sealing_key_missing']],
      ['operator-token', 'operator_token_not_readable', ['operator_token_weak']],
      ['entrada.db', 'database_not_readable', ['database_unreachable', 'database_absent']],
    ] as const) {
      const { find, troubles, exitCode } = await barredFrom(join(folder, name), () =>
        examineWith(environment),
      )
      assert.equal(exitCode, 1)
      assert.match(find(id).fix ?? '', /as the user that the server runs as/)
      for (const other of others) assert.ok(!troubles.includes(other), other)
    }
  })

  it('a data folder out of reach, which is not an absent one (O5)', async (t) => {
    const { folder, environment } = await keptFolder(t)
    const settings = { ...environment, ENTRADA_DATA_DIR: join(folder, 'inner', 'data') }
    const { find, report } = await barredFrom(folder, () => examineWith(settings))
    assert.equal(find('data_folder_hidden').severity, 'error')
    const ids = report.findings.map(({ id }) => id)
    assert.ok(!ids.includes('data_folder_absent') && !ids.includes('database_absent'), ids.join())
  })

  it('the federated token, which is no token that is wrong (O5)', async (t) => {
    const { examine, folder } = await startPatient(t)
    const file = join(folder, 'token')
    await chmod(folder, 0o755)
    await writeFile(file, 'header.payload.signature')
    const changes = {
      ENTRADA_ENTRA_CLIENT_SECRET: undefined,
      ENTRADA_ENTRA_FEDERATED_TOKEN_FILE: file,
    }
    const { find } = await barredFrom(file, () => examine(changes, '--only', 'credential'))
    assert.match(find('credential_not_readable').what, /may not read the file of the federated/)
  })

  it('secrets and rules (O5)', async (t) => {
    const { folder, environment } = await keptFolder(t)
    const file = join(folder, 'a-file')
    await writeFile(file, '{"rules":[]}')
    const settings = {
      ...environment,
      ...entra,
      ENTRADA_ENTRA_CLIENT_SECRET_FILE: file,
      ENTRADA_ROLE_RULES_FILE: file,
    }
    const { find } = await barredFrom(file, () => examineWith(settings))
    assert.match(
      find('setting_file_not_readable').what,
      /CLIENT_SECRET cannot be read .*: this user/,
    )
    assert.ok(find('role_rules_not_readable').what.includes(file))
  })
})
