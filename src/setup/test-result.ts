/**
 * The result of a test sign-in. It contains a person's claims, so it is sealed and can be read for an hour by the one who started
 * it.
 */
import { EntradaError, type ErrorCode } from '../errors/errors.ts'
import type { EntraError } from '../identity-provider/entra/protocol/explain-entra-error.ts'
import type { GraphProblem, GroupsClaim } from '../identity-provider/identity-provider.ts'
import { newId } from '../keys/ids.ts'
import type { Services } from '../services.ts'
import type {
  ConnectionCredential,
  ConnectionId,
  RoleAssignment,
  RoleRule,
  TestResultId,
  TestResultRecord,
} from '../storage/records.ts'
import type { TestFinding } from './test-findings.ts'

const LIFETIME_MS = 3_600_000

/** The result as JSON, so that it can be sealed; times are text. */
export type TestResult = {
  readonly at: string
  readonly correlationId: string
  readonly connectionId: ConnectionId
  /** The credential that was tested alone; absent if the active ones were. */
  readonly credential?: Pick<ConnectionCredential, 'id' | 'kind'>
  /** Whether Entra and the directory are set up correctly, for any person who signs in. */
  readonly works: boolean
  readonly outcome: TestOutcome
  readonly findings: readonly TestFinding[]
}

export type TestOutcome =
  /** The test failed before the identity of a person was verified. */
  | {
      readonly kind: 'failed'
      readonly code: ErrorCode
      readonly claim?: string
      readonly entra?: Omit<EntraError, 'description' | 'claims'>
    }
  | {
      readonly kind: 'verified'
      readonly claims: Readonly<Record<string, unknown>>
      readonly groups: TestedGroups
      readonly decision: TestedDecision
    }

export type TestedGroups = {
  readonly kind: GroupsClaim['kind']
  /** Why Graph returned no groups. */
  readonly reason?: GraphProblem
  /** The groups were read through Graph; otherwise from the token. */
  readonly from?: 'graph'
  readonly groups: readonly { readonly id: string; readonly name?: string }[]
}

export type TestedDecision =
  | { readonly kind: 'refused'; readonly code: ErrorCode }
  | {
      readonly kind: 'allowed'
      readonly person: TestedPerson
      readonly roles: readonly TestedRole[]
    }

export type TestedPerson =
  | { readonly kind: 'new' }
  | { readonly kind: 'known'; readonly username: string }
  | { readonly kind: 'linked'; readonly username: string; readonly reason: string }

/** A role, and the rule that gives it. */
export type TestedRole = RoleAssignment & { readonly rule?: RoleRule }

/** Creates the id of a test result. */
export function newTestResultId(services: Pick<Services, 'now' | 'randomBytes'>): TestResultId {
  return newId(services, 'tst')
}

/** Seals a test result for storage. */
export function sealTestResult(
  services: Pick<Services, 'keyRing' | 'now'>,
  {
    id,
    holder,
    result,
  }: { readonly id: TestResultId; readonly holder: string; readonly result: TestResult },
): TestResultRecord {
  return {
    id,
    holder,
    connectionId: result.connectionId,
    sealed: services.keyRing.seal('test-result', JSON.stringify(result), boundTo(id)),
    endsAt: new Date(services.now().getTime() + LIFETIME_MS),
  }
}

/**
 * Returns the result to its holder only. A result that can no longer be opened, because a key is gone, counts as missing.
 *
 * @throws {EntradaError} `test_result_not_found`
 */
export async function getTestResult(
  services: Pick<Services, 'keyRing' | 'now' | 'storage'>,
  { id, holder }: { readonly id: string; readonly holder: string },
): Promise<TestResult> {
  const found = await services.storage.findTestResult(id as TestResultId, services.now()) // any text
  if (found?.holder !== holder) throw new EntradaError('test_result_not_found')
  try {
    const text = services.keyRing.open('test-result', found.sealed, boundTo(found.id))
    return JSON.parse(text) as TestResult // sealed above
  } catch (cause) {
    throw new EntradaError('test_result_not_found', {}, { cause })
  }
}

function boundTo(id: TestResultId): string {
  return `test_results.sealed:${id}`
}
