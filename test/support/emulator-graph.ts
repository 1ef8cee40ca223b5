import type { Emulator } from '../../src/emulator/emulator.ts'
import { contoso, multiTenant, parseObject, post, signIn } from './emulator-sign-in.ts'

export const alice = 'alice@contoso.example'
export const bob = 'bob@contoso.example'
export const dave = 'dave@contoso.example'
export const aliceId = 'aaaaaaaa-0000-4000-8000-000000000001'
export const bobId = 'aaaaaaaa-0000-4000-8000-000000000002'
export const everything = 'openid profile email User.Read GroupMember.Read.All'

/** Returns a person's access token for Graph. */
export async function tokenOf(
  emulator: Emulator,
  user: string,
  scope = everything,
): Promise<string> {
  return String((await signIn(emulator, user, { changes: { scope } })).access_token)
}

/** Returns an access token of the application that has customers, for itself in Contoso. */
export async function applicationToken(
  emulator: Emulator,
  scope = 'https://graph.microsoft.com/.default',
): Promise<string> {
  const response = await post(emulator, `/${contoso}/oauth2/v2.0/token`, {
    form: {
      grant_type: 'client_credentials',
      client_id: multiTenant.clientId,
      client_secret: multiTenant.secret,
      scope,
    },
  })
  return String(parseObject(await response.json()).access_token)
}

/** Sends a request to Graph, and returns the parts of the response that tests look at. */
export async function ask(
  emulator: Emulator,
  path: string,
  options: {
    readonly token?: string
    readonly method?: string
    readonly body?: unknown
    readonly headers?: Record<string, string>
  } = {},
) {
  const { token, body, headers } = options
  const url = path.startsWith('http') ? path : `${emulator.graphUrl}${path}`
  const response = await emulator.fetch(
    new Request(url, {
      method: options.method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  )
  const answer = parseObject(await response.json())
  const { code, message } = parseObject(answer.error ?? {})
  return { response, answer, code, message, refused: [response.status, code] }
}

/** Returns the value as a list of objects, or an empty list if it is none. */
export function listOf(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value : []
}
