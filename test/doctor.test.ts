/** What is wrong with the settings or in Entra, planted for real. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { examine, type Report } from '../src/doctor/doctor.ts'
import { startEmulator } from '../src/emulator/start-emulator.ts'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { inspectSettings } from '../src/settings/config.ts'
import { examineWith, startPatient } from './support/examined.ts'
import { CLIENT_ID, CLIENT_SECRET, CONTOSO, FABRIKAM, OPERATOR_TOKEN } from './support/rig.ts'
import { temporaryFolder } from './support/server-process.ts'
import { run } from './support/transcript.ts'

describe('entrada doctor', () => {
  it('finds nothing wrong where nothing is, and says what it tried', async (t) => {
    const { examine, serverUrl } = await startPatient(t)
    const { exitCode, troubles, find } = await examine()
    assert.deepEqual([exitCode, troubles], [0, []])
    assert.match(find('credential_good').what, /one with a made-up code/)
    assert.match(find('redirect_uri_registered').what, new RegExp(serverUrl))
    assert.deepEqual(find('redirect_uris').items, [`${serverUrl}/auth/entra/callback`])
    assert.deepEqual(find('logout_url').items, [`${serverUrl}/auth/entra/frontchannel-logout`])
    assert.equal(find('clock_right').severity, 'ok')
    assert.equal(find('keys_published').severity, 'ok')
  })

  it('says how long a disabled person stays in, unless sessions are checked again (O20)', async (t) => {
    const { examine } = await startPatient(t)
    const { find } = await examine({}, '--only', 'settings')
    const found = find('sessions_not_checked_again')
    assert.equal(found.severity, 'info')
    assert.match(found.what, /up to 24 h/)
    const short = { ENTRADA_SESSION_MAX_SECONDS: '7200', ENTRADA_SESSION_IDLE_SECONDS: '3600' }
    const shorter = await examine(short, '--only', 'settings')
    assert.match(shorter.find('sessions_not_checked_again').what, /up to 2 h/)
    const on = await examine({ ENTRADA_ENTRA_RECHECK_MINUTES: '15' }, '--only', 'settings')
    assert.ok(!JSON.stringify(on.report).includes('sessions_not_checked_again'))
  })

  it('prints the addresses to register for every public address', async (t) => {
    const { examine, serverUrl } = await startPatient(t)
    const extra = 'https://second.example.com'
    const { find } = await examine({ ENTRADA_ENTRA_EXTRA_URLS: extra }, '--only', 'registration')
    const expected = [serverUrl, extra].map((origin) => `${origin}/auth/entra/callback`)
    assert.deepEqual(find('redirect_uris').items, expected)
    assert.equal(find('redirect_uri_not_registered').severity, 'error')
  })

  it('reads well: areas, what, why, what to do, who; and counts in the last line', async (t) => {
    const { environment } = await startPatient(t)
    const wrong = { ...environment, ENTRADA_ENTRA_CLIENT_SECRET: 'not-the-secret' }
    const { exitCode, printed } = await run(['doctor', '--only', 'credential'], wrong)
    const text = printed.join('\n')
    assert.equal(exitCode, 1)
    assert.match(
      text,
      /^Credential of the application\n {2}ERROR {4}Entra does not know the client/,
    )
    assert.match(text, /\n +Why +All sign-ins fail/)
    assert.match(text, /\n +Do +Create a new secret/)
    assert.match(text, /\n +Who +application administrator, the owner of the app registration/)
    assert.equal(printed.at(-1), 'Not in order: 1 error, 0 warnings, 1 note, 0 ok.')
    assert.ok(
      printed.every((line) => line.length <= 100),
      text,
    )
  })

  it('examines one area alone, and calls an area that does not exist a wrong call', async (t) => {
    const { examine, environment, emulator } = await startPatient(t)
    const { report } = await examine({}, '--only', 'machine')
    assert.deepEqual([...new Set(report.findings.map(({ area }) => area))], ['machine'])
    assert.deepEqual(emulator.requests, [])
    const { exitCode, printed, printedErrors } = await run(['doctor', '--only', 'all'], environment)
    assert.deepEqual([exitCode, printed], [2, []])
    assert.match(printedErrors[0] ?? '', /--only takes one of settings, machine/)
  })

  it('changes nothing, and makes nothing in the data folder', async (t) => {
    const { examine, folder } = await startPatient(t)
    await examine()
    const { find } = await examine({ ENTRADA_DATA_DIR: join(folder, 'not-there') })
    assert.equal(find('data_folder_absent').severity, 'info')
    assert.equal(find('database_absent').severity, 'info')
    assert.deepEqual(await readdir(folder), [])
  })

  it('prints no secret, whatever is wrong', async (t) => {
    const { examine, emulator, folder, environment } = await startPatient(t)
    const token = 'operator-token-for-tests-0123456789-abcdefghijklmnop'
    const key = 'q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k'
    await writeFile(join(folder, 'secret-keys'), 'damaged-secret-key-ring')
    await writeFile(join(folder, 'operator-token'), 'too-short-token')
    const changes = {
      ENTRADA_OPERATOR_TOKEN: token,
      ENTRADA_SECRET_KEYS: key,
      ENTRADA_DATABASE_URL: 'postgres://someone:database-password@localhost:1/entrada',
    }
    const secrets = [CLIENT_SECRET, token, key, 'damaged-secret', 'too-short', 'database-password']
    const good = await examine(changes)
    emulator.expireSecret(CLIENT_ID)
    const bad = await examine(changes)
    const { lines } = await run(['doctor'], { ...environment, ...changes })
    for (const secret of secrets) {
      assert.ok(!good.text.includes(secret), secret)
      assert.ok(!bad.text.includes(secret), secret)
      assert.ok(!lines.join('\n').includes(secret), secret)
    }
  })

  it('says so when there is nothing to examine', async (t) => {
    const environment = { ENTRADA_DATA_DIR: await temporaryFolder(t) }
    const { exitCode, printed } = await run(['doctor', '--only', 'clock'], environment)
    assert.deepEqual([exitCode, printed.length], [0, 1])
    assert.match(printed[0] ?? '', /^Nothing to examine/)
  })

  it('ends by itself within ten seconds when everything hangs', { timeout: 10_000 }, async (t) => {
    const server = createServer(() => {}).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo // it listens on a port
    const environment = {
      PATH: process.env.PATH,
      ENTRADA_DATA_DIR: await temporaryFolder(t),
      ENTRADA_SERVER_URL: `https://localhost:${port}`,
      ENTRADA_LISTEN: `127.0.0.1:${port}`,
      ENTRADA_ENTRA_AUTHORITY: `https://localhost:${port}`,
      ENTRADA_ENTRA_TENANT_ID: CONTOSO,
      ENTRADA_ENTRA_CLIENT_ID: CLIENT_ID,
      ENTRADA_ENTRA_CLIENT_SECRET: CLIENT_SECRET,
      ENTRADA_DATABASE_URL: `postgres://someone:password@localhost:${port}/entrada`,
      ENTRADA_SECRET_KEYS: newSecretKey(),
      ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
    }
    const child = spawn(process.execPath, ['src/bin.ts', 'doctor', '--json'], { env: environment })
    t.after(() => child.kill('SIGKILL'))
    let printed = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk
    })
    const [exitCode] = await once(child, 'close')
    assert.equal(exitCode, 1)
    const { findings }: Report = JSON.parse(printed)
    const sentences = new Map(findings.map(({ id, what }) => [id, what]))
    assert.match(sentences.get('entra_unreachable') ?? '', /no answer came in time/)
    assert.match(sentences.get('database_unreachable') ?? '', /no answer came in time/)
    assert.ok(sentences.has('clock_not_compared') && sentences.has('server_not_running'))
  })
})

describe('what the doctor finds in the settings', () => {
  it('a name that is not a setting, with the nearest one that is', async (t) => {
    const { examine } = await startPatient(t)
    const { exitCode, find } = await examine({ ENTRADA_OPERATOR: 'x' })
    assert.equal(exitCode, 1)
    assert.match(
      find('setting_unknown').what,
      /^ENTRADA_OPERATOR is .* Did you mean ENTRADA_OPERATORS\?/,
    )
  })

  it('every wrong value at once, and goes on with what it can read', async (t) => {
    const { examine } = await startPatient(t)
    const changes = { ENTRADA_LOG_LEVEL: 'loud', ENTRADA_SESSION_IDLE_SECONDS: 'soon' }
    const { report, find } = await examine(changes)
    const wrong = report.findings.filter(({ id }) => id === 'setting_wrong')
    assert.equal(wrong.length, 2)
    assert.equal(find('credential_good').severity, 'ok')
  })

  it('the ID of a secret in place of its value', async (t) => {
    const { examine, emulator } = await startPatient(t)
    const changes = { ENTRADA_ENTRA_CLIENT_SECRET: '0f8fad5b-d9cb-469f-a165-70867728950e' }
    const { exitCode, find } = await examine(changes)
    assert.equal(exitCode, 1)
    assert.match(find('secret_is_its_id').fix ?? '', /copy the column "Value"/)
    assert.ok(!emulator.requests.some(({ endpoint }) => endpoint === 'token'))
  })

  it('that no directory is configured', async (t) => {
    const { exitCode, troubles } = await examineWith({ ENTRADA_DATA_DIR: await temporaryFolder(t) })
    assert.deepEqual([exitCode, troubles], [0, ['entra_not_configured']])
  })
})

describe('what the doctor finds about the directory', () => {
  it('a directory that nobody knows', async (t) => {
    const { examine } = await startPatient(t)
    const changes = { ENTRADA_ENTRA_TENANT_ID: '99999999-9999-4999-8999-999999999999' }
    const { exitCode, find, troubles } = await examine(changes)
    assert.equal(exitCode, 1)
    assert.equal(find('tenant_unknown').whoCanFix, 'operator')
    assert.ok(troubles.includes('credential_not_tried'))
  })

  it('a directory that is in another cloud, and in which', async (t) => {
    const here = await startEmulator({
      directory: { tenants: [], applications: [], policies: [] },
    })
    t.after(() => here.close())
    const { emulator: there, environment, folder } = await startPatient(t)
    const changed = { ...environment, ENTRADA_ENTRA_AUTHORITY: here.origin }
    const readTextFile = () => assert.fail('no file is named')
    const { findings } = await examine(
      {
        mode: 'production',
        environment: changed,
        readTextFile,
        inspected: inspectSettings(changed, readTextFile),
        readCredentials: () => [],
        files: { folder, database: folder, secretKeys: folder, operatorToken: folder },
        nodeVersion: 'v24.0.0',
        now: () => new Date(),
        clouds: [here.origin, there.origin],
      },
      ['entra'],
    )
    const found = findings.find(({ id }) => id === 'tenant_in_other_cloud')
    assert.ok(found?.fix?.includes(`ENTRADA_ENTRA_AUTHORITY=${there.origin}`), found?.fix)
  })

  it('the directory behind a domain', async (t) => {
    const { examine } = await startPatient(t)
    const { exitCode, find } = await examine({ ENTRADA_ENTRA_TENANT_ID: 'contoso.example' })
    assert.equal(exitCode, 0)
    assert.match(find('tenant_by_domain').what, new RegExp(`contoso.example belongs .*${CONTOSO}`))
  })

  it('an authority where nobody listens', async (t) => {
    const { examine, emulator } = await startPatient(t)
    await emulator.close()
    const { exitCode, find, troubles } = await examine()
    assert.equal(exitCode, 1)
    assert.match(find('entra_unreachable').what, /no server listens there \(ECONNREFUSED\)/)
    assert.ok(!troubles.includes('credential_wrong'))
  })

  it('a description that names another issuer', async (t) => {
    const { examine, emulator } = await startPatient(t)
    const set = {
      issuer: 'https://elsewhere.example.com/11111111-1111-4111-8111-111111111111/v2.0',
    }
    emulator.setFault({ kind: 'members', on: 'discovery', set })
    const { exitCode, find } = await examine({}, '--only', 'entra')
    assert.equal(exitCode, 1)
    assert.match(find('discovery_of_another_party').what, /names another party in `issuer`/)
  })

  it('a page of somebody else in place of the description', async (t) => {
    const { examine, emulator } = await startPatient(t)
    emulator.setFault({ kind: 'html', on: 'discovery' })
    const { find } = await examine({}, '--only', 'entra')
    assert.match(find('discovery_not_understood').fix ?? '', /with curl/)
  })

  it('an authority that is failing', async (t) => {
    const { examine, emulator } = await startPatient(t)
    emulator.setFault({ kind: 'status', on: 'discovery', status: 503 })
    const { find } = await examine({}, '--only', 'entra')
    assert.match(find('entra_failing').what, /answered 503/)
  })

  it('a list of signing keys that is empty', async (t) => {
    const { examine, emulator } = await startPatient(t)
    emulator.setFault({ kind: 'members', on: 'keys', set: { keys: [] } })
    const { exitCode, find } = await examine({}, '--only', 'entra')
    assert.equal(exitCode, 1)
    assert.equal(find('keys_empty').severity, 'error')
  })

  it('a single signing key, and keys that may sign for another directory only', async (t) => {
    const { examine, emulator } = await startPatient(t)
    const answer = await fetch(`${emulator.origin}/${CONTOSO}/discovery/v2.0/keys`)
    const { keys }: { keys: readonly Record<string, unknown>[] } = JSON.parse(await answer.text())
    emulator.setFault({ kind: 'members', on: 'keys', set: { keys: keys.slice(1) } })
    assert.equal((await examine({}, '--only', 'entra')).find('keys_single').severity, 'warning')
    const foreign = keys.map((key) => ({ ...key, issuer: `${emulator.origin}/${FABRIKAM}/v2.0` }))
    emulator.setFault({ kind: 'members', on: 'keys', set: { keys: foreign } })
    const { find } = await examine({}, '--only', 'entra')
    assert.equal(find('keys_of_another_issuer').severity, 'error')
  })

  for (const [seconds, id, words] of [
    [-600, 'clock_off', /clock is (599|600) s fast/],
    [600, 'clock_off', /clock is (598|599|600) s slow/],
    [-90, 'clock_off_slightly', /clock is (89|90) s fast/],
  ] as const) {
    it(`a clock ${-seconds} seconds from Entra's`, async (t) => {
      const { examine } = await startPatient(t, { clockOffsetSeconds: seconds })
      const { exitCode, find } = await examine({}, '--only', 'clock')
      assert.equal(exitCode, id === 'clock_off' ? 1 : 0)
      assert.match(find(id).what, words)
    })
  }
})
