/** `entrada emulator`, as a person types it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { run } from './support/transcript.ts'

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'entrada-emulator-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

function directoryFile(t: TestContext, content: string): string {
  const path = join(folderOf(t), 'directory.json')
  writeFileSync(path, content)
  return path
}

const tenant = {
  id: '77777777-7777-4777-8777-777777777777',
  displayName: 'Ours',
  domains: ['ours.example'],
  users: [{ id: '77777777-0000-4000-8000-000000000001', userPrincipalName: 'ada@ours.example' }],
}

describe('entrada emulator', () => {
  it('does not start where NODE_ENV says production, however it is spelled (A8)', async () => {
    for (const NODE_ENV of ['production', ' Production ']) {
      const { exitCode, printedErrors } = await run(['emulator', '--port', '0'], { NODE_ENV })
      assert.equal(exitCode, 1)
      assert.match(
        printedErrors.join('\n'),
        /^entrada: development_mode_refused[\s\S]*NODE_ENV is production/,
      )
    }
  })

  it('runs with a directory of one’s own, and says where it is administered', async (t) => {
    const path = directoryFile(t, JSON.stringify({ tenants: [tenant] }))
    const lines: string[] = []
    const { exitCode, printed } = await run(
      [
        'emulator',
        '--port',
        '0',
        '--directory',
        path,
        '--sign-in-as',
        'ADA@ours.example',
        '--clock-offset=-600',
        '--json',
      ],
      {},
      async () => void lines.push('stopped'),
    )
    assert.equal(exitCode, 0)
    assert.deepEqual(Object.keys(JSON.parse(printed.join('\n'))), [
      'authority',
      'administration',
      'applications',
      'environment',
      'trust',
    ])
    assert.deepEqual(lines, ['stopped'])
  })

  it('prints the directory it would use, to start one’s own from', async (t) => {
    const { printed } = await run(['emulator', '--print-directory'], {})
    const path = directoryFile(t, printed.join('\n'))
    const again = await run(['emulator', '--directory', path, '--print-directory'], {})
    assert.deepEqual(again.printed, printed)
  })

  it('prints every secret, for a person and for a program (M8)', async () => {
    const secret = 'development~only.Contoso-secret'
    const { printed } = await run(['emulator', '--port', '0'], {})
    assert.match(printed.join('\n'), new RegExp(`client 33333333-.*secret ${secret}`))
    const { applications } = JSON.parse(
      (await run(['emulator', '--port', '0', '--json'], {})).printed.join('\n'),
    )
    assert.deepEqual(applications[0].secrets, [secret])
  })

  it('prints lines that a shell takes, with secrets and certificate, and stops (M1, M8)', async (t) => {
    const data = folderOf(t)
    const options = ['--env', '--https', '--data', join(data, "it's here"), '--port', '4321']
    const { exitCode, printed } = await run(['emulator', ...options], {})
    assert.equal(exitCode, 0)
    const script = `${printed.join('\n')}\nprintf '%s\\n' "$AZURE_AUTHORITY_HOST" "$AZURE_CLIENT_SECRET" "$NODE_EXTRA_CA_CERTS"`
    const shell = spawnSync('sh', ['-eu', '-c', script], { encoding: 'utf8' })
    assert.deepEqual(shell.stdout.trimEnd().split('\n'), [
      'https://localhost:4321',
      'development~only.Contoso-secret',
      join(data, "it's here", 'ca.pem'),
    ])
    assert.match(readFileSync(join(data, "it's here", 'ca.pem'), 'utf8'), /BEGIN CERTIFICATE/)
  })

  it('listens with https, and prints by which variables programs trust it (M1)', async (t) => {
    const environment = { ENTRADA_DATA_DIR: folderOf(t) }
    const argv = ['emulator', '--port', '0', '--https']
    const { printed } = await run(argv, environment)
    const text = printed.join('\n')
    const folder = join(environment.ENTRADA_DATA_DIR, 'emulator')
    assert.match(text, /^Authority https:\/\/localhost:\d+$/m)
    for (const line of [
      `export NODE_EXTRA_CA_CERTS=${folder}/ca.pem`,
      `export REQUESTS_CA_BUNDLE=${folder}/ca-bundle.pem`,
      `export SSL_CERT_FILE=${folder}/ca-bundle.pem`,
      `-Djavax.net.ssl.trustStore=${folder}/ca.jks`,
    ]) {
      assert.ok(text.includes(line), line)
    }
  })

  it('leaves out the port where it is the scheme’s own (M8)', async () => {
    const { printed } = await run(['emulator', '--env', '--port', '80'], {})
    assert.ok(printed.includes('export AZURE_AUTHORITY_HOST=http://localhost'), printed.join('\n'))
  })

  it('builds addresses from --public-origin (M1)', async () => {
    const argv = ['emulator', '--port', '0', '--public-origin', 'https://entra.localhost:8443']
    const { printed } = await run([...argv, '--json'], {})
    const { authority, environment } = JSON.parse(printed.join('\n'))
    assert.equal(authority, 'https://entra.localhost:8443')
    assert.equal(environment.AZURE_AUTHORITY_HOST, authority)
  })

  it('names what a port, a clock offset and a person may be (O9)', async () => {
    for (const [option, problem] of [
      ['--port=65536', /from 0 to 65535/],
      ['--port=x', /from 0 to 65535/],
      ['--clock-offset=1.5', /from -99999999 to 99999999/],
      ['--sign-in-as=nobody', /--print-directory/],
    ] as const) {
      const { exitCode, printedErrors } = await run(['emulator', option], {})
      assert.equal(exitCode, 2, option)
      assert.match(printedErrors.join('\n'), problem)
    }
  })

  it('says what is wrong with a directory', async (t) => {
    const path = directoryFile(t, JSON.stringify({ tenants: [{ ...tenant, domains: [] }] }))
    const { exitCode, printedErrors } = await run(['emulator', '--directory', path], {})
    assert.equal(exitCode, 2)
    assert.match(printedErrors.join('\n'), /tenants\.0\.domains/)
  })

  for (const argv of [
    ['--sign-in-as', 'nobody@ours.example'],
    ['--clock-offset', 'late'],
    ['--directory', '/nowhere/directory.json'],
    ['--port', '99999'],
    ['--public-origin', 'entra.example'],
    ['--public-origin', 'https://entra.example/path'],
    ['--public-origin', 'http://localhost:1', '--https'],
    ['--port', '0', '--env'],
  ]) {
    it(`refuses ${argv.join(' ')}`, async () => {
      const { exitCode, printedErrors } = await run(['emulator', ...argv], {})
      assert.equal(exitCode, 2)
      assert.match(printedErrors.join('\n'), new RegExp(`${argv[0]?.slice(2)}`))
    })
  }
})
