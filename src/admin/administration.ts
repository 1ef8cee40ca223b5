/** The operations of operators as functions, which the JSON API, the command line and `createEntrada().api` call. */

import type { AdminCaller } from '../access/admin-caller.ts'
import { audit, type ChangeServices } from '../audit/audit.ts'
import type { ChainPlace } from '../audit/audit-chain.ts'
import type { AuditEvent } from '../audit/audit-events.ts'
import { changeAtomically } from '../audit/change-atomically.ts'
import { restartChain } from '../audit/extend-audit-chain.ts'
import {
  type AuditProblem,
  type Verification,
  type VerifyFrom,
  verifyAuditTrail,
  verifyPlace,
} from '../audit/verify-audit-chain.ts'
import { createConnection, type NewConnection } from '../connections/change-connection.ts'
import { keepDefaultOrganization } from '../connections/environment-connection.ts'
import { keyIn } from '../connections/key-in.ts'
import { EntradaError } from '../errors/errors.ts'
import { found } from '../errors/found.ts'
import {
  type NamedPerson,
  parsePersonName,
  type ShortIds,
  shortIdsOf,
} from '../identity-provider/person-key.ts'
import { canSignIn } from '../identity-provider/provider-kinds.ts'
import { newId } from '../keys/ids.ts'
import { createOrganization, type NewOrganization } from '../organizations/organizations.ts'
import { isGuid } from '../protocol/guid.ts'
import { USERNAME } from '../protocol/text-patterns.ts'
import { checkUsernameFree } from '../provisioning/choose-username.ts'
import { provisionUser } from '../provisioning/provision-user.ts'
import type { Services } from '../services.ts'
import type {
  AuditEventRecord,
  Connection,
  Identity,
  Organization,
  OrganizationId,
  Profile,
  Session,
  SessionId,
  SignInTrace,
  User,
  UserId,
} from '../storage/records.ts'
import type {
  AuditFilter,
  Page,
  PageRequest,
  SessionFilter,
  StorageTransaction,
  TraceFilter,
  UserFilter,
  UserListItem,
} from '../storage/storage.ts'

export type NewUser = {
  readonly username: string
  /** The organization of the new member; by default that of the environment's connection. */
  readonly organizationId?: string
  /** The key of the person as text, or `TENANT/OBJECT`; in place of `tid` and `oid`. */
  readonly person?: string
  readonly tid?: string
  readonly oid?: string
  readonly displayName?: string
  readonly email?: string
}

/** A user as operators see them: an identity that Entra vouches for also has its parts under Microsoft's names. */
export type ListedUser = Omit<UserListItem, 'identities'> & {
  readonly identities: readonly (Identity & Partial<ShortIds>)[]
}

export type Administration = {
  listUsers(page: PageRequest & UserFilter): Promise<Page<ListedUser>>
  getUser(id: string): Promise<ListedUser>
  /** Creates a user before the first sign-in: with (`tid`, `oid`) for "existing users only", or to be linked by policy. */
  createUser(caller: AdminCaller, user: NewUser): Promise<ListedUser>
  disableUser(caller: AdminCaller, id: string): Promise<ListedUser>
  enableUser(caller: AdminCaller, id: string): Promise<ListedUser>
  createOrganization(caller: AdminCaller, organization: NewOrganization): Promise<Organization>
  createConnection(caller: AdminCaller, connection: NewConnection): Promise<Connection>
  listSessions(filter: SessionFilter, page: PageRequest): Promise<Page<Session>>
  /** With `within`, only a session of this organization; any other one is not found. */
  endSession(
    caller: AdminCaller,
    id: string,
    confined?: { readonly within?: OrganizationId },
  ): Promise<void>
  listAuditEvents(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEventRecord>>
  listSignInTraces(filter: TraceFilter, page: PageRequest): Promise<Page<SignInTrace>>
  getSignInTrace(id: string): Promise<SignInTrace>
  /** Verifies one stretch of the audit trail, from its beginning or from the `next` of the previous stretch. */
  verifyAuditTrail(from?: VerifyFrom): Promise<Verification>
  /** Checks that the audit chain still contains a place that was kept outside of the database. Returns `undefined` if it does. */
  verifyPlace(place: ChainPlace): Promise<AuditProblem | undefined>
  restartAuditChain(caller: AdminCaller, reason: string): Promise<void>
}

/** How many links or events one call checks, which takes a fraction of a second. */
const STRETCH = 5_000
const DEFAULT_ORGANIZATION: OrganizationId = 'default'

/**
 * Creates the operations; they open the services when they are called.
 *
 * @throws {EntradaError} of each operation: `record_not_found`, `identity_in_use`, `request_invalid`
 */
export function createAdministration(open: () => Promise<Services>): Administration {
  // Any text may come as an id: an unknown one finds nothing.
  const getUser = async (id: string) =>
    withShortIds(found(await (await open()).storage.findUser(id as UserId)))
  const setStatus = async (caller: AdminCaller, id: string, status: User['status']) => {
    const { user } = await getUser(id)
    await setUserStatus(await open(), caller, { userId: user.id, status })
    return getUser(id)
  }
  return {
    getUser,
    async listUsers(page) {
      const users = await (await open()).storage.listUsers(page)
      return { ...users, items: users.items.map(withShortIds) }
    },
    createUser: async (caller, user) =>
      getUser(await createUserBeforehand(await open(), caller, user)),
    disableUser: (caller, id) => setStatus(caller, id, 'disabled'),
    enableUser: (caller, id) => setStatus(caller, id, 'active'),
    createOrganization: async (caller, organization) =>
      createOrganization(await open(), caller, organization),
    createConnection: async (caller, connection) =>
      createConnection(await open(), caller, connection),
    async listSessions(filter, page) {
      const { storage, now } = await open()
      return storage.listSessions(filter, page, now())
    },
    endSession: async (caller, id, confined = {}) =>
      endAnySession(await open(), caller, { id, ...confined }),
    listAuditEvents: async (filter, page) => (await open()).storage.listAuditEvents(filter, page),
    listSignInTraces: async (filter, page) => (await open()).storage.listSignInTraces(filter, page),
    async getSignInTrace(id) {
      return found(await (await open()).storage.findSignInTrace(id as SignInTrace['id']))
    },
    verifyAuditTrail: async (from) => verifyAuditTrail(await open(), from, STRETCH),
    verifyPlace: async (place) => verifyPlace(await open(), place),
    async restartAuditChain({ actor }, reason) {
      await restartChain(await open(), { actor }, reason)
    },
  }
}

function withShortIds({ identities, ...user }: UserListItem): ListedUser {
  return {
    ...user,
    identities: identities.map((identity) => ({ ...identity, ...shortIdsOf(identity.key) })),
  }
}

async function createUserBeforehand(
  services: Services,
  caller: AdminCaller,
  input: NewUser,
): Promise<UserId> {
  const { username } = input
  if (!USERNAME.test(username)) throw invalid('username')
  const named = personNamedIn(input)
  const create = async (transaction: StorageTransaction) => {
    const organizationId = await organizationOf(services, transaction, input)
    const key = named && (await keyIn(services, transaction, { organizationId, named }))
    await checkUsernameFree(services, transaction, { username, organizationId })
    if (key && (await transaction.findPerson(key, organizationId))) {
      throw new EntradaError('identity_in_use')
    }
    const { userId, writes } = provisionUser(services, {
      newMembershipId: newId(services, 'mem'),
      source: { kind: 'operator', organizationId, caller },
      user: { kind: 'new' },
      person: {
        key,
        profile: profileOf(input),
        username,
        active: true,
        lastClaims: {},
        groups: undefined,
        appRoles: [],
        roles: undefined,
      },
    })
    await transaction.writeAll(writes)
    return userId
  }
  const organizationId = (input.organizationId ?? DEFAULT_ORGANIZATION) as OrganizationId // any text
  // The removal of a member retires the username, with the lock of the organization.
  const scope = { record: `username ${username}`, organizationId }
  return changeAtomically(services, caller, create, { scope })
}

/** Returns the person that a new user is linked to, if the input names one. @throws {EntradaError} `request_invalid` */
function personNamedIn({ person, tid, oid }: NewUser): NamedPerson | undefined {
  if (person !== undefined) {
    const named = tid === undefined && oid === undefined ? parsePersonName(person) : undefined
    const isKnown = named?.kind === 'short' || (named !== undefined && canSignIn(named.key))
    if (!isKnown) throw invalid('person')
    return named
  }
  if ((tid === undefined) !== (oid === undefined)) throw invalid(tid === undefined ? 'tid' : 'oid')
  if (tid === undefined || oid === undefined) return undefined
  if (!isGuid(tid)) throw invalid('tid')
  if (!isGuid(oid)) throw invalid('oid')
  return { kind: 'short', ids: { tid, oid } }
}

function profileOf({ displayName, email }: NewUser): Profile {
  return {
    ...(displayName ? { displayName } : {}),
    ...(email ? { email: { address: email, source: 'operator', proven: false } } : {}),
  }
}

/** Finds the organization of a new member. @throws {EntradaError} `record_not_found` */
async function organizationOf(
  services: Pick<Services, 'now'>,
  transaction: StorageTransaction,
  { organizationId }: NewUser,
): Promise<OrganizationId> {
  if (organizationId === undefined) {
    await keepDefaultOrganization(services, transaction)
    return DEFAULT_ORGANIZATION
  }
  return found(await transaction.findOrganization(organizationId as OrganizationId)).id // any text
}

async function setUserStatus(
  services: ChangeServices,
  caller: AdminCaller,
  { userId, status }: { readonly userId: UserId; readonly status: User['status'] },
): Promise<void> {
  const setStatus = async (transaction: StorageTransaction) => {
    await transaction.setUserStatus(userId, status, services.now())
    const event: AuditEvent =
      status === 'disabled'
        ? {
            type: 'user.disabled',
            detail: { sessionsEnded: await transaction.endSessionsOfUser(userId) },
          }
        : { type: 'user.enabled', detail: {} }
    await audit(services, transaction, { caller, userId, event })
  }
  await changeAtomically(services, caller, setStatus, { scope: { userId } })
}

async function endAnySession(
  services: ChangeServices,
  caller: AdminCaller,
  { id, within }: { readonly id: string; readonly within?: OrganizationId },
): Promise<void> {
  const sessionId = id as SessionId // any text: an unknown id ends nothing
  const end = async (transaction: StorageTransaction) => {
    const ended = found(await transaction.endSession(sessionId))
    const { userId, organizationId, connectionId } = ended
    if (within !== undefined && organizationId !== within)
      throw new EntradaError('record_not_found')
    const context = { sessionId, userId, organizationId, connectionId }
    const event = { type: 'session.ended', detail: { reason: 'operator' } } as const
    await audit(services, transaction, { caller, ...context, event })
  }
  await changeAtomically(services, caller, end, { scope: 'nothing' })
}

function invalid(parameter: string): EntradaError {
  return new EntradaError('request_invalid', { parameter })
}
