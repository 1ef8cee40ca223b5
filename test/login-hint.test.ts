/** The response to a name that a client sends before signing in does not reveal which users exist. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { people, SERVER_URL } from './support/rig.ts'
import { asOperator, openRig } from './support/steps.ts'

describe('login_hint', () => {
  it('is answered alike for people who are known, unknown, disabled or nonsense; nobody is looked up (I22)', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    await rig.signIn(people.bob)
    const { items } = await rig.entrada.api.listUsers({ limit: 9 })
    await rig.entrada.api.disableUser(
      { actor: { kind: 'operator', id: 'test' } },
      items[0]?.user.id ?? '',
    )
    const hints = [
      people.alice,
      people.bob,
      'nobody@contoso.example',
      'x@y.example',
      '%00',
      "' or 1=1",
    ]
    const answers = []
    for (const hint of hints) {
      const url = `${SERVER_URL}/auth/entra/login?login_hint=${encodeURIComponent(hint)}`
      const response = await rig.browser().request(url)
      const headers = [...response.headers.keys()].sort()
      const location = new URL(response.headers.get('location') ?? '', SERVER_URL)
      const names = [...location.searchParams.keys()].filter((name) => name !== 'login_hint')
      const [cookie = ''] = response.headers.getSetCookie()
      answers.push({
        status: response.status,
        headers,
        to: location.pathname,
        names,
        cookie: cookie.replace(/=[^;]*/, '').replace(/attempt-[^;]*/, ''),
      })
    }
    for (const answer of answers) assert.deepEqual(answer, answers[0])
    assert.equal(answers[0]?.status, 303)
  })

  it('asks the database for nothing about people, so that no time tells either (I22)', async (t) => {
    const rig = await openRig(t, { withoutBackgroundWork: true })
    await rig.signIn(people.alice)
    const verbs = async () => {
      const text = await (
        await rig.entrada.fetch(new Request(`${SERVER_URL}/metrics`, { headers: asOperator }))
      ).text()
      const counted = text.matchAll(
        /^entrada_database_duration_seconds_count\{verb="(\w+)".*\} (\d+)$/gm,
      )
      return new Map([...counted].map(([, verb = '', count]) => [verb, Number(count)]))
    }
    const ask = async (hint: string) => {
      const before = await verbs()
      await rig.browser().request(`${SERVER_URL}/auth/entra/login?login_hint=${hint}`)
      const used = [...(await verbs())].filter(([verb, count]) => count !== before.get(verb))
      // The scrape itself, and work in the background.
      return used
        .map(([verb]) => verb)
        .filter(
          (verb) =>
            !/^(countLive|hasUnlinkedEvents|withAuditChain|sweep|findAuditVerification)$/.test(
              verb,
            ),
        )
    }
    const known = await ask(people.alice)
    assert.deepEqual(await ask('nobody@contoso.example'), known)
    assert.ok(
      known.every((verb) => /Connection|Organization|findStart|countDomains|countUses/.test(verb)),
      known.join(),
    )
  })
})
