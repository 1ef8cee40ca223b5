import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { describe, it, type TestContext } from 'node:test'
import type { RawHandler } from '../http/raw-handler.ts'
import { type Answer, createAdmission } from './admit-requests.ts'
import { defaultLimits } from './http-server.ts'

async function start(
  t: TestContext,
  answer: Answer,
  options: { readonly maxRequests: number; readonly first: RawHandler },
) {
  const { admit } = createAdmission({ ...defaultLimits, ...options, cutOff: () => {} }, answer)
  const server = createServer(admit)
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert(typeof address === 'object' && address !== null)
  return { port: address.port }
}

describe('createAdmission', () => {
  it('lets a request that the first handler leaves wait for the places of all others (A1)', async (t) => {
    const letGo = Promise.withResolvers<void>()
    const arrived = Promise.withResolvers<void>()
    const first: RawHandler = {
      takes: ({ url }) => url !== '/page',
      async answer({ url }, outgoing) {
        if (url !== '/question') return 'left'
        outgoing.end('yes')
        return 'answered'
      },
    }
    const answer: Answer = async (_incoming, outgoing) => {
      arrived.resolve()
      await letGo.promise
      outgoing.end('page')
    }
    const { port } = await start(t, answer, { maxRequests: 1, first })
    const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
    const left = ask('/left')
    await arrived.promise
    assert.equal(await (await ask('/question')).text(), 'yes')
    assert.equal((await ask('/page')).status, 503)
    letGo.resolve()
    assert.equal(await (await left).text(), 'page')
  })
})
