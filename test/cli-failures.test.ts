/** The command line when something is wrong: each time a code, a sentence and what to look at; no stack trace unless it is requested. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it, type TestContext } from 'node:test'
import { startHttpServer } from '../src/cli/http-server.ts'
import type { Environment } from '../src/settings/config.ts'
import { OPERATOR_TOKEN } from './support/rig.ts'
import { freePort, temporaryFolder } from './support/server-process.ts'
import { openRig } from './support/steps.ts'
import { run } from './support/transcript.ts'

async function quietFolder(t: TestContext) {
  return {
    ENTRADA_SERVER_URL: `http://localhost:${await freePort()}`,
    ENTRADA_DATA_DIR: await temporaryFolder(t),
    ENTRADA_LOG_LEVEL: 'silent',
  }
}

/** A code, then every one of these. */
async function assertRefused(
  argv: readonly string[],
  environment: Environment,
  { code, says }: { readonly code: string; readonly says: readonly (string | RegExp)[] },
): Promise<void> {
  const { exitCode, printed, printedErrors } = await run(argv, environment)
  const text = printedErrors.join('\n')
  assert.deepEqual([exitCode, printed], [1, []], text)
  assert.match(text, new RegExp(`^entrada: ${code}: `))
  assert.doesNotMatch(text, /^ +at /m)
  for (const part of says) assert.match(text, new RegExp(part))
}

describe('a data folder that cannot be used', () => {
  it('is named, with what the system said', async (t) => {
    const environment = await quietFolder(t)
    const path = join(environment.ENTRADA_DATA_DIR, 'file')
    await writeFile(path, '')
    const settings = { ...environment, ENTRADA_DATA_DIR: path }
    await assertRefused(['serve'], settings, {
      code: 'data_folder_unusable',
      says: [path, 'cause: EEXIST', 'ENTRADA_DATA_DIR must be a folder'],
    })
  })

  it('never serves with an empty operator token or key', async (t) => {
    for (const name of ['operator-token', 'secret-keys']) {
      const environment = await quietFolder(t)
      const path = join(environment.ENTRADA_DATA_DIR, name)
      await writeFile(path, '')
      await assertRefused(['serve'], environment, { code: 'data_file_invalid', says: [path] })
    }
  })

  it('is told from a database that is damaged', async (t) => {
    const environment = await quietFolder(t)
    const path = join(environment.ENTRADA_DATA_DIR, 'entrada.db')
    await writeFile(path, 'This is no database. '.repeat(100))
    for (const argv of [['serve'], ['user', 'list'], ['migrate']]) {
      await assertRefused(argv, environment, {
        code: 'database_not_opened',
        says: [path, 'cause: .*file is not a database', 'entrada restore'],
      })
    }
  })
})

describe('an address where nothing can listen', () => {
  it('is told from one that is taken', async (t) => {
    const environment = { ...(await quietFolder(t)), ENTRADA_LISTEN: '192.0.2.1:3000' }
    await assertRefused(['serve'], environment, {
      code: 'address_not_usable',
      says: ['address: "192.0.2.1:3000"', 'cause: .*EADDRNOTAVAIL'],
    })
    const entrada = { fetch: async () => new Response('ok') }
    const port = await freePort()
    const server = await startHttpServer(entrada, { host: '127.0.0.1', port })
    t.after(() => server.stop())
    await assertRefused(
      ['emulator', '--port', String(port)],
      {},
      {
        code: 'address_in_use',
        says: [`127.0.0.1:${port}`, 'EADDRINUSE', '`--port` for `entrada emulator`'],
      },
    )
  })
})

describe('a server that does not answer properly', () => {
  const strangers: Readonly<Record<string, () => Promise<Response>>> = {
    '502, text/html': async () =>
      new Response('<h1>Bad gateway</h1>', {
        status: 502,
        headers: { 'content-type': 'text/html' },
      }),
    '200, application/json': async () =>
      new Response('"alive"', { headers: { 'content-type': 'application/json' } }),
    'unexpected redirect': async () =>
      new Response(null, { status: 302, headers: { location: '/elsewhere' } }),
    'no answer in time': () => new Promise(() => {}),
  }
  for (const [answer, fetch] of Object.entries(strangers)) {
    it(`is named where there is no database either: ${answer}`, async (t) => {
      const environment = { ...(await quietFolder(t)), ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN }
      const port = Number(new URL(environment.ENTRADA_SERVER_URL).port)
      const limits = { drainMs: 1 }
      const server = await startHttpServer({ fetch }, { host: '127.0.0.1', port }, limits)
      t.after(() => server.stop())
      await assertRefused(['user', 'list'], environment, {
        code: 'server_answer_invalid',
        says: [`the server at http://localhost:${port} did not answer properly: ${answer}`],
      })
    })
  }

  const brokenAnswers: Readonly<Record<string, () => Response>> = {
    '502, text/html': () =>
      new Response('<h1>Bad gateway</h1>', {
        status: 502,
        headers: { 'content-type': 'text/html' },
      }),
    '200, text/plain': () =>
      new Response('{"items":', { headers: { 'content-type': 'text/plain' } }),
    '500, no content type': () => new Response(null, { status: 500 }),
  }
  for (const [answer, respond] of Object.entries(brokenAnswers)) {
    it(`is named when it is alive and answers the command so: ${answer}`, async (t) => {
      const port = await freePort()
      const serverUrl = new URL(`http://localhost:${port}`)
      const rig = await openRig(t, { serverUrl })
      const fetch = async (request: Request) =>
        request.url.endsWith('/auth/server') ? rig.entrada.fetch(request) : respond()
      const server = await startHttpServer({ fetch }, { host: '127.0.0.1', port })
      t.after(() => server.stop())
      const environment = {
        ...(await quietFolder(t)),
        ENTRADA_SERVER_URL: serverUrl.origin,
        ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
      }
      await assertRefused(['user', 'list'], environment, {
        code: 'server_answer_invalid',
        says: [`did not answer properly: ${answer}`],
      })
    })
  }
})

describe('a failure inside, with no server', () => {
  it('prints its cause, for there is no log to look into', async (t) => {
    const environment = await quietFolder(t)
    assert.equal((await run(['migrate'], environment)).exitCode, 0)
    const database = new DatabaseSync(join(environment.ENTRADA_DATA_DIR, 'entrada.db'))
    database.exec('alter table users rename to people')
    database.close()
    const { exitCode, printedErrors } = await run(['user', 'list'], environment)
    assert.equal(exitCode, 1)
    assert.match(printedErrors[0] ?? '', /^entrada: internal_error: .*no such table: users/)
    assert.doesNotMatch(printedErrors.join('\n'), /The log has the error/)
  })
})

describe('a name that Entra or somebody else made up', () => {
  it('never commands the terminal, nor turns its lines around', async (t) => {
    const environment = await quietFolder(t)
    assert.equal((await run(['serve'], environment)).exitCode, 0)
    const name = 'Eve\u001b[31m\u009b2J\u202eevE\u2066\u061c'
    const created = await run(['user', 'create', 'eve', '--name', name, '--json'], environment)
    assert.equal(created.exitCode, 0, created.printedErrors.join())
    const { id } = JSON.parse(created.printed[0] ?? '')
    const shown = await run(['user', 'show', id], environment)
    assert.ok(
      shown.printed.includes(String.raw`    name   Eve\u001b[31m\u009b2J\u202eevE\u2066\u061c`),
    )
    const listed = await run(['user', 'list', '--json'], environment)
    assert.equal(JSON.parse(listed.printed[0] ?? '').items[0].memberships[0].displayName, name)
    const all = [created, shown, listed, await run(['user', 'list'], environment)]
    all.push(await run(['user', 'show', name], environment))
    for (const { lines } of all) {
      for (const line of lines)
        assert.doesNotMatch(line, /[\p{Cc}\u061c\u202a-\u202e\u2066-\u2069]/u)
    }
  })
})

describe('an option that a command needs', () => {
  it('is named as missing when it was left out', async (t) => {
    const environment = await quietFolder(t)
    assert.equal((await run(['migrate'], environment)).exitCode, 0)
    const calls: readonly (readonly [string, string])[] = [
      ['domain add contoso.com', '--organization is missing'],
      ['api-key create --name x', '--scope is missing'],
      ['organization remove contoso', '--slug is missing'],
    ]
    for (const [line, says] of calls) {
      const { exitCode, printedErrors } = await run(line.split(' '), environment)
      assert.equal(exitCode, 2, line)
      assert.equal(printedErrors[0], `entrada: ${says}`)
      assert.match(printedErrors.at(-1) ?? '', /^entrada: usage: entrada /)
    }
  })
})

describe('an option with an empty value, as a script passes it', () => {
  it('counts as left out where a record is created, and never widens a list', async (t) => {
    const environment = await quietFolder(t)
    assert.equal((await run(['serve'], environment)).exitCode, 0)
    const created = await run(['user', 'create', 'eve', '--email=', '--tenant='], environment)
    assert.equal(created.exitCode, 0, created.printedErrors.join())
    const listed = await run(['session', 'list', '--organization='], environment)
    assert.deepEqual([listed.exitCode, listed.printed], [2, []])
    assert.equal(listed.printedErrors[0], 'entrada: --organization "" is not valid')
    const url = 'https://hooks.example/'
    const wider = [
      ['webhook', 'create', url, '--organization='],
      ['webhook', 'create', url, '--events='],
      ['domain', 'add', 'contoso.example', '--organization=default', '--connection='],
      ['user', 'create', 'eve', '--organization='],
    ]
    for (const call of wider) {
      const { exitCode, printedErrors } = await run(call, environment)
      assert.equal(exitCode, 2, call.join(' '))
      assert.match(printedErrors[0] ?? '', /^entrada: --\w+ .*not valid$/)
    }
  })
})

describe('a value that cannot be', () => {
  it('is a wrong call, and is named as it was typed', async (t) => {
    const environment = await quietFolder(t)
    await mkdir(environment.ENTRADA_DATA_DIR, { recursive: true })
    assert.equal((await run(['migrate'], environment)).exitCode, 0)
    const calls: readonly (readonly [string, string])[] = [
      ['user list --limit 0', '--limit 0 is not valid'],
      ['user list --cursor zz', '--cursor zz is not valid'],
      ['session list --user alice', '--user alice is not valid'],
      ['audit list --since yesterday', '--since yesterday is not valid'],
      ['audit list --type sign_in', '--type sign_in is not valid'],
      ['sign-in list --outcome good', '--outcome good is not valid'],
      ['user create alice --tenant x --object y', '--tenant x is not valid'],
      ['user create alice --email nobody', '--email nobody is not valid'],
      ['certificate create --days 0', '--days 0 is not valid'],
      ['emulator --port abc', '--port abc is not valid'],
      ['emulator --sign-in-as nobody', '--sign-in-as nobody is not valid'],
      ['explain foo', 'foo is not valid'],
      ['user disable alice', 'alice is not valid'],
    ]
    for (const [line, says] of calls) {
      const { exitCode, printed, printedErrors } = await run(line.split(' '), environment)
      assert.deepEqual([exitCode, printed], [2, []], line)
      assert.equal(printedErrors[0], `entrada: ${says}`)
      assert.match(printedErrors.at(-1) ?? '', /^entrada: usage: entrada /)
    }
  })
})
