/** The log as docs/monitoring.md shows it: each line there is one that is written, and each event is listed. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { Secret } from '../src/keys/secret.ts'
import { metricTable } from '../src/metrics/metric-table.ts'
import { goToEntra } from './support/refusals.ts'
import { CLIENT_SECRET, people, type Rig, SERVER_URL } from './support/rig.ts'
import { startServer } from './support/server-process.ts'
import { openRig } from './support/steps.ts'

type Line = Readonly<Record<string, unknown>>
const guide = readFileSync('docs/monitoring.md', 'utf8')
const shown: readonly Line[] = [...guide.matchAll(/```json\n(.+)\n```/g)].map(([, line = '']) =>
  JSON.parse(line),
)
const parsed = (lines: readonly string[]): readonly Line[] => lines.map((line) => JSON.parse(line))

/** Two lines say the same kind of thing: event, level, code, and exactly the same members. */
function isLike(one: Line, other: Line): boolean {
  const shape = (line: Line) =>
    JSON.stringify([line.event, line.level, line.code, Object.keys(line)])
  return shape(one) === shape(other)
}

async function openTalkativeRig(t: TestContext): Promise<Rig> {
  const expiresAt = new Date('2026-11-28T00:00:00Z')
  const value = new Secret(CLIENT_SECRET)
  const credentials = [{ kind: 'client_secret', value, expiresAt }] as const
  return openRig(t, { signInsPerMinute: 60, entra: { credentials } })
}

describe('docs/monitoring.md', () => {
  it('shows lines that are written', { timeout: 30_000 }, async (t) => {
    const rig = await openTalkativeRig(t)
    await rig.signIn(people.alice)
    await rig.signIn(people.grace)
    const { browser, callback } = await goToEntra(rig, people.bob)
    rig.emulator.setFault({ kind: 'status', on: 'token', status: 503 })
    await browser.request(callback)
    for (let n = 0; n < 60; n += 1) await rig.browser().request(`${SERVER_URL}/auth/entra/login`)
    const server = await startServer(t, 'serve')
    const started = await server.printed(/"started"\}/)
    server.kill('SIGTERM')
    const written = parsed([
      ...rig.logLines,
      ...started.split('\n').filter((line) => line.startsWith('{')),
    ])
    assert.ok(shown.length >= 7)
    for (const line of shown) {
      assert.ok(
        written.some((entry) => isLike(entry, line)),
        `never written like this: ${JSON.stringify(line)}`,
      )
    }
  })

  it('lists every event of the log', () => {
    const written = new Set(
      readdirSync('src', { recursive: true, encoding: 'utf8' })
        .filter((path) => /(?<!\.test)\.ts$/.test(path) && !/^(emulator|doctor)/.test(path))
        .map((path) => readFileSync(join('src', path), 'utf8'))
        .flatMap((text) => [...text.matchAll(/\blog\??\.(?:debug|info|warn|error)\(\s*'(\w+)'/g)])
        .map(([, event = '']) => event),
    )
    const unlisted = [...written].filter((event) => !guide.includes(`\`${event}\``))
    assert.ok(written.has('signed_in'))
    assert.deepEqual(unlisted, [])
  })

  it('alerts on metrics that exist', () => {
    const named = guide.match(/\b(?:entrada|nodejs|process)_[a-z0-9_]+_[a-z0-9]+\b/g) ?? []
    const unknown = named
      .map((name) => name.replace(/_(bucket|sum|count)$/, ''))
      .filter((name) => !Object.hasOwn(metricTable, name))
    assert.deepEqual(unknown, [])
  })
})

describe('the log', () => {
  it('says who and from where, and holds no secret of the sign-in (I08)', async (t) => {
    const rig = await openTalkativeRig(t)
    const { browser, callback } = await goToEntra(rig, people.alice)
    await browser.request(callback)
    const cookies = [...browser.cookies(new URL(SERVER_URL).host).values()]
    const text = rig.logLines.join('')
    const secrets = [callback.searchParams.get('code'), callback.searchParams.get('state')]
    for (const secret of [...secrets, ...cookies, CLIENT_SECRET]) {
      assert.ok(secret && !text.includes(secret), String(secret).slice(0, 12))
    }
    const signedIn = parsed(rig.logLines).find(({ event }) => event === 'signed_in')
    assert.match(String(signedIn?.userId), /^usr_/)
    assert.equal(signedIn?.ip, '127.0.0.1')
    assert.doesNotMatch(text, /alice/i)
  })
})
