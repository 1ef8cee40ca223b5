/**
 * The domains of organizations: they decide to which connection a work email leads, and which addresses count as proven.
 *
 *   addDomain → pending
 *   verifyDomain → proven by its TXT record; a domain moves to the organization that has the record now
 *   vouchForDomain → proven by the word of an operator
 *   check-domains.ts looks the record up again every week
 */

import type { AdminCaller } from '../access/admin-caller.ts'
import { type AuditServices, audit, type ChangeServices } from '../audit/audit.ts'
import type { AuditEvent } from '../audit/audit-events.ts'
import { changeAtomically } from '../audit/change-atomically.ts'
import { EntradaError } from '../errors/errors.ts'
import { found } from '../errors/found.ts'
import { newId } from '../keys/ids.ts'
import { parseDomainName, parseWorkEmail } from '../protocol/domain-name.ts'
import type { Services } from '../services.ts'
import type { Domain, DomainId, Organization, OrganizationId } from '../storage/records.ts'
import type { StorageReader, StorageTransaction, TransactionScope } from '../storage/storage.ts'
import { isPublicDomain } from './public-mail-domains.ts'

export type NewDomain = {
  /** The id or slug of the organization. */
  readonly organization: string
  readonly name: string
  /** The connection at which users of the domain sign in; absent means any connection of the organization. */
  readonly connectionId?: string
}

const RECORD_LABEL = '_entrada-challenge'
const RECORD_PREFIX = 'entrada-domain-verification='
export const CHECK_AGAIN_MS = 7 * 24 * 3_600_000
/** Domains are checked every week. A proof that DNS has not confirmed for this long no longer counts. */
const PROOF_LIFETIME_MS = 30 * 24 * 3_600_000

/** Returns the TXT record that the customer adds to DNS. */
export function challengeRecord({ name, challenge }: Pick<Domain, 'name' | 'challenge'>): {
  readonly name: string
  readonly value: string
} {
  return { name: `${RECORD_LABEL}.${name}`, value: RECORD_PREFIX + challenge }
}

/**
 * Adds a domain that is not verified yet.
 *
 * @throws {EntradaError} `request_invalid`, `record_not_found`, `domain_is_public`, `domain_named_already`
 */
export async function addDomain(
  services: ChangeServices,
  caller: AdminCaller,
  { organization, name: typed, connectionId }: NewDomain,
): Promise<Domain> {
  const name = checkDomainName(typed)
  const add = async (transaction: StorageTransaction) => {
    const { id: organizationId } = await getOrganization(transaction, organization)
    await checkConnection(transaction, organizationId, connectionId)
    const domain: Domain = {
      id: newId(services, 'dom'),
      organizationId,
      name,
      ...(connectionId ? { connectionId } : {}),
      challenge: Buffer.from(services.randomBytes(16)).toString('base64url'),
      status: 'pending',
      createdAt: services.now(),
    }
    await transaction.putDomain(domain)
    const event = { type: 'domain.added', detail: { name } } as const
    await audit(services, transaction, { caller, event, organizationId })
    return domain
  }
  return changeAtomically(services, caller, add, { scope: domainScope(name) })
}

/**
 * Verifies a domain by its TXT record. It then belongs to this organization, even if it belonged to another one whose record is
 * gone.
 *
 * @throws {EntradaError} `record_not_found`, `domain_not_proven`, `dns_unavailable`, `domain_in_use`, `too_many_requests`
 */
export async function verifyDomain(
  services: Services,
  caller: AdminCaller,
  id: string,
): Promise<Domain> {
  const domain = await getDomain(services.storage, id)
  await services.limits.spend('domain_check', domain.organizationId)
  const texts = await readRecords(services, domain)
  if (!isThere(domain, texts)) throw new EntradaError('domain_not_proven')
  return prove(services, caller, { id: domain.id, proof: 'dns', texts })
}

/**
 * Marks a domain as proven without DNS, because the operator knows who owns it.
 *
 * @throws {EntradaError} `record_not_found`, `domain_in_use`
 */
export async function vouchForDomain(
  services: ChangeServices & Pick<Services, 'log'>,
  caller: AdminCaller,
  id: string,
): Promise<Domain> {
  const { id: domainId } = await getDomain(services.storage, id)
  return prove(services, caller, { id: domainId, proof: 'operator' })
}

/**
 * Sets the connection at which users of the domain sign in; `undefined` means any connection of the organization. `route` receives
 * the domain as it is inside the transaction, and may refuse by throwing.
 *
 * @throws {EntradaError} `record_not_found`
 */
export async function routeDomain(
  services: ChangeServices,
  caller: AdminCaller,
  { id, route }: { readonly id: string; readonly route: (before: Domain) => string | undefined },
): Promise<Domain> {
  const reroute = async (transaction: StorageTransaction) => {
    const before = await lockDomain(transaction, id)
    await caller.checkStillMay?.(transaction)
    const connectionId = route(before)
    const { connectionId: _, ...domain } = before
    const { organizationId, name } = domain
    if (before.connectionId === connectionId) return before
    await checkConnection(transaction, organizationId, connectionId)
    const after: Domain = { ...domain, ...(connectionId ? { connectionId } : {}) }
    await transaction.putDomain(after)
    const event = { type: 'domain.changed', detail: { name, members: ['connectionId'] } } as const
    await audit(services, transaction, { caller, event, organizationId })
    return after
  }
  return services.storage.atomically(reroute, { scope: 'nothing' })
}

/** Removes a domain. Users who were linked by it stay linked. @throws {EntradaError} `record_not_found` */
export async function removeDomain(
  services: ChangeServices,
  caller: AdminCaller,
  id: string,
): Promise<void> {
  const remove = async (transaction: StorageTransaction) => {
    const { id: domainId, organizationId, name } = await lockDomain(transaction, id)
    await caller.checkStillMay?.(transaction)
    await transaction.removeDomain(domainId)
    const event = { type: 'domain.removed', detail: { name } } as const
    await audit(services, transaction, { caller, event, organizationId })
  }
  await services.storage.atomically(remove, { scope: 'nothing' })
}

/** Finds an organization by its id or its slug. */
export async function findOrganizationNamed(
  reader: Pick<StorageReader, 'findOrganization' | 'findOrganizationBySlug'>,
  idOrSlug: string,
): Promise<Organization | undefined> {
  return (
    (await reader.findOrganization(idOrSlug as OrganizationId)) ?? // any text: an unknown id finds nothing
    reader.findOrganizationBySlug(idOrSlug)
  )
}

/** Returns whether addresses in the domain count as proven for this organization now (design rule 3). */
export function isProven(
  domain: Domain | undefined,
  { organizationId, now }: { readonly organizationId: OrganizationId; readonly now: Date },
): boolean {
  if (domain?.organizationId !== organizationId || domain.status !== 'proven') return false
  if (domain.proof === 'operator') return true
  const checkedAt = domain.checkedAt?.getTime() ?? Number.NEGATIVE_INFINITY
  return now.getTime() - checkedAt < PROOF_LIFETIME_MS
}

/** Returns {@link isProven} for the domain of an email address, and `false` for text that is not plainly an address. */
export async function isEmailDomainProven(
  reader: Pick<StorageReader, 'findOwnedDomain'>,
  address: string | undefined,
  expected: { readonly organizationId: OrganizationId; readonly now: Date },
): Promise<boolean> {
  const email = address === undefined ? undefined : parseWorkEmail(address)
  return email !== undefined && isProven(await reader.findOwnedDomain(email.domain), expected)
}

/** Logs that a domain lost its proof. This runs after the transaction, which may run twice. */
export function logLostProof(
  { log }: Pick<Services, 'log'>,
  domain: Domain,
  reason: 'record_gone' | 'moved',
): void {
  const { id: domainId, name, organizationId } = domain
  log.warn('domain_lost', { domainId, name, organizationId, reason })
}

/**
 * Returns all texts at the name of the challenge, including those of other organizations.
 *
 * @throws {EntradaError} `dns_unavailable`
 */
export function readRecords(
  services: Pick<Services, 'resolveTxt'>,
  domain: Domain,
): Promise<readonly string[]> {
  return services.resolveTxt(challengeRecord(domain).name)
}

/** Returns whether the domain's own record is among the texts. */
export function isThere(domain: Domain, texts: readonly string[]): boolean {
  const { value } = challengeRecord(domain)
  return texts.some((text) => text.trim() === value)
}

type Proving = {
  readonly id: DomainId
  readonly proof: NonNullable<Domain['proof']>
  /** The texts that DNS has just returned. */
  readonly texts?: readonly string[]
}

async function prove(
  services: ChangeServices & Pick<Services, 'log'>,
  caller: AdminCaller,
  { id, proof, texts = [] }: Proving,
): Promise<Domain> {
  const claim = async (transaction: StorageTransaction) => {
    const before = await lockDomain(transaction, id)
    await caller.checkStillMay?.(transaction)
    const lost = await releaseFromOther(services, transaction, { claimed: before, proof, texts })
    const proven = toProven(before, proof, services.now())
    await transaction.putDomain(proven)
    if (before.status !== 'proven' || before.proof !== proof) {
      const event: AuditEvent = { type: 'domain.proven', detail: { name: before.name, proof } }
      const { organizationId } = before
      await audit(services, transaction, { caller, event, organizationId })
    }
    return { proven, lost }
  }
  const { proven, lost } = await services.storage.atomically(claim, { scope: 'nothing' })
  if (lost !== undefined) logLostProof(services, lost, 'moved')
  return proven
}

function toProven(
  { nextCheckAt: _, ...before }: Domain,
  proof: Proving['proof'],
  at: Date,
): Domain {
  const provenAt = before.status === 'proven' ? (before.provenAt ?? at) : at
  const proven = { ...before, status: 'proven', proof, provenAt } as const
  if (proof === 'operator') return proven
  return { ...proven, checkedAt: at, nextCheckAt: new Date(at.getTime() + CHECK_AGAIN_MS) }
}

/**
 * The domain's previous organization, whose record is gone, loses it to the one that has a record now. If an operator vouched for
 * the previous organization, only an operator can take that back; but an operator's word never overrides a record that exists.
 */
async function releaseFromOther(
  services: AuditServices,
  transaction: StorageTransaction,
  {
    claimed,
    proof,
    texts,
  }: {
    readonly claimed: Domain
    readonly proof: Proving['proof']
    readonly texts: readonly string[]
  },
): Promise<Domain | undefined> {
  const owner = await transaction.findOwnedDomain(claimed.name)
  if (owner === undefined || owner.id === claimed.id) return undefined
  const isGone = proof === 'dns' ? !isThere(owner, texts) : owner.status === 'lost'
  if (owner.proof !== 'dns' || !isGone) throw new EntradaError('domain_in_use')
  const { proof: _, provenAt, checkedAt, nextCheckAt, ...named } = owner
  await transaction.putDomain({ ...named, status: 'pending' })
  const { organizationId, name } = owner
  const event = { type: 'domain.lost', detail: { name, reason: 'moved' } } as const
  // The actor is the system: the user who verified the domain belongs to another organization, of which this one learns nothing.
  const caller = { actor: { kind: 'system' } } as const
  await audit(services, transaction, { caller, event, organizationId })
  return owner
}

/** A name may end with a dot, as in zone files. @throws {EntradaError} `request_invalid`, `domain_is_public` */
function checkDomainName(typed: string): string {
  const name = parseDomainName(typed.trim().replace(/\.$/, ''))
  if (name === undefined) throw new EntradaError('request_invalid', { parameter: 'name' })
  if (isPublicDomain(name)) throw new EntradaError('domain_is_public')
  return name
}

/** Organizations that named the same domain take turns, because it belongs to at most one of them. */
export function domainScope(name: string): TransactionScope {
  return { record: `domain ${name}` }
}

/** Returns the domain as it is when no other change of its name runs. */
async function lockDomain(transaction: StorageTransaction, id: string): Promise<Domain> {
  const { name } = await getDomain(transaction, id)
  await transaction.lockScope(domainScope(name))
  return getDomain(transaction, id)
}

async function getDomain(reader: Pick<StorageReader, 'findDomain'>, id: string): Promise<Domain> {
  return found(await reader.findDomain(id as DomainId)) // any text: an unknown id finds nothing
}

async function getOrganization(reader: StorageReader, idOrSlug: string): Promise<Organization> {
  const organization = await findOrganizationNamed(reader, idOrSlug)
  if (organization === undefined) {
    throw new EntradaError('record_not_found', { parameter: 'organizationId' })
  }
  return organization
}

/** Checks that the connection belongs to this organization. @throws {EntradaError} `record_not_found` */
async function checkConnection(
  reader: StorageReader,
  organizationId: OrganizationId,
  connectionId: string | undefined,
): Promise<void> {
  if (connectionId === undefined) return
  const connection = await reader.findConnection(connectionId)
  if (connection?.organizationId !== organizationId) {
    throw new EntradaError('record_not_found', { parameter: 'connectionId' })
  }
}
