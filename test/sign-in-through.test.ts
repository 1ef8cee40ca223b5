/** `signInThrough` of `entrada/emulator`, with Entrada as the application under test. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { signInThrough } from '../src/emulator/start-emulator.ts'
import { createRig, people } from './support/rig.ts'

it('signs a person in to an application with Entrada in it, and stays signed in (M10)', async (t) => {
  const rig = await createRig()
  t.after(() => rig.close())
  const fetch = (request: Request) => rig.entrada.fetch(request, { remoteAddress: '127.0.0.1' })
  const bob = await signInThrough(rig.emulator, fetch, people.bob, { start: rig.startAt })
  assert.equal(bob.response.status, 200)
  const session = await bob.fetch('/api/v1/session')
  assert.match(await session.text(), /Bob Example/)
  const stranger = await rig.entrada.fetch(new Request(new URL('/api/v1/session', rig.startAt)))
  assert.equal(stranger.status, 401)
})
