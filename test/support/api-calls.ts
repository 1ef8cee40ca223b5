/** Calls of the JSON API as an operator makes them. */
import assert from 'node:assert/strict'
import { type Rig, SERVER_URL } from './rig.ts'
import { asOperator } from './steps.ts'

export type Answer = {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Headers
}
export type Asked = { readonly method?: string; readonly body?: unknown; readonly type?: string }

export async function ask(rig: Rig, path: string, asked: Asked = {}): Promise<Answer> {
  const { method = 'GET', body, type = 'application/json' } = asked
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await rig.browser().request(`${SERVER_URL}/api/v1${path}`, {
    method,
    headers: { ...asOperator, ...(text === undefined ? {} : { 'content-type': type }) },
    ...(text === undefined ? {} : { body: text }),
  })
  const answered = await response.text()
  const parsed = answered === '' ? {} : JSON.parse(answered)
  return { status: response.status, body: parsed, headers: response.headers }
}

export type Item = Readonly<Record<string, unknown>> & { readonly id: string }

export async function items(rig: Rig, path: string): Promise<readonly Item[]> {
  const { body, status } = await ask(rig, path)
  assert.equal(status, 200, JSON.stringify(body))
  assert.ok(Array.isArray(body.items))
  return body.items
}
