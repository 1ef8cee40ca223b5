/** Which host a request is for, where Entrada is embedded: the frameworks hand on less than the server sees. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'
import * as forExpress from '../../src/embedding/express.ts'
import * as forHono from '../../src/embedding/hono.ts'
import type { Entrada } from '../../src/entrada.ts'
import { people, SERVER_URL } from '../support/rig.ts'
import { openRig, sessionCookieOf } from '../support/steps.ts'

const HOST = new URL(SERVER_URL).host

const applications: Readonly<Record<string, (entrada: Entrada) => RequestListener>> = {
  Express(entrada) {
    const app = express()
    app.use(forExpress.mountEntrada(entrada))
    app.get('/reports', forExpress.requireSession(entrada), (_request, response) => {
      response.send('reports')
    })
    return app
  },
  Hono(entrada) {
    const app = new Hono()
    app.use(forHono.mountEntrada(entrada))
    app.get('/reports', forHono.requireSession(entrada), (c) => c.text('reports'))
    return getRequestListener(app.fetch, { overrideGlobalObjects: false })
  },
}

async function openApplication(t: TestContext, application: (entrada: Entrada) => RequestListener) {
  const rig = await openRig(t)
  const { browser } = await rig.signIn(people.alice)
  const cookie = `Cookie: ${sessionCookieOf(browser, SERVER_URL).join('=')}`
  const server = createServer(application(rig.entrada)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as { port: number }
  return async (target: string, ...hosts: readonly string[]) => {
    const lines = [`GET ${target} HTTP/1.1`, ...hosts.map((host) => `Host: ${host}`), cookie]
    const socket = connect(port, '127.0.0.1')
    socket.end(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`)
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(await text(socket))?.[1])
  }
}

for (const [name, application] of Object.entries(applications)) {
  describe(`a request to an application with ${name}`, () => {
    for (const path of ['/account', '/reports']) {
      it(`is for the host in its target, and never for one of two Host headers: ${path} (S11)`, async (t) => {
        const statusOf = await openApplication(t, application)
        assert.equal(await statusOf(path, HOST), 200)
        assert.equal(await statusOf(`http://${HOST}${path}`, 'evil.example'), 200)
        assert.equal(await statusOf(path, 'evil.example'), 421)
        assert.equal(await statusOf(`http://evil.example${path}`, HOST), 421)
        assert.equal(await statusOf(path, HOST, HOST), 400)
        assert.equal(await statusOf(path, HOST, 'evil.example'), 400)
      })
    }
  })
}
