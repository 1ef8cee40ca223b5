/** What the doctor finds at applications on other hosts, which their proxies have to guard. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AskContext, resolveHere } from '../src/doctor/ask.ts'
import { diagnoseAddresses } from '../src/doctor/diagnose-addresses.ts'
import { probeGuard } from '../src/doctor/probe-guard.ts'
import { listen } from './support/far-rig.ts'
import { freePort } from './support/server-process.ts'

const SSO = 'https://sso.apps.example.com'

/** Returns the doctor's findings about an application at this address. */
async function findingAt(origin: string): Promise<string | undefined> {
  const context: AskContext = {
    now: () => new Date(),
    deadline: AbortSignal.timeout(30_000),
    timeLimitMs: 10_000,
    resolve: resolveHere,
  }
  const application = await probeGuard(context, origin, [SSO])
  const [finding] = diagnoseAddresses({
    at: new Date(),
    mode: 'production',
    addresses: {
      listen: '0.0.0.0:3000',
      listensLocally: false,
      namesProxies: true,
      local: 'alive',
      addresses: [],
      applications: [application],
    },
  })
  return finding?.id
}

describe('what the doctor finds about applications on other hosts', () => {
  for (const [status, id] of [
    [401, 'application_guarded'],
    [403, 'application_guarded'],
    [200, 'application_open'],
    [404, 'application_open'],
    [400, 'application_refused'],
    [421, 'application_refused'],
    [502, 'application_refused'],
  ] as const) {
    it(`takes ${status} for ${id}`, async (t) => {
      const origin = await listen(t, (_, response) => response.writeHead(status).end())
      assert.equal(await findingAt(origin), id)
    })
  }

  it('takes a redirect to the login page for a guard, and no other', async (t) => {
    for (const [location, id] of [
      [`${SSO}/login?return_to=x`, 'application_guarded'],
      ['https://evil.example/login', 'application_open'],
      [`${SSO}.evil.example/login`, 'application_open'],
      [`${SSO}/`, 'application_open'],
      ['/login', 'application_open'],
      ['', 'application_open'],
    ] as const) {
      const origin = await listen(t, (_, response) => response.writeHead(303, { location }).end())
      assert.equal(await findingAt(origin), id, location)
    }
  })

  it('tells of a name that nobody serves', async () => {
    assert.equal(await findingAt(`http://127.0.0.1:${await freePort()}`), 'application_not_reached')
  })
})
