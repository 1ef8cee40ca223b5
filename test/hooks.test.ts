/** The hooks of an application: `hooks.decideSignIn`, `hooks.onEvent`. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { EntradaEvent, HookAnswer, HookDecision } from '../src/hooks.ts'
import { people, type Rig } from './support/rig.ts'
import { temporaryFolder } from './support/server-process.ts'
import { auditEvents, liveSessions, openRig } from './support/steps.ts'

describe('hooks.decideSignIn', () => {
  it('is asked after we decided, before anything is written, with no transaction open', async (t) => {
    const questions: HookDecision[] = []
    const rig: Rig = await openRig(t, {
      hooks: {
        async decideSignIn(decision) {
          questions.push(decision)
          assert.deepEqual(await liveSessions(rig), [])
          const users = await rig.services.storage.listUsers({ limit: 10 })
          assert.deepEqual(users.items, [])
          // Waits for ever where a transaction is open: the embedded database has one writer.
          await rig.services.storage.atomically(async () => {})
          return { refuse: false }
        },
      },
    })
    const { response } = await rig.signIn(people.alice)
    assert.equal(response.status, 200)
    const [decision] = questions
    assert.equal(questions.length, 1)
    assert.equal(decision?.decision.person.kind, 'new')
    assert.equal(decision?.identity.preferredUsername, people.alice)
    assert.ok(decision?.identity.sub)
  })

  for (const [how, decideSignIn] of [
    ['says no', () => ({ refuse: true as const, reason: 'no_licence' })],
    ['fails', () => Promise.reject(new Error('licences are away'))],
    ['takes longer than two seconds', () => new Promise<HookAnswer>(() => {})],
  ] as const) {
    it(`refuses when it ${how}, and nothing is written`, async (t) => {
      const rig = await openRig(t, { hooks: { decideSignIn } })
      const { response, text: page } = await rig.signIn(people.alice)
      assert.equal(response.status, 403)
      assert.match(page, /refused_by_application/)
      assert.deepEqual(await liveSessions(rig), [])
      assert.deepEqual((await rig.services.storage.listUsers({ limit: 10 })).items, [])
      const [refused] = await auditEvents(rig, { type: 'sign_in.refused' })
      assert.equal(refused?.detail.code, 'refused_by_application')
    })
  }
})

describe('an answer of hooks.decideSignIn', () => {
  const polluted = Object.create({ refuse: false })
  const invalid: readonly (readonly [string, unknown])[] = [
    ['undefined', undefined],
    ['null', null],
    ['{}', {}],
    ['true', true],
    ['false', false],
    ['0', 0],
    ['an empty text', ''],
    ['{ refuse: undefined }', { refuse: undefined }],
    ["{ refuse: 'false' }", { refuse: 'false' }],
    ['{ refuse: 0 }', { refuse: 0 }],
    ['{ refused: false }', { refused: false }],
    ['{ refuse: false, allow: false }', { refuse: false, allow: false }],
    ['[{ refuse: false }]', [{ refuse: false }]],
    ['an inherited member', polluted],
    ['a function', () => ({ refuse: false })],
  ]
  for (const [name, answer] of invalid) {
    it(`refuses by name when it is ${name}, and the log says so (A4)`, async (t) => {
      const decideSignIn = () => answer as HookAnswer // as those who write JavaScript would return it
      const rig = await openRig(t, { hooks: { decideSignIn } })
      const { response, text: page } = await rig.signIn(people.alice)
      assert.equal(response.status, 403)
      assert.match(page, /application_answer_invalid/)
      assert.deepEqual(await liveSessions(rig), [])
      const [refused] = await auditEvents(rig, { type: 'sign_in.refused' })
      assert.equal(refused?.detail.code, 'application_answer_invalid')
      assert.ok(rig.logLines.some((line) => line.includes('hook_answer_invalid')))
    })
  }

  it('refuses when it says so, whatever the reason is (A4)', async (t) => {
    for (const reason of [undefined, 7, { long: 'story' }, 'x'.repeat(5_000)]) {
      const decideSignIn = () => ({ refuse: true, reason }) as HookAnswer // any reason
      const rig = await openRig(t, { hooks: { decideSignIn } })
      const { text: page } = await rig.signIn(people.alice)
      assert.match(page, /refused_by_application/)
      const [refused] = await auditEvents(rig, { type: 'sign_in.refused' })
      assert.ok(JSON.stringify(refused?.detail).length < 300)
    }
  })

  it('lets in when it does not refuse, with or without a reason (A4)', async (t) => {
    for (const reason of ['has a licence', undefined]) {
      const decideSignIn = () => ({ refuse: false, reason }) as HookAnswer // one type of both answers
      const rig = await openRig(t, { hooks: { decideSignIn } })
      await rig.signIn(people.alice)
      assert.equal((await liveSessions(rig)).length, 1)
    }
  })
})

describe('hooks.onEvent', () => {
  it('hears what happened to a person, in the order in which it happened', async (t) => {
    const events: EntradaEvent[] = []
    const rig = await openRig(t, { hooks: { onEvent: (event) => void events.push(event) } })
    await rig.signIn(people.alice)
    await waitFor(() => events.some(({ type }) => type === 'sign_in.succeeded'))
    const types = events.map(({ type }) => type)
    assert.deepEqual(types.slice(-5), [
      'identity.linked',
      'user.created',
      'membership.created',
      'membership.roles_changed',
      'sign_in.succeeded',
    ])
    const created = events.find((event) => event.type === 'user.created')
    assert.equal(created?.type === 'user.created' && created.detail.how, 'first_sign_in')
    const [user] = (await rig.services.storage.listUsers({ limit: 1 })).items
    assert.equal(created?.userId, user?.user.id)
  })

  it('brings an event again to a process that was killed while it took it', async (t) => {
    const folder = await temporaryFolder(t)
    const program = join(resolve('test-output'), `killed-${process.pid}.ts`)
    mkdirSync('test-output', { recursive: true })
    writeFileSync(program, KILLED)
    t.after(() => rmSync(program))
    const run = async (dies: string) => {
      const { NODE_TEST_CONTEXT: _, ...env } = process.env
      const child = spawn(process.execPath, [program, folder, dies], { env })
      const errors = text(child.stderr)
      const [code, signal] = await once(child, 'exit')
      return { ended: code ?? signal, errors: await errors }
    }
    const heard = () => readFileSync(join(folder, 'heard'), 'utf8').trim().split('\n')
    assert.deepEqual(await run('dies'), { ended: 'SIGKILL', errors: '' })
    const [first] = heard()
    assert.equal(heard().length, 1)
    assert.deepEqual(await run('lives'), { ended: 0, errors: '' })
    assert.deepEqual([heard()[0], heard()[1]], [first, first])
    assert.equal(new Set(heard()).size, heard().length - 1, 'the others come once')
  })
})

const KILLED = `
import { appendFileSync } from 'node:fs'
import { createEntrada } from 'entrada'
const [folder, how] = process.argv.slice(2)
const entrada = createEntrada({
  serverUrl: 'http://localhost:3000',
  database: folder + '/entrada.db',
  secretKeys: ['${Buffer.from(Array.from({ length: 32 }, (_, n) => n * 7)).toString('base64url')}'],
  entra: { tenantId: 'contoso.example', clientId: '33333333-3333-4333-8333-333333333333', clientSecret: 'a~b' },
  hooks: {
    onEvent({ id, type }) {
      appendFileSync(folder + '/heard', id + '\\n')
      if (how === 'dies') process.kill(process.pid, 'SIGKILL')
      if (type === 'user.created') void entrada.close().then(() => process.exit(0))
    },
  },
})
const caller = { actor: { kind: 'operator', id: 'test' } } as const
if (how === 'dies') await entrada.api.createUser(caller, { username: 'anna' })
else await entrada.api.listUsers({ limit: 1 })
await new Promise((resolve) => setTimeout(resolve, 60_000))
`

async function waitFor(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    assert.ok(tries < 400, 'it does not come about')
    await pause(25)
  }
}
