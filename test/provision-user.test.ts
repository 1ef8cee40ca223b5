/** `provisionUser` for people whom something else than a sign-in describes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type {
  DirectoryPerson,
  MatchedUser,
  PersonSource,
} from '../src/provisioning/directory-person.ts'
import { provisionUser } from '../src/provisioning/provision-user.ts'
import type { KnownPerson, StorageReader } from '../src/storage/storage.ts'
import { onlyUser } from './support/people.ts'
import { CONTOSO, people, type Rig } from './support/rig.ts'
import { auditEvents, openRig } from './support/steps.ts'

const key = {
  space: 'entra:login.entra.localhost',
  directory: CONTOSO,
  subject: 'aaaaaaaa-0000-4000-8000-000000000001',
} as const
const source: PersonSource = {
  kind: 'operator',
  organizationId: 'default',
  caller: { actor: { kind: 'operator', id: 'operator_token' } },
}

function provision(
  { services }: Rig,
  changes: Partial<DirectoryPerson>,
  stored: { readonly user?: MatchedUser; readonly known?: KnownPerson } = {},
) {
  const person: DirectoryPerson = {
    key,
    profile: { displayName: 'Alice' },
    username: 'alice',
    active: undefined,
    lastClaims: {},
    groups: undefined,
    appRoles: [],
    roles: undefined,
    ...changes,
  }
  const work = {
    source,
    person,
    user: { kind: 'new' },
    newMembershipId: 'mem_new',
    ...stored,
  } as const
  return services.storage.atomically(async (transaction) => {
    const currentRoles = await rolesOf(transaction, stored.user)
    const provisioned = provisionUser(services, { ...work, currentRoles })
    await transaction.writeAll(provisioned.writes)
    return provisioned
  })
}

async function rolesOf(reader: StorageReader, user: MatchedUser | undefined) {
  const id = user?.kind === 'known' ? user.membership?.id : undefined
  return id === undefined ? [] : reader.listRoles(id)
}

describe('provisionUser without a sign-in', () => {
  const statuses = [
    [true, 'active'],
    [undefined, 'active'],
    [false, 'disabled'],
  ] as const
  for (const [active, status] of statuses) {
    it(`creates a member who is ${status} where the directory reports active: ${active}`, async (t) => {
      const rig = await openRig(t)
      await provision(rig, { active })
      const { user, membership, identities } = await onlyUser(rig)
      assert.equal(membership.status, status)
      // A directory decides about its own organization only.
      assert.equal(user.status, 'active')
      assert.equal(membership.lastSignInAt, undefined)
      assert.deepEqual(
        identities.map((identity) => identity.key),
        [key],
      )
      assert.deepEqual(
        (await auditEvents(rig, {}))
          .map(({ type }) => type)
          .filter((type) => /user|mem/.test(type)),
        ['user.created'],
      )
    })
  }

  it('updates a known member, and leaves the last sign-in, roles and groups as they are', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    const before = await onlyUser(rig)
    const { storage } = rig.services
    const known = await storage.findPerson(key, 'default')
    assert(known !== undefined)
    const { user, membership } = known
    const matched = {
      kind: 'known',
      userId: user.id,
      ...(membership ? { membership } : {}),
    } as const
    const { roles } = await provision(
      rig,
      { profile: { displayName: 'Alice B.' }, lastClaims: { displayName: 'Alice B.' } },
      { user: matched, known },
    )
    const after = await onlyUser(rig)
    assert.equal(after.membership.profile.displayName, 'Alice B.')
    assert.equal(after.membership.username, before.membership.username)
    assert.deepEqual(after.membership.lastSignInAt, before.membership.lastSignInAt)
    assert.deepEqual(roles, ['member'])
    const { lastClaims, ...identity } = (await storage.findPerson(key, 'default'))?.identity ?? {}
    assert.deepEqual(lastClaims, { displayName: 'Alice B.' })
    const { lastClaims: _, ...identityBefore } = known.identity
    assert.deepEqual(identity, identityBefore)
    assert.deepEqual((await storage.findPerson(key, 'default'))?.groups, known.groups)
  })
})
