/** The users in the database, and the API's way to create one. */
import assert from 'node:assert/strict'
import type { Membership } from '../../src/storage/records.ts'
import type { UserListItem } from '../../src/storage/storage.ts'
import type { TestBrowser } from './browser.ts'
import { type Rig, SERVER_URL } from './rig.ts'
import { asOperator } from './steps.ts'

export async function usersOf({ services }: Rig): Promise<readonly UserListItem[]> {
  return (await services.storage.listUsers({ limit: 200 })).items
}

/** The only user there is, with the only membership. */
export async function onlyUser(
  rig: Rig,
): Promise<UserListItem & { readonly membership: Membership }> {
  const [user, ...others] = await usersOf(rig)
  const [membership] = user?.memberships ?? []
  assert(user !== undefined && membership !== undefined && others.length === 0)
  return { ...user, membership }
}

/** POST /api/v1/users as the operator. */
export function postUser(rig: Rig, fields: Readonly<Record<string, string>>): Promise<Response> {
  return rig.browser().request(`${SERVER_URL}/api/v1/users`, {
    method: 'POST',
    headers: { ...asOperator, 'content-type': 'application/json' },
    body: JSON.stringify(fields),
  })
}

/** A user beforehand. Answers the id. */
export async function createUser(
  rig: Rig,
  fields: Readonly<Record<string, string>>,
): Promise<`usr_${string}`> {
  const response = await postUser(rig, fields)
  const text = await response.text()
  assert.equal(response.status, 201, text)
  const { id }: { readonly id: `usr_${string}` } = JSON.parse(text)
  return id
}

type SignedIn = {
  readonly user: { readonly id: `usr_${string}` }
  readonly organization: { readonly id: string; readonly name: string }
  readonly membership: { readonly id: Membership['id']; readonly username: string }
  readonly roles: readonly string[]
  readonly groups: readonly string[] | null
}

/** GET /api/v1/session of a browser that is signed in. */
export async function sessionJson(browser: TestBrowser): Promise<SignedIn> {
  const response = await browser.request(`${SERVER_URL}/api/v1/session`)
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text)
}
