/** `entrada/client` as a program uses it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { build } from 'esbuild'
import { createClient, EntradaApiError, type EntradaClient, etagOf } from '../src/client/client.ts'
import { CONTOSO, OPERATOR_TOKEN, type Rig, SERVER_URL } from './support/rig.ts'
import { openRig } from './support/steps.ts'

type Send = (url: string, init: RequestInit) => Promise<Response>

/** `between` may answer in the server's place, or let it answer. */
function clientOf(rig: Rig, between: (send: Send) => Send = (send) => send): EntradaClient {
  const send: Send = (url, init) => rig.entrada.fetch(new Request(url, init))
  return createClient({ serverUrl: `${SERVER_URL}/`, apiKey: OPERATOR_TOKEN, fetch: between(send) })
}

async function refusalOf(work: Promise<unknown>): Promise<EntradaApiError> {
  const error = await work.then(
    () => assert.fail('it was not refused'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof EntradaApiError)
  return error
}

describe('createClient', () => {
  it('makes, reads, changes and removes', async (t) => {
    const client = clientOf(await openRig(t))
    const { id: organizationId } = await client.createOrganization({ body: { name: 'Contoso' } })
    const connection = await client.createConnection({
      body: { organizationId, tenant: CONTOSO, policies: { defaultRole: 'member' } },
    })
    assert.equal(connection.policies.defaultRole, 'member')
    const { id } = connection
    const changed = await client.changeConnection({
      params: { id },
      body: { settings: { recheckMinutes: 30 } },
      ifMatch: etagOf(connection),
    })
    assert.equal(changed.settings.recheckMinutes, 30)
    const secret = await client.addCredential({
      params: { id },
      body: { kind: 'client_secret', value: 'a-secret-of-some-length' },
    })
    const removed = await client.removeCredential({ params: { id, credential: secret.id } })
    assert.equal(removed, undefined)
    const { items } = await client.listConnections({ query: { status: 'draft', limit: 10 } })
    assert.deepEqual(
      items.map((item) => item.id),
      [id],
    )
  })

  it('goes through every page of a list', async (t) => {
    const client = clientOf(await openRig(t))
    for (let n = 0; n < 5; n += 1) await client.createUser({ body: { username: `u${n}` } })
    const names: string[] = []
    for await (const { memberships } of client.all('listUsers', { query: { limit: 2 } })) {
      names.push(memberships[0]?.username ?? '')
    }
    assert.deepEqual(names.sort(), ['u0', 'u1', 'u2', 'u3', 'u4'])
  })

  it('tells a refusal by its code, with everything that is wrong', async (t) => {
    const client = clientOf(await openRig(t))
    const refused = await refusalOf(client.createOrganization({ body: { name: '', slug: 'a b' } }))
    assert.deepEqual([refused.code, refused.status], ['request_invalid', 400])
    assert.deepEqual(
      refused.errors.map(({ parameter }) => parameter),
      ['name', 'slug'],
    )
    assert.match(refused.message, /name must be not empty/)
    assert.match(refused.correlationId ?? '', /^[0-9a-f-]{36}$/)
    const absent = await refusalOf(client.getUser({ params: { id: '../session' } }))
    assert.equal(absent.code, 'record_not_found', 'an id is one part of the path, whatever it is')
  })

  it('refuses a change of what somebody else has changed', async (t) => {
    const rig = await openRig(t)
    const client = clientOf(rig)
    const seen = await client.createOrganization({ body: { name: 'A' } })
    rig.clock.advanceSeconds(1)
    const change = (name: string) =>
      client.changeOrganization({ params: { id: seen.id }, body: { name }, ifMatch: etagOf(seen) })
    await change('B')
    assert.equal((await refusalOf(change('C'))).code, 'record_changed')
  })
})

describe('a client whose network fails', () => {
  /** Loses the answer of the first `count` calls, after the server did its work. */
  const losing =
    (count: number, seen: string[]) =>
    (send: Send): Send => {
      let lost = 0
      return async (url, init) => {
        seen.push(new Headers(init.headers).get('idempotency-key') ?? '')
        const answer = await send(url, init)
        lost += 1
        if (lost > count) return answer
        throw new TypeError('fetch failed')
      }
    }

  it('tries again, and makes one thing all the same', async (t) => {
    const rig = await openRig(t)
    const keys: string[] = []
    const client = clientOf(rig, losing(2, keys))
    const made = await client.createOrganization({ body: { name: 'A' } })
    assert.equal(keys.length, 3)
    assert.equal(new Set(keys).size, 1)
    const { items } = await client.listOrganizations()
    assert.deepEqual(
      items.map(({ id }) => id).filter((id) => id !== 'default'),
      [made.id],
    )
  })

  it('gives up in the end, and says that there was no answer', async (t) => {
    const keys: string[] = []
    const client = clientOf(await openRig(t), losing(9, keys))
    const { code, status, cause } = await refusalOf(client.listUsers())
    assert.deepEqual([code, status, keys.length], ['no_answer', undefined, 4])
    assert.ok(cause instanceof TypeError)
  })

  it('does not repeat what may not be repeated', async (t) => {
    const rig = await openRig(t)
    const keys: string[] = []
    const body = { username: 'a' }
    const user = await clientOf(rig).createUser({ body })
    const client = clientOf(rig, losing(9, keys))
    const { code } = await refusalOf(client.disableUser({ params: { id: user.id } }))
    assert.deepEqual([code, keys.length], ['no_answer', 1])
  })

  it('waits as long as it is told to, and stops when it is asked to', async (t) => {
    const busy = (): Send => async () =>
      Response.json(
        { code: 'too_many_requests' },
        { status: 429, headers: { 'retry-after': '60' } },
      )
    const client = clientOf(await openRig(t), busy)
    const signal = AbortSignal.abort()
    const refused = await refusalOf(client.listUsers({ signal }))
    assert.deepEqual([refused.code, refused.retryAfterSeconds], ['too_many_requests', 60])
  })

  it('takes a page of something else for no answer', async (t) => {
    const portal = (): Send => async () => new Response('<html>', { status: 200 })
    const { code, status } = await refusalOf(clientOf(await openRig(t), portal).listUsers())
    assert.deepEqual([code, status], ['no_answer', 200])
  })
})

describe('entrada/client', () => {
  it('is free of Node, and of the server', async () => {
    const { metafile, outputFiles } = await build({
      entryPoints: ['src/client/client.ts'],
      bundle: true,
      write: false,
      platform: 'browser',
      format: 'esm',
      metafile: true,
    })
    assert.deepEqual(Object.keys(metafile.inputs).sort(), [
      'src/client/client.ts',
      'src/client/paths.ts',
    ])
    assert.ok((outputFiles[0]?.text.length ?? 0) < 20_000)
  })
})

/** What a compiler has to find wrong; a line that it takes fails `npm run check`. */
export function misuse(client: EntradaClient): readonly Promise<unknown>[] {
  return [
    // @ts-expect-error: the id is missing
    client.getUser(),
    // @ts-expect-error: misspelled
    client.getUser({ params: { userId: 'usr_1' } }),
    // @ts-expect-error: not a member
    client.createOrganization({ body: { name: 'A', owner: 'B' } }),
    // @ts-expect-error: not one of the policies
    client.changeConnection({ params: { id: 'a' }, body: { policies: { guests: 'maybe' } } }),
    // @ts-expect-error: not a status
    client.listConnections({ query: { status: 'broken' } }),
  ]
}
