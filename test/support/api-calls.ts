/** Calls of the JSON API as an operator makes them, each answer compared with the OpenAPI document. */
import assert from 'node:assert/strict'
import { assertAsDocumented } from './documented.ts'
import { type Rig, SERVER_URL } from './rig.ts'
import { asOperator } from './steps.ts'

export type Answer = {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Headers
}
export type Asked = {
  readonly method?: string
  readonly body?: unknown
  readonly type?: string
  /** In place of the operator's. */
  readonly as?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

export async function ask(rig: Rig, path: string, asked: Asked = {}): Promise<Answer> {
  const { method = 'GET', body, type = 'application/json', as = asOperator, headers = {} } = asked
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await rig.browser().request(`${SERVER_URL}/api/v1${path}`, {
    method,
    headers: { ...as, ...(text === undefined ? {} : { 'content-type': type }), ...headers },
    ...(text === undefined ? {} : { body: text }),
  })
  const answered = await response.text()
  const answer = {
    status: response.status,
    body: answered === '' ? {} : JSON.parse(answered),
    headers: response.headers,
  }
  const [plainPath = ''] = path.split('?')
  const contentType = response.headers.get('content-type')
  assertAsDocumented({ ...answer, method, path: plainPath, contentType })
  return answer
}

export type Item = Readonly<Record<string, unknown>> & { readonly id: string }

export async function items(rig: Rig, path: string): Promise<readonly Item[]> {
  const { body, status } = await ask(rig, path)
  assert.equal(status, 200, JSON.stringify(body))
  assert.ok(Array.isArray(body.items))
  return body.items
}
