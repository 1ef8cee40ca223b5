/** What `npm run build` makes, as others get it: one file that needs Node alone, and a library for `node_modules`. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { startEmulator } from '../src/emulator/start-emulator.ts'
import { CLIENT_ID, CLIENT_SECRET, people } from './support/rig.ts'
import {
  createSocketBrowser,
  freePort,
  startServer,
  temporaryFolder,
} from './support/server-process.ts'

const closers: (() => unknown)[] = []
let dist: string

before(async () => {
  const folder = await temporaryFolder({
    after: (close: () => unknown) => void closers.push(close),
  })
  dist = join(folder, 'dist')
  execFileSync(process.execPath, ['scripts/build.ts', '--out', dist], { encoding: 'utf8' })
})
after(async () => {
  for (const close of closers) await close()
})

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

describe('dist/entrada.js', () => {
  it('is the whole server in one file: with nothing beside it, it signs a person in', async (t) => {
    const emulator = await startEmulator()
    t.after(() => emulator.close())
    const port = await freePort()
    const origin = `http://localhost:${port}`
    emulator.addRedirectUri(CLIENT_ID, `${origin}/auth/entra/callback`)
    emulator.signInAutomaticallyAs(people.alice)
    const folder = await temporaryFolder(t)
    const program = join(folder, 'entrada.js')
    cpSync(join(dist, 'entrada.js'), program)
    // Without a package.json above it, Node still has to know a module when it sees one.
    const environment = {
      ENTRADA_ENTRA_TENANT_ID: 'contoso.example',
      ENTRADA_ENTRA_CLIENT_ID: CLIENT_ID,
      ENTRADA_ENTRA_CLIENT_SECRET: CLIENT_SECRET,
      ENTRADA_ENTRA_AUTHORITY: emulator.origin,
      NODE_ENV: 'production',
    }
    const server = await startServer(t, 'serve', { folder, port, program, environment })
    await server.printed(/"event":"started"/)
    const home = await createSocketBrowser().visit(`${origin}/auth/entra/login`)
    assert.equal(home.url.href, `${origin}/`, home.text)
    assert.match(home.text, /Alice Example/)
    server.kill('SIGTERM')
    assert.equal(await server.ended, 0)
  })

  it('has the made-up directory inside, for trying it', async (t) => {
    const server = await startServer(t, 'dev', { program: join(dist, 'entrada.js') })
    await server.printed(/Open {15}http/)
    const browser = createSocketBrowser()
    const picker = await browser.visit(`${server.origin}/auth/entra/login`)
    assert.match(picker.text, /Alice Example/)
  })

  it('says what went wrong with the names of our own files and functions', () => {
    const text = readFileSync(join(dist, 'entrada.js'), 'utf8')
    assert.match(text, /async function finishSignIn\(/)
    assert.match(text, /^\/\/ src\/sign-in\/sign-in\.ts$/m)
  })
})

describe('the built package', () => {
  it('is a library that an application imports, with its types', async (t) => {
    const application = await installedInApplication(t)
    writeFileSync(join(application, 'app.ts'), APPLICATION)
    const ran = spawnSync(process.execPath, ['app.ts'], { cwd: application, encoding: 'utf8' })
    assert.equal(ran.stdout, 'true 200\n', ran.stderr)

    const strict = ['--strict', '--noEmit', '--module', 'nodenext', '--types', 'node']
    const compiler = resolve('node_modules/typescript/bin/tsc')
    const given = [compiler, ...strict, '--skipLibCheck', '--ignoreConfig', 'app.ts']
    const right = spawnSync(process.execPath, given, { cwd: application, encoding: 'utf8' })
    assert.equal(right.status, 0, right.stdout)
    const wrong = APPLICATION.replace('serverUrl: new URL', 'serverUrl: String')
    writeFileSync(join(application, 'app.ts'), wrong)
    const refused = spawnSync(process.execPath, given, { cwd: application, encoding: 'utf8' })
    assert.match(refused.stdout, /Type 'string' is not assignable to type 'URL'/)
  })

  it('offers everything that a clone offers', async (t) => {
    const { name, exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      name: string
      exports: Record<string, string>
    }
    const application = await installedInApplication(t)
    const wanted = Object.keys(exports).map((path) => name + path.slice(1))
    const text = wanted.map((path) => `console.log(typeof await import('${path}'))`).join('\n')
    writeFileSync(join(application, 'all.js'), text)
    const ran = spawnSync(process.execPath, ['all.js'], { cwd: application, encoding: 'utf8' })
    assert.equal(ran.stdout, wanted.map(() => 'object\n').join(''), ran.stderr)
  })

  it('carries no test, key, environment file or source map (I28)', () => {
    const own = [
      'package.json',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'LICENSES.txt',
      'entrada.js',
    ]
    const stranger = packedFiles(dist).filter(
      (path) => !own.includes(path) && !/^lib\/[\w/-]+(?<!\.test)(\.d)?\.(ts|js|json)$/.test(path),
    )
    assert.deepEqual(stranger, [])
    for (const path of filesOf(dist)) {
      const text = readFileSync(path, 'utf8')
      assert.doesNotMatch(text, /sourceMappingURL=(?!`|\$)|from 'node:test'/, path)
      assert.doesNotMatch(text, /-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/]{40}/, path)
      assert.ok(
        !text.includes(process.cwd()),
        `${path} names a folder of the machine it was built on`,
      )
    }
  })

  it('from a clone packs no source but the door, and never a test, key or environment file (I28)', () => {
    const stranger = packedFiles('.').filter(
      (path) =>
        !/^(package\.json|README\.md|LICENSE|CHANGELOG\.md|src\/bin\.ts)$/.test(path) &&
        !path.startsWith('dist/'),
    )
    assert.deepEqual(stranger, [])
  })

  it('names every package whose code it carries, with its licence', () => {
    const text = readFileSync(join(dist, 'LICENSES.txt'), 'utf8')
    for (const name of ['@azure/msal-node', 'hono', 'jose', 'kysely', 'pg', 'pino', 'valibot']) {
      assert.match(text, new RegExp(`^---- ${name} \\d`, 'm'))
    }
    assert.doesNotMatch(text, /undefined/)
  })
})

/** As npm would pack it. */
function packedFiles(folder: string): string[] {
  const given = ['pack', '--dry-run', '--json', '--ignore-scripts', resolve(folder)]
  const printed = execFileSync('npm', given, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [packed] = JSON.parse(printed) as [{ files: { path: string }[] }] // npm's own form
  return packed.files.map(({ path }) => path)
}

/** A folder with the package copied into its `node_modules`, where Node runs no TypeScript, and what it depends on. */
async function installedInApplication(t: Parameters<typeof temporaryFolder>[0]): Promise<string> {
  const application = await temporaryFolder(t)
  writeFileSync(join(application, 'package.json'), '{ "type": "module" }')
  cpSync(dist, join(application, 'node_modules/entrada'), { recursive: true })
  const { dependencies } = JSON.parse(readFileSync(join(dist, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    const link = join(application, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(resolve('node_modules', name), link)
  }
  return application
}

const APPLICATION = `
import { createEntrada, EntradaError, Secret, type Entrada } from 'entrada'

const entrada: Entrada = createEntrada({
  serverUrl: new URL('https://sso.example.com'),
  database: ':memory:',
  secretKeys: [new Secret(Buffer.alloc(32, 7).toString('base64url'))],
})
const response = await entrada.fetch(new Request('https://sso.example.com/healthz'))
console.log(typeof EntradaError === 'function', response.status)
await entrada.close()
`
