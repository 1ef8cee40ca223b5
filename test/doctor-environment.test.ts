/** What the doctor finds in settings that are valid each by itself, in the environment of Node.js, and in the files of the machine. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Environment } from '../src/settings/config.ts'
import { examineWith, makeDatabase } from './support/examined.ts'
import { CLIENT_ID, CLIENT_SECRET, CONTOSO } from './support/rig.ts'
import { temporaryFolder } from './support/server-process.ts'

async function examineSettings(t: TestContext, environment: Environment) {
  const folder = await temporaryFolder(t)
  return examineWith({ ENTRADA_DATA_DIR: folder, ...environment }, '--only', 'settings')
}

describe('what the doctor finds in settings that can be read', () => {
  for (const blocks of ['0.0.0.0/0', '::/0', '10.0.0.0/8,0.0.0.0/1,128.0.0.0/1', '2000::/3']) {
    it(`that everybody is a trusted proxy: ${blocks} (O7)`, async (t) => {
      const { find, exitCode } = await examineSettings(t, { ENTRADA_TRUSTED_PROXIES: blocks })
      assert.equal(exitCode, 1)
      const wide = blocks.split(',').filter((block) => block !== '10.0.0.0/8')
      assert.deepEqual(find('proxies_trust_everybody').items, wide)
      assert.match(find('proxies_trust_everybody').fix ?? '', /such as 127\.0\.0\.1/)
    })
  }

  it('nothing where the proxies are those of a private network', async (t) => {
    const blocks = '127.0.0.1,10.0.0.0/8,192.168.0.0/16,fd00::/16,::1'
    const { troubles } = await examineSettings(t, { ENTRADA_TRUSTED_PROXIES: blocks })
    assert.deepEqual(troubles, [])
  })

  it('that directory and application have one id', async (t) => {
    const environment = {
      ENTRADA_ENTRA_TENANT_ID: CLIENT_ID,
      ENTRADA_ENTRA_CLIENT_ID: CLIENT_ID,
      ENTRADA_ENTRA_CLIENT_SECRET: CLIENT_SECRET,
    }
    assert.deepEqual((await examineSettings(t, environment)).troubles, ['tenant_is_client_id'])
  })

  it('a public address that is named twice', async (t) => {
    const environment = {
      ENTRADA_SERVER_URL: 'https://sso.example.com',
      ENTRADA_ENTRA_EXTRA_URLS: 'https://second.example.com,https://sso.example.com/',
    }
    const { find } = await examineSettings(t, environment)
    assert.deepEqual(find('public_url_repeated').items, ['https://sso.example.com'])
  })

  it('a log that says nothing, or too much', async (t) => {
    const silent = await examineSettings(t, { ENTRADA_LOG_LEVEL: 'silent' })
    assert.equal(silent.find('log_silent').severity, 'warning')
    const verbose = await examineSettings(t, { ENTRADA_LOG_LEVEL: 'debug' })
    assert.equal(verbose.find('log_verbose').severity, 'info')
  })
})

describe('what the doctor finds in the environment of Node.js', () => {
  it('that no certificate is checked', async (t) => {
    const { find, exitCode } = await examineSettings(t, { NODE_TLS_REJECT_UNAUTHORIZED: '0' })
    assert.equal(exitCode, 1)
    assert.match(find('certificates_not_checked').fix ?? '', /NODE_EXTRA_CA_CERTS/)
  })

  it('that a debugger is open', async (t) => {
    const options = '--max-old-space-size=512 --inspect=0.0.0.0:9229'
    const { troubles } = await examineSettings(t, { NODE_OPTIONS: options })
    assert.deepEqual(troubles, ['debugger_open'])
  })

  it('certificates that are not there, or are none', async (t) => {
    const absent = await examineSettings(t, { NODE_EXTRA_CA_CERTS: '/not/there.pem' })
    assert.match(absent.find('extra_certificates_not_read').what, /there is no such file/)
    const file = join(await temporaryFolder(t), 'ca.der')
    await writeFile(file, 'binary')
    const binary = await examineSettings(t, { NODE_EXTRA_CA_CERTS: file })
    assert.match(binary.find('extra_certificates_not_read').what, /holds no certificate/)
  })
})

const entra = { ENTRADA_ENTRA_TENANT_ID: CONTOSO, ENTRADA_ENTRA_CLIENT_ID: CLIENT_ID }

describe('what the doctor finds among the files of the machine', () => {
  it('that every user can read a file with a secret, unless its folder is closed', async (t) => {
    const folder = await temporaryFolder(t)
    const path = join(folder, 'client-secret')
    const setting = 'ENTRADA_ENTRA_CLIENT_SECRET_FILE'
    await writeFile(path, CLIENT_SECRET, { mode: 0o644 })
    await chmod(folder, 0o755)
    const examine = () =>
      examineWith(
        { ...entra, ENTRADA_DATA_DIR: join(folder, 'data'), [setting]: path },
        '--only',
        'machine',
      )
    const { find, exitCode } = await examine()
    assert.equal(exitCode, 1)
    assert.deepEqual(find('secret_files_open_to_others').items, [`${path} (${setting})`])
    await chmod(folder, 0o700)
    assert.deepEqual((await examine()).troubles, [])
    await chmod(folder, 0o755)
    await chmod(path, 0o640)
    assert.deepEqual((await examine()).troubles, [])
  })

  it('nothing where Kubernetes mounted it for this container alone', async (t) => {
    const folder = await temporaryFolder(t)
    await mkdir(join(folder, '..2026_11_29'))
    const path = join(folder, '..2026_11_29', 'client-secret')
    await writeFile(path, CLIENT_SECRET, { mode: 0o644 })
    await chmod(folder, 0o755)
    const environment = {
      ...entra,
      ENTRADA_DATA_DIR: join(folder, 'data'),
      ENTRADA_ENTRA_CLIENT_SECRET_FILE: path,
    }
    assert.deepEqual((await examineWith(environment, '--only', 'machine')).troubles, [])
  })

  it('files that a command of another user left behind', async (t) => {
    if (process.getuid?.() !== 0) return t.skip('only root gives files away')
    const folder = await temporaryFolder(t)
    await makeDatabase(folder)
    const file = join(folder, 'entrada.db')
    await chown(file, 12_345, 12_345)
    const { find } = await examineWith({ ENTRADA_DATA_DIR: folder }, '--only', 'machine')
    assert.deepEqual(find('data_files_of_another_user').items, [`${file} (user 12345)`])
  })

  it('two programs that have the embedded database open', async (t) => {
    if (process.platform !== 'linux') return t.skip('there is no /proc')
    const folder = await temporaryFolder(t)
    const database = await makeDatabase(folder)
    const program = `require('node:fs').openSync(${JSON.stringify(database)}, 'r')
      console.log('open'); setInterval(() => {}, 1000)`
    const hold = async () => {
      const child = spawn(process.execPath, ['-e', program])
      t.after(() => child.kill('SIGKILL'))
      await once(child.stdout, 'data')
      return child.pid
    }
    const examine = () => examineWith({ ENTRADA_DATA_DIR: folder }, '--only', 'machine')
    const first = await hold()
    assert.ok(!(await examine()).troubles.includes('database_open_twice'))
    const second = await hold()
    const { items } = (await examine()).find('database_open_twice')
    assert.deepEqual([...items].sort(), [`process ${first}`, `process ${second}`].sort())
  })
})
