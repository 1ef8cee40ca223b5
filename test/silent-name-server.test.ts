/** A customer's name server that never answers delays the webhooks and domains of that customer, and no sign-in. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { startHttpServer } from '../src/cli/http-server.ts'
import { createTxtResolver } from '../src/organizations/dns-txt.ts'
import { addDomain, verifyDomain } from '../src/organizations/domains.ts'
import { createOrganization } from '../src/organizations/organizations.ts'
import { createOutgoing } from '../src/outgoing/outgoing.ts'
import { startDeliveries } from '../src/webhooks/deliver.ts'
import { createWebhookSender } from '../src/webhooks/send-webhook.ts'
import { createWebhook } from '../src/webhooks/webhooks.ts'
import { operator } from './support/customers.ts'
import { openFarRig } from './support/far-rig.ts'
import { type NameServer, startNameServer } from './support/name-server.ts'
import { CLIENT_ID, people, type Rig } from './support/rig.ts'
import { createSocketBrowser, freePort } from './support/server-process.ts'

const SILENT = Array.from({ length: 20 }, (_, n) => `hooks-${n}.customer.example`)
const TIMES = 100

type Site = { readonly rig: Rig; readonly origin: string; readonly nameServer: NameServer }

/** A server behind a real port that reaches Entra over real sockets, and uses a name server that never answers. */
async function startSite(t: TestContext): Promise<Site> {
  const zone = Object.fromEntries(
    [...SILENT, ...SILENT.map((name) => `_entrada-challenge.${name}`)].map((name) => [
      name,
      'silence' as const,
    ]),
  )
  const nameServer = await startNameServer(t, zone)
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const rig = await openFarRig(t, {
    serverUrl: new URL(origin),
    fetch: createOutgoing().fetch,
    resolveTxt: createTxtResolver({ servers: [nameServer.address] }),
    identityTokens: true,
    withoutBackgroundWork: true,
  })
  rig.emulator.addRedirectUri(CLIENT_ID, `${origin}/auth/entra/callback`)
  rig.emulator.signInAutomaticallyAs(people.alice)
  const server = await startHttpServer(rig.entrada, { host: '127.0.0.1', port })
  t.after(() => server.stop())
  return { rig, origin, nameServer }
}

/** How many of so many pieces of work, one after the other, took less than a second. */
async function countQuick(work: () => Promise<void>): Promise<number> {
  let quick = 0
  for (let n = 0; n < TIMES; n += 1) {
    const startedAt = performance.now()
    await work()
    if (performance.now() - startedAt < 1_000) quick += 1
  }
  return quick
}

async function expectOthersGoOn({ origin }: Site): Promise<void> {
  const browser = createSocketBrowser()
  const signIns = await countQuick(async () => {
    const fresh = createSocketBrowser()
    assert.match((await fresh.visit(`${origin}/auth/entra/login`)).text, /Alice/)
  })
  await browser.visit(`${origin}/auth/entra/login`)
  const checks = await countQuick(async () => {
    assert.equal((await browser.request(`${origin}/auth/verify`)).status, 204)
  })
  assert.ok(signIns >= 99, `${signIns} of ${TIMES} sign-ins`)
  assert.ok(checks >= 99, `${checks} of ${TIMES} checks`)
}

describe('a name server that never answers', () => {
  it('holds up no sign-in and no check while twenty webhooks wait for it (A2)', {
    timeout: 120_000,
  }, async (t) => {
    const site = await startSite(t)
    const { rig, nameServer } = site
    for (const name of SILENT) {
      await createWebhook(rig.services, operator, { url: `https://${name}/hook` })
    }
    const names = { servers: [nameServer.address] }
    const stop = startDeliveries(
      rig.services,
      createWebhookSender({ privateAllowed: false, names }),
    )
    await until(() => nameServer.requestedNames.length > 0)
    // The threads of `dns.lookup` are needed by cryptography and by the look-up of Entra.
    assert.ok(!process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap'))
    await expectOthersGoOn(site)
    assert.ok(!process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap'))
    await stop()
  })

  it('is asked once for a receiver and round, however many events wait (A2)', async (t) => {
    const { rig, origin, nameServer } = await startSite(t)
    const [name] = SILENT
    await createWebhook(rig.services, operator, { url: `https://${name}/hook` })
    await createSocketBrowser().visit(`${origin}/auth/entra/login`)
    const names = { servers: [nameServer.address], timeLimitMs: 300 }
    const sender = createWebhookSender({ privateAllowed: false, names })
    let sent = 0
    const stop = startDeliveries(rig.services, (message) => {
      sent += 1
      return sender(message)
    })
    await until(() => sent >= 6)
    await stop()
    // Two families, each of them tried twice.
    assert.ok(
      nameServer.requestedNames.length <= 4,
      `${nameServer.requestedNames.length} questions for ${sent} events`,
    )
  })

  it('holds up no sign-in while its domains are checked, and each organization has a share of the checks (A2)', {
    timeout: 120_000,
  }, async (t) => {
    const site = await startSite(t)
    const { services } = site.rig
    const organization = await createOrganization(services, operator, { name: 'Customer' })
    const domains = await Promise.all(
      SILENT.map((name) => addDomain(services, operator, { organization: organization.id, name })),
    )
    const checks = Array.from({ length: 4 }, () => domains).flat()
    const outcomes = Promise.allSettled(
      checks.map(({ id }) => verifyDomain(services, operator, id)),
    )
    await expectOthersGoOn(site)
    const codes = (await outcomes).map(
      (outcome) => outcome.status === 'rejected' && outcome.reason.code,
    )
    assert.equal(codes.filter((code) => code === 'too_many_requests').length, 20)
    assert.equal(codes.filter((code) => code === 'dns_unavailable').length, 60)
  })
})

async function until(isSo: () => boolean): Promise<void> {
  for (let waits = 0; waits < 600 && !isSo(); waits += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.ok(isSo())
}
