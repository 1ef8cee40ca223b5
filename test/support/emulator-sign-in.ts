import { createHash } from 'node:crypto'
import { createEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator/emulator.ts'

export const origin = 'http://localhost:3001'
export const contoso = '11111111-1111-4111-8111-111111111111'
export const fabrikam = '22222222-2222-4222-8222-222222222222'
export const redirectUri = 'http://localhost:3000/auth/entra/callback'
export const singleTenant = {
  clientId: '33333333-3333-4333-8333-333333333333',
  secret: 'development~only.Contoso-secret',
}
export const multiTenant = {
  clientId: '44444444-4444-4444-8444-444444444444',
  secret: 'development~only.Fabrikam-secret',
}
export const publicClient = '66666666-6666-4666-8666-666666666666'
export const singlePage = '77777777-7777-4777-8777-777777777777'
export const api = {
  clientId: '88888888-8888-4888-8888-888888888888',
  secret: 'development~only.API-secret',
  uri: 'api://88888888-8888-4888-8888-888888888888',
}
export const codeVerifier = 'v'.repeat(43)
export const frozenAt = new Date('2026-03-04T05:06:07Z')

export type Parameters = Readonly<Record<string, string | undefined>>

/** Creates an emulator whose clock does not move unless the test moves it. */
export function newEmulator(options: Partial<EmulatorOptions> = {}): Emulator {
  return createEmulator({ origin, now: () => frozenAt, ...options })
}

/** Returns the parameters of a correct authorization request, with changes; `undefined` leaves one out. */
export function authorizationQuery(changes: Parameters = {}): URLSearchParams {
  return toParameters({
    client_id: singleTenant.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid profile offline_access',
    state: 'the state',
    nonce: 'the nonce',
    code_challenge: createHash('sha256').update(codeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  })
}

/** Sends an authorization request to the emulator. */
export function authorize(
  emulator: Emulator,
  changes: Parameters = {},
  options: { readonly tenant?: string; readonly cookie?: string } = {},
): Promise<Response> {
  const query = authorizationQuery(changes)
  return emulator.fetch(
    new Request(`${origin}/${options.tenant ?? contoso}/oauth2/v2.0/authorize?${query}`, {
      headers: options.cookie === undefined ? {} : { Cookie: options.cookie },
    }),
  )
}

/** Sends a form to the emulator. */
export function post(
  emulator: Emulator,
  path: string,
  options: { readonly form: Parameters; readonly headers?: Record<string, string> },
): Promise<Response> {
  return emulator.fetch(
    new Request(`${origin}${path}`, {
      method: 'POST',
      body: toParameters(options.form),
      headers: options.headers ?? {},
    }),
  )
}

/** Redeems a code at the token endpoint. */
export function redeem(
  emulator: Emulator,
  code: string,
  options: {
    readonly tenant?: string
    readonly form?: Parameters
    readonly headers?: Record<string, string>
  } = {},
): Promise<Response> {
  return post(emulator, `/${options.tenant ?? contoso}/oauth2/v2.0/token`, {
    headers: options.headers ?? {},
    form: {
      grant_type: 'authorization_code',
      client_id: singleTenant.clientId,
      client_secret: singleTenant.secret,
      redirect_uri: redirectUri,
      code_verifier: codeVerifier,
      code,
      ...options.form,
    },
  })
}

/** Returns the parameters that a response sends back to the application. */
export function returned(response: Response): Record<string, string> {
  const location = response.headers.get('location')
  return location === null ? {} : Object.fromEntries(new URL(location).searchParams)
}

/** Returns the browser's cookie after a response. */
export function cookieOf(response: Response): string {
  return response.headers.get('set-cookie')?.split(';')[0] ?? ''
}

/** Signs a person in automatically and returns the code. */
export async function getCode(
  emulator: Emulator,
  user: string,
  options: { readonly changes?: Parameters; readonly tenant?: string } = {},
): Promise<string> {
  emulator.signInAutomaticallyAs(user)
  const response = await authorize(emulator, options.changes ?? {}, {
    tenant: options.tenant ?? contoso,
  })
  return returned(response).code ?? ''
}

export type SignInOptions = {
  readonly changes?: Parameters
  readonly tenant?: string
  readonly form?: Parameters
}

/** Signs a person in and returns the token response, or the error in its place. */
export async function signIn(
  emulator: Emulator,
  user: string,
  options: SignInOptions = {},
): Promise<Record<string, unknown>> {
  const code = await getCode(emulator, user, options)
  return parseObject(await (await redeem(emulator, code, options)).json())
}

/** Signs a person in and returns the claims of the ID token. */
export async function signInForClaims(
  emulator: Emulator,
  user: string,
  options: SignInOptions = {},
): Promise<Record<string, unknown>> {
  const { id_token: idToken } = await signIn(emulator, user, options)
  return decodePart(idToken, 1)
}

/** Decodes the header (0) or the payload (1) of a token, whatever its signature. */
export function decodePart(idToken: unknown, part: 0 | 1): Record<string, unknown> {
  const encoded = String(idToken).split('.')[part] ?? ''
  return parseObject(JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8')))
}

/** Returns the value as an object, or throws if it is none. */
export function parseObject(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Error('not an object')
  return { ...value }
}

function toParameters(parameters: Parameters): URLSearchParams {
  const entries = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  )
  return new URLSearchParams(entries)
}

/** Returns status, OAuth error and AADSTS number of a refusal. */
export async function readRefusal(response: Response): Promise<readonly unknown[]> {
  const { error, error_codes: codes } = parseObject(await response.json())
  const [code]: readonly unknown[] = Array.isArray(codes) ? codes : []
  return [response.status, error, code]
}

/** Sends a form to the token endpoint of a tenant. */
export function requestTokens(
  emulator: Emulator,
  form: Parameters,
  options: { readonly tenant?: string; readonly headers?: Record<string, string> } = {},
): Promise<Response> {
  const { tenant = contoso, headers = {} } = options
  return post(emulator, `/${tenant}/oauth2/v2.0/token`, { form, headers })
}
