/** `entrada emulator`, as a person types it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { run } from './support/transcript.ts'

function directoryFile(t: TestContext, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'entrada-emulator-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'directory.json')
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
    ])
    assert.deepEqual(lines, ['stopped'])
  })

  it('prints the directory it would use, to start one’s own from', async (t) => {
    const { printed } = await run(['emulator', '--print-directory'], {})
    const path = directoryFile(t, printed.join('\n'))
    const again = await run(['emulator', '--directory', path, '--print-directory'], {})
    assert.deepEqual(again.printed, printed)
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
  ]) {
    it(`refuses ${argv.join(' ')}`, async () => {
      const { exitCode, printedErrors } = await run(['emulator', ...argv], {})
      assert.equal(exitCode, 2)
      assert.match(printedErrors.join('\n'), new RegExp(`${argv[0]?.slice(2)}`))
    })
  }
})
