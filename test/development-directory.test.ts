/** What `npm start` keeps of the emulated Entra from one start to the next. */
import assert from 'node:assert/strict'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import {
  freePort,
  type RunningServer,
  startServer,
  temporaryFolder,
} from './support/server-process.ts'

type Place = { readonly folder: string; readonly port: number }

async function newPlace(t: TestContext): Promise<Place> {
  return { folder: await temporaryFolder(t), port: await freePort() }
}

async function start(t: TestContext, place: Place, ...options: string[]): Promise<Started> {
  const server = await startServer(t, 'dev', { ...place, options })
  const printed = await server.printed(/Open {15}http.*\n/)
  const emulator = /Emulated Entra +(\S+)/.exec(printed)?.[1] ?? ''
  return { server, emulator, printed }
}

type Started = {
  readonly server: RunningServer
  readonly emulator: string
  readonly printed: string
}

async function stop({ server }: Started): Promise<void> {
  server.kill('SIGTERM')
  assert.equal(await server.ended, 0, server.output())
}

async function operate({ emulator }: Started, operation: string, input: unknown = {}) {
  const response = await fetch(`${emulator}/emulator/api/${operation}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(input),
  })
  assert.equal(response.status, 200, await response.clone().text())
  return response.json()
}

type KeptDirectory = {
  readonly tenants: readonly { readonly users: readonly { readonly userPrincipalName: string }[] }[]
  readonly applications: readonly {
    readonly displayName: string
    readonly redirectUris: readonly string[]
    readonly secrets: readonly { readonly value: string }[]
  }[]
}

async function directoryOf({ emulator }: Started): Promise<KeptDirectory> {
  const response = await fetch(`${emulator}/emulator/api/directory`)
  return (await response.json()) as KeptDirectory // what the emulator's own schema has checked
}

function namesIn({ tenants }: KeptDirectory): readonly string[] {
  return tenants.flatMap(({ users }) => users.map(({ userPrincipalName }) => userPrincipalName))
}

const zoe = { tenant: 'contoso.example', user: { userPrincipalName: 'zoe@contoso.example' } }
const customer = {
  displayName: 'A customer’s application',
  homeTenantId: '55555555-5555-4555-8555-555555555555',
  redirectUris: ['http://localhost:3000/login/callback?connection=con_1'],
  secrets: [{ value: 'customer-secret', expiresAt: '2030-01-01T00:00:00.000Z' }],
}

describe('the directory of entrada dev', () => {
  it('has at the next start what was changed, and no address twice (M9)', async (t) => {
    const place = await newPlace(t)
    const first = await start(t, place)
    await operate(first, 'add-user', zoe)
    await operate(first, 'add-application', { application: customer })
    const before = await directoryOf(first)
    await stop(first)

    const second = await start(t, place)
    assert.equal(second.emulator, first.emulator)
    assert.deepEqual(await directoryOf(second), before)
    assert.ok(namesIn(before).includes('zoe@contoso.example'))
    assert.equal(before.applications.at(-1)?.secrets[0]?.value, 'customer-secret')
    const file = join(place.folder, 'entrada-data', 'dev', 'emulated-entra.json')
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    await stop(second)
  })

  it('has what was changed even when the process was killed (M9)', async (t) => {
    const place = await newPlace(t)
    const first = await start(t, place)
    await operate(first, 'add-user', zoe)
    first.server.kill('SIGKILL')
    await first.server.ended
    const second = await start(t, place)
    assert.ok(namesIn(await directoryOf(second)).includes('zoe@contoso.example'))
  })

  it('is the first one again after --reset, and after the button of the page (M9)', async (t) => {
    const place = await newPlace(t)
    const first = await start(t, place)
    const seeded = namesIn(await directoryOf(first))
    await operate(first, 'add-user', zoe)
    const page = await (await fetch(`${first.emulator}/emulator`)).text()
    assert.match(page, /action="\/emulator\/api\/reset"/)
    await operate(first, 'reset')
    await stop(first)

    const second = await start(t, place)
    assert.deepEqual(namesIn(await directoryOf(second)), seeded)
    await operate(second, 'add-user', zoe)
    await stop(second)
    const third = await start(t, place, '--reset')
    assert.deepEqual(namesIn(await directoryOf(third)), seeded)
  })

  it('knows the server’s callback when the server moved to another port (M9)', async (t) => {
    const place = await newPlace(t)
    const first = await start(t, place)
    await operate(first, 'add-user', zoe)
    await stop(first)
    const moved = await start(t, { ...place, port: await freePort() })
    const [application] = (await directoryOf(moved)).applications
    assert.ok(application?.redirectUris.includes(`${moved.server.origin}/auth/entra/callback`))
    assert.ok(application?.redirectUris.includes(`${first.server.origin}/auth/entra/callback`))
  })

  it('says so when its port is taken, since connections store its address (M9)', async (t) => {
    const place = await newPlace(t)
    const other = createServer().listen(place.port + 1, '127.0.0.1')
    t.after(() => other.close())
    const { printed } = await start(t, place)
    assert.match(printed, new RegExp(`Port ${place.port + 1} is taken`))
  })

  for (const content of ['{"tenants": [', '{"tenants": []}', '{"shoes": 2}']) {
    it(`does not start with ${content}, and names the way out (M9)`, async (t) => {
      const place = await newPlace(t)
      const first = await start(t, place)
      await operate(first, 'add-user', zoe)
      await stop(first)
      const file = join(place.folder, 'entrada-data', 'dev', 'emulated-entra.json')
      await writeFile(file, content)
      const refused = await startServer(t, 'dev', place)
      assert.equal(await refused.ended, 1)
      assert.match(refused.output(), /^entrada: development_directory_invalid/)
      assert.match(refused.output(), /emulated-entra\.json[\s\S]*--reset/)
      assert.equal(await readFile(file, 'utf8'), content)
    })
  }
})
