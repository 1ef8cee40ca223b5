import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { startHttpServer } from '../src/cli/http-server.ts'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { Secret } from '../src/keys/secret.ts'
import { openParts } from '../src/open-services.ts'
import { OPERATOR_TOKEN, people, type Rig, type RigOptions, stoppedClock } from './support/rig.ts'
import { freePort, temporaryFolder } from './support/server-process.ts'
import { openRig } from './support/steps.ts'
import { assertTranscript, run } from './support/transcript.ts'

/** A rig at the time of the real clock, which the command line lives by. */
function openRigNow(t: TestContext, options: RigOptions): Promise<Rig> {
  const clock = stoppedClock(new Date(Date.now() - 60_000).toISOString())
  return openRig(t, { ...options, clock })
}

/** Alice is signed in twice, a guest was refused. */
async function signPeopleIn(rig: Rig): Promise<void> {
  for (const person of [people.alice, people.alice, people.grace]) {
    rig.clock.advanceSeconds(1)
    await rig.signIn(person)
  }
}

describe('entrada', () => {
  it('says what it can do', () => assertTranscript('help', {}))

  it('says the same, as a wrong call, when nothing is asked of it', async () => {
    const [help, nothing] = [await run(['help'], {}), await run([], {})]
    assert.deepEqual(nothing, { ...help, exitCode: 2 })
  })
  it('explains what Entra shows on its own pages', () => assertTranscript('explain', {}))
  it('answers a wrong call with the right one', () => assertTranscript('wrong-calls', {}))

  it('names an option it does not know, or one without its value', async () => {
    for (const argv of [
      ['user', 'list', '--all'],
      ['user', 'list', '--limit'],
      ['dev', '--json'],
    ]) {
      const { exitCode, printed, printedErrors } = await run(argv, {})
      assert.deepEqual([exitCode, printed], [2, []])
      assert.match(printedErrors[0] ?? '', new RegExp(`^entrada: .*${argv.at(-1)}`))
      assert.match(printedErrors[1] ?? '', /^entrada: usage: entrada (user list|dev)$/)
    }
  })
})

describe('entrada certificate create', () => {
  it('makes certificate and key, and says what to upload and what to set', async (t) => {
    const folder = await temporaryFolder(t)
    await assertTranscript('certificate-create', {}, folder)
    const names = await readdir(folder)
    assert.equal(names.length, 4)
    for (const name of names) {
      const { mode } = await stat(join(folder, name))
      assert.equal(mode & 0o777, 0o600, name)
    }
    const [name = ''] = names.filter((name) => name.endsWith('.pem'))
    const certificate = new X509Certificate(await readFile(join(folder, name)))
    const keyFile = join(folder, name.replace('.pem', '.key'))
    assert.equal(certificate.checkPrivateKey(createPrivateKey(await readFile(keyFile))), true)
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, 3072)
    assert.equal(certificate.verify(certificate.publicKey), true)
  })

  it('writes nothing where it may not', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'file'), '')
    const { exitCode, printedErrors } = await run(
      ['certificate', 'create', '--out', join(folder, 'file')],
      {},
    )
    assert.equal(exitCode, 1)
    assert.match(printedErrors[0] ?? '', /^entrada: file_not_written/)
  })
})

describe('administration on the command line', () => {
  it('works on the database when no server answers', async (t) => {
    const folder = await temporaryFolder(t)
    const serverUrl = new URL(`http://localhost:${await freePort()}`)
    const rig = await openRigNow(t, { serverUrl, database: join(folder, 'entrada.db') })
    await signPeopleIn(rig)
    await assertTranscript('administer', {
      ENTRADA_SERVER_URL: serverUrl.origin,
      ENTRADA_DATA_DIR: folder,
    })
  })

  it('tells receivers, and removes people for good', async (t) => {
    const folder = await temporaryFolder(t)
    const serverUrl = new URL(`http://localhost:${await freePort()}`)
    const database = join(folder, 'entrada.db')
    const rig = await openRigNow(t, { serverUrl, database, withoutBackgroundWork: true })
    await rig.signIn(people.alice)
    await assertTranscript('webhooks', {
      ENTRADA_SERVER_URL: serverUrl.origin,
      ENTRADA_DATA_DIR: folder,
    })
  })

  it('works on the running server when that answers, with the same words', async (t) => {
    const folder = await temporaryFolder(t)
    const port = await freePort()
    const serverUrl = new URL(`http://localhost:${port}`)
    const rig = await openRigNow(t, { serverUrl })
    await signPeopleIn(rig)
    const server = await startHttpServer(rig.entrada, { host: '127.0.0.1', port })
    t.after(() => server.stop())
    await assertTranscript('administer', {
      ENTRADA_SERVER_URL: serverUrl.origin,
      ENTRADA_DATA_DIR: folder,
      ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
    })
    assert.deepEqual(await readdir(folder), [], 'no database was made beside it')
  })

  const secrets = {
    CONTOSO_SECRET: 'a-client-secret~of.some-length',
    CONTOSO_SECRET_ID: '77777777-7777-4777-8777-777777777777',
  }

  it('makes and changes customers, members and keys on the database', async (t) => {
    const folder = await temporaryFolder(t)
    const serverUrl = new URL(`http://localhost:${await freePort()}`)
    const rig = await openRigNow(t, { serverUrl, database: join(folder, 'entrada.db') })
    await rig.signIn(people.alice)
    await assertTranscript('customers', {
      ...secrets,
      ENTRADA_SERVER_URL: serverUrl.origin,
      ENTRADA_ENTRA_AUTHORITY: rig.emulator.origin,
      ENTRADA_DATA_DIR: folder,
      ENTRADA_SECRET_KEYS: rig.options.secretKeys[0]?.reveal() ?? '',
    })
  })

  it('makes and changes them on the running server, with the same words', async (t) => {
    const port = await freePort()
    const serverUrl = new URL(`http://localhost:${port}`)
    const rig = await openRigNow(t, { serverUrl })
    await rig.signIn(people.alice)
    const server = await startHttpServer(rig.entrada, { host: '127.0.0.1', port })
    t.after(() => server.stop())
    await assertTranscript('customers', {
      ...secrets,
      ENTRADA_SERVER_URL: serverUrl.origin,
      ENTRADA_DATA_DIR: await temporaryFolder(t),
      ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
    })
  })

  it('says so when the running server does not take its token', async (t) => {
    const port = await freePort()
    const serverUrl = new URL(`http://localhost:${port}`)
    const rig = await openRigNow(t, { serverUrl })
    const server = await startHttpServer(rig.entrada, { host: '127.0.0.1', port })
    t.after(() => server.stop())
    const environment = {
      ENTRADA_SERVER_URL: serverUrl.origin,
      ENTRADA_DATA_DIR: await temporaryFolder(t),
      ENTRADA_OPERATOR_TOKEN: `another-${OPERATOR_TOKEN}`,
    }
    const { exitCode, printed, printedErrors } = await run(['user', 'list'], environment)
    assert.equal(exitCode, 1)
    assert.deepEqual(printed, [])
    assert.match(printedErrors[0] ?? '', /^entrada: operator_token_invalid: /)
    assert.ok(!printedErrors.join().includes(OPERATOR_TOKEN))
  })

  it('finds the development database where there is no other, or when asked to', async (t) => {
    const folder = await temporaryFolder(t)
    await makeDatabase(join(folder, 'dev', 'entrada.db'), 'development')
    const environment = {
      ENTRADA_SERVER_URL: `http://localhost:${await freePort()}`,
      ENTRADA_DATA_DIR: folder,
    }
    const listed = await run(['user', 'list', '--json'], environment)
    assert.deepEqual([listed.exitCode, listed.printed], [0, ['{"items":[],"next":null}']])
    assert.ok(!(await readdir(folder)).includes('entrada.db'))

    await makeDatabase(join(folder, 'entrada.db'), 'production')
    await run(['user', 'create', 'ally'], environment)
    const developers = await run(['user', 'list', '--dev', '--json'], environment)
    assert.deepEqual(developers.printed, ['{"items":[],"next":null}'])
  })

  it('needs settings that make sense, and names all that do not', async () => {
    const environment = { ENTRADA_SERVER_URL: 'value-one', ENTRADA_LOG_LEVEL: 'value-two' }
    const { exitCode, printedErrors } = await run(['user', 'list'], environment)
    assert.equal(exitCode, 1)
    const [first, ...problems] = printedErrors
    assert.match(first ?? '', /^entrada: settings_invalid/)
    assert.match(problems.join('\n'), /ENTRADA_SERVER_URL [\s\S]*ENTRADA_LOG_LEVEL /)
    assert.doesNotMatch(printedErrors.join(), /value-/)
  })
})

/** A database as `entrada dev` or `entrada serve` makes it. */
async function makeDatabase(database: string, mode: 'development' | 'production'): Promise<void> {
  const serverUrl = new URL('http://localhost:3000')
  const parts = await openParts({
    serverUrl,
    database,
    mode,
    secretKeys: [new Secret(newSecretKey())],
  })
  await parts.close()
}

describe('a database of one mode', () => {
  it('is not opened in the other, in neither direction', async (t) => {
    const folder = await temporaryFolder(t)
    await makeDatabase(join(folder, 'developed', 'entrada.db'), 'development')
    await makeDatabase(join(folder, 'served', 'dev', 'entrada.db'), 'production')
    const calls = [
      ['serve', 'developed'],
      ['dev', 'served'],
    ] as const
    for (const [verb, data] of calls) {
      const { exitCode, printedErrors } = await run([verb], {
        ENTRADA_SERVER_URL: `http://localhost:${await freePort()}`,
        ENTRADA_DATA_DIR: join(folder, data),
        ENTRADA_LOG_LEVEL: 'silent',
      })
      assert.equal(exitCode, 1, verb)
      assert.match(printedErrors[0] ?? '', /^entrada: database_mode_mismatch/)
    }
  })
})

describe('entrada dev', () => {
  const reasons: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'NODE_ENV is production': { NODE_ENV: 'production' },
    'ENTRADA_ENTRA_TENANT_ID is set': { ENTRADA_ENTRA_TENANT_ID: 'contoso.com' },
    'DSTACK_ENTRA_CLIENT_SECRET is set': { DSTACK_ENTRA_CLIENT_SECRET: 'a secret' },
    'ENTRADA_ENTRA_AUTHORITY is set': { ENTRADA_ENTRA_AUTHORITY: 'https://login.example.com' },
    // Alone, and with settings that `entrada serve` would not understand or would ask for.
    'ENTRADA_DATABASE_URL is set': {
      ENTRADA_DATABASE_URL: 'postgres://db.example.com/entrada',
      ENTRADA_LOG_LEVEL: 'much',
    },
    'ENTRADA_SERVER_URL is https, and development serves http': {
      ENTRADA_SERVER_URL: 'https://localhost:3000',
    },
    'ENTRADA_SERVER_URL is not loopback': { ENTRADA_SERVER_URL: 'https://sso.example.com' },
    'ENTRADA_LISTEN is not loopback': { ENTRADA_LISTEN: '0.0.0.0:3000' },
  }
  for (const [reason, environment] of Object.entries(reasons)) {
    it(`does not start when ${reason}`, async (t) => {
      const folder = await temporaryFolder(t)
      const settings = { ENTRADA_DATA_DIR: folder, ...environment }
      const { exitCode, printedErrors } = await run(['dev'], settings)
      assert.equal(exitCode, 1)
      assert.match(printedErrors[0] ?? '', /^entrada: development_mode_refused/)
      assert.ok(printedErrors.includes(`  ${reason}`), printedErrors.join('\n'))
      assert.deepEqual(await readdir(folder), [])
    })
  }

  it('takes the policies, which fit a made-up directory too', async (t) => {
    const { exitCode, printed, printedErrors } = await run(['dev'], {
      ENTRADA_SERVER_URL: `http://localhost:${await freePort()}`,
      ENTRADA_DATA_DIR: await temporaryFolder(t),
      ENTRADA_LOG_LEVEL: 'silent',
      ENTRADA_ENTRA_GUESTS: 'allow',
      ENTRADA_ENTRA_PROVISIONING: 'existing',
      ENTRADA_ENTRA_LINKING: 'verified',
      ENTRADA_ENTRA_GROUPS_OVERAGE: 'keep_last',
      ENTRADA_ENTRA_SIGN_OUT: 'microsoft',
    })
    assert.deepEqual([exitCode, printedErrors], [0, []])
    assert.match(printed[0] ?? '', /^DEVELOPMENT/)
  })
})
