/** Stores the outcome of a test: its result, sealed, and what it proves about the connection. */

import { audit, type ChangeServices } from '../audit/audit.ts'
import { changeConnection } from '../connections/change-connection.ts'
import { identifyingValues } from '../connections/directory-fingerprint.ts'
import { testFingerprint } from '../connections/test-fingerprint.ts'
import { EntradaError, isEntradaError } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import type { EntraError } from '../identity-provider/entra/protocol/explain-entra-error.ts'
import { isSameJson } from '../protocol/merge-patch.ts'
import type { Services } from '../services.ts'
import type { HolderRequest } from '../sign-in/attempt.ts'
import type { SignInRecord } from '../sign-in/sign-in-record.ts'
import type { Connection } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import { rememberProgress } from './setup-session.ts'
import { getTestCaller, type TestCaller } from './test-holder.ts'
import {
  newTestResultId,
  sealTestResult,
  type TestOutcome,
  type TestResult,
} from './test-result.ts'

/**
 * Stores a refusal that came before anything could be tested, to be read like the result of a test. Returns the address of its
 * page.
 */
export async function keepRefusal(
  services: Services,
  exchange: Exchange,
  {
    record,
    connection,
    refusal,
  }: {
    readonly record: SignInRecord
    readonly connection: Connection
    readonly refusal: EntradaError
  },
): Promise<string> {
  const { holderRequest, connectionId } = record.attempt
  if (holderRequest === undefined) throw new EntradaError('sign_in_attempt_mismatch')
  const holder = await getTestCaller(services, exchange, {
    holder: holderRequest.holder,
    connectionId,
  })
  const result: TestResult = {
    at: services.now().toISOString(),
    correlationId: exchange.correlationId,
    connectionId,
    works: false,
    findings: [],
    outcome: failureOf(refusal),
  }
  return keepResult(services, { holder, connection, holderRequest, result })
}

export type KeptTest = {
  readonly holder: TestCaller
  readonly connection: Connection
  readonly holderRequest: HolderRequest
  readonly result: TestResult
}

/**
 * Marks the connection as tested, then stores the result, so that a visible result implies the mark. Returns the address of its
 * page.
 */
export async function keepResult(
  services: ChangeServices & Pick<Services, 'keyRing' | 'sha256'>,
  kept: KeptTest,
): Promise<string> {
  const { holder, connection, holderRequest, result } = kept
  if (result.works) await believe(services, kept)
  const id = newTestResultId(services)
  const record = sealTestResult(services, { id, holder: holderRequest.holder, result })
  const code = result.works ? undefined : codeOf(result.outcome)
  const detail = { outcome: result.works ? 'works' : 'refused', ...(code ? { code } : {}) } as const
  const keep = async (transaction: StorageTransaction) => {
    await holder.caller.checkStillMay?.(transaction)
    await transaction.createTestResult(record)
    await audit(services, transaction, {
      caller: holder.caller,
      event: { type: 'connection.tested', detail },
      organizationId: connection.organizationId,
      connectionId: connection.id,
    })
  }
  await services.storage.atomically(keep, { scope: 'nothing' })
  if (holder.setup) await rememberProgress(services, holder.setup, { lastTest: id })
  return `${holderRequest.resultsAt}/${id}`
}

function codeOf(outcome: TestOutcome): string | undefined {
  if (outcome.kind === 'failed') return outcome.code
  return outcome.decision.kind === 'refused' ? outcome.decision.code : undefined
}

/** Marks only the connection as it was tested: one that was changed meanwhile keeps its state. */
async function believe(
  services: ChangeServices & Pick<Services, 'sha256'>,
  { holder, connection, holderRequest }: KeptTest,
): Promise<void> {
  if (connection.managedBy === 'environment') return
  const { credentialId, candidateTenant } = holderRequest
  const at = services.now().toISOString()
  const change = (before: Connection): Connection => {
    if (credentialId !== undefined) {
      return isSameDirectory(before, connection)
        ? withTestedCredential(before, credentialId, at)
        : before
    }
    const now = withCandidate(before, candidateTenant)
    const fingerprint = testFingerprint(services, now)
    if (fingerprint !== testFingerprint(services, connection)) return before
    return { ...now, settings: { ...now.settings, tested: { at, fingerprint } } }
  }
  const { caller } = holder
  await changeConnection(services, caller, { id: connection.id, as: connection.managedBy, change })
}

/** A connection that was changed during the test is not the one that was tested. */
function isSameDirectory(before: Connection, tested: Connection): boolean {
  return isSameJson(identifyingValues(before), identifyingValues(tested))
}

function withTestedCredential(before: Connection, credentialId: string, testedAt: string) {
  const credentials = before.credentials.map((credential) =>
    credential.id === credentialId ? { ...credential, testedAt } : credential,
  )
  return { ...before, credentials }
}

/** Returns the connection with a directory that only claims to have consented, as if that were proven. */
export function withCandidate(connection: Connection, tenantId: string | undefined): Connection {
  if (tenantId === undefined) return connection
  return { ...connection, tenants: { kind: 'pinned', tenant: tenantId, tenantId } }
}

/** Returns an error that is a result: a failure of Entra, or an invalid token. Throws failures of Entrada itself. */
export function asResult(error: unknown): EntradaError {
  if (!isEntradaError(error) || ourOwn.has(error.code)) throw error
  return error
}

/** Converts an error to the outcome of a failed test. */
export function failureOf(error: EntradaError): TestOutcome {
  const { entra, claim } = error.detail as { readonly entra?: EntraError; readonly claim?: unknown } // ours
  return {
    kind: 'failed',
    code: error.code,
    ...(typeof claim === 'string' ? { claim } : {}),
    ...(entra ? { entra: withoutText(entra) } : {}),
  }
}

const ourOwn: ReadonlySet<string> = new Set([
  'storage_unavailable',
  'storage_full',
  'internal_error',
  'secret_key_missing',
  'sealed_value_invalid',
])

/** Raw text reaches logs only (design rule 16). */
function withoutText({ description: _description, claims: _claims, ...rest }: EntraError) {
  return rest
}
