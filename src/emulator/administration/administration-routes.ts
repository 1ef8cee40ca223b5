// The administration: everything that a test does from code, by JSON and on a page. It is available on this machine only.
//   GET  /emulator                  the page
//   GET  /emulator/api              what can be done and read, as an OpenAPI document
//   GET  /emulator/api/{resource}   directory, requests, faults, settings
//   POST /emulator/api/{operation}  JSON in, JSON out; a form of the page returns to the page
import type { Context, Hono } from 'hono'
import { html } from 'hono/html'
import type { EmulatorHandles } from '../handles.ts'
import { sendPage } from '../pages.ts'
import { readBody } from '../read-body.ts'
import type { EmulatorState } from '../state.ts'
import { sendAdministrationPage } from './administration-page.ts'
import { findTrespass } from './check-administrator.ts'
import { describeApi } from './describe-api.ts'
import { toInput } from './form-input.ts'
import { operate } from './operations.ts'

/** Adds the addresses of the administration. */
export function addAdministrationRoutes(
  app: Hono,
  state: EmulatorState,
  handles: EmulatorHandles,
): void {
  const guarded = (answer: (context: Context) => Response | Promise<Response>) => {
    return (context: Context) => {
      const trespass = findTrespass(context.req.raw)
      return trespass === undefined ? answer(context) : problem(403, trespass)
    }
  }
  const page = ({ req }: Context) =>
    sendAdministrationPage(state, { watches: req.query('watch') !== undefined })

  app.get('/emulator', guarded(page))
  app.get(
    '/emulator/api',
    guarded(() => json(describeApi(state.origin))),
  )
  app.get(
    '/emulator/api/directory',
    guarded(() => json(state.directory)),
  )
  app.get(
    '/emulator/api/faults',
    guarded(() => json({ faults: waitingFaults(state) })),
  )
  app.get(
    '/emulator/api/settings',
    guarded(() => json(settingsOf(state))),
  )
  app.get(
    '/emulator/api/requests',
    guarded(({ req }) => json(lastRequests(state, req.query('limit')))),
  )
  app.post(
    '/emulator/api/:operation',
    guarded((context) => answerOperation(handles, context)),
  )
}

async function answerOperation(handles: EmulatorHandles, { req }: Context): Promise<Response> {
  const name = req.param('operation') ?? ''
  const isForm = req.header('content-type')?.startsWith('application/x-www-form-urlencoded')
  const body = await readBody(req.raw, MOST_BYTES)
  if (body === undefined) return problem(413, 'The body is too large.')
  try {
    const input = isForm ? toInput(new URLSearchParams(body)) : JSON.parse(body || '{}')
    const result = await operate(handles, { name, input })
    return isForm ? backToPage() : json(result)
  } catch (error) {
    const message = error instanceof Error ? error.message : 'It did not work.'
    return isForm ? sendProblemPage(message) : problem(400, message)
  }
}

const MOST_BYTES = 8 * 1024 * 1024

function backToPage(): Response {
  return new Response(null, {
    status: 303,
    headers: { Location: '/emulator', 'Cache-Control': 'no-store' },
  })
}

function sendProblemPage(message: string): Promise<Response> {
  return sendPage({
    title: 'That did not work',
    status: 400,
    body: html`<p>${message}</p><p><a class="button" href="/emulator">Back</a></p>`,
  })
}

function problem(status: number, message: string): Response {
  return Response.json({ error: { message } }, { status, headers: noStore })
}

function json(value: unknown): Response {
  return Response.json(value, { headers: noStore })
}

const noStore = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }

/** JSON has no infinity. */
function waitingFaults({ faults }: EmulatorState) {
  return faults.waiting.map((fault) => ({
    ...fault,
    times: fault.times === Number.POSITIVE_INFINITY ? 'always' : fault.times,
  }))
}

function settingsOf({ origin, graphUrl, automaticUser, clock }: EmulatorState) {
  return {
    origin,
    graphUrl,
    signInAutomaticallyAs: automaticUser ?? null,
    clockOffsetSeconds: clock.offsetSeconds,
    now: clock.now(),
  }
}

/** The newest requests, newest last. */
function lastRequests({ requests }: EmulatorState, limit: string | undefined) {
  const count = Number(limit ?? DEFAULT_REQUESTS)
  const most = Number.isInteger(count) && count > 0 ? Math.min(count, 1000) : DEFAULT_REQUESTS
  return { requests: requests.slice(-most) }
}

const DEFAULT_REQUESTS = 100
