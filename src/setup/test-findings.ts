/**
 * Findings about the registration in Entra from a test sign-in, apart from whether the user is let in. Pure; the sentences are for
 * the customer's administrator.
 */
import {
  addClaim,
  type ClaimFact,
  claimNames,
  groupRemedies,
  type OptionalClaim,
  optionalClaims,
  proofForLinking,
} from '../errors/registration-facts.ts'
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import { kindOf } from '../identity-provider/provider-kinds.ts'
import { isGuid } from '../protocol/guid.ts'
import type { Connection, ConnectionCredential } from '../storage/records.ts'

type FindingRow = {
  /** `error`: users will be refused. `warning`: something works worse than it could. */
  readonly severity: 'error' | 'warning' | 'info'
  readonly what: string
  readonly fix: string
}

const findingTable = {
  claim_missing_email: missingClaim('email'),
  claim_missing_xms_edov: missingClaim('xms_edov'),
  linking_without_proof: missingClaim('xms_edov', proofForLinking),
  claim_missing_acct: missingClaim('acct'),
  claim_missing_sid: missingClaim('sid'),
  claim_missing_login_hint: missingClaim('login_hint'),
  groups_missing: {
    severity: 'error',
    what: 'Roles depend on groups here, and Entra sent no groups claim.',
    fix: `${groupRemedies.claimMissing} ${groupRemedies.claimNamesNone}`,
  },
  groups_not_needed: {
    severity: 'info',
    what: 'No groups came. Roles do not depend on groups here so far.',
    fix: 'Nothing. If roles shall follow groups later: Token configuration > Add groups claim.',
  },
  groups_overage: {
    severity: 'warning',
    what: 'This person is in more groups than fit into the token, so Entra sent none.',
    fix: groupRemedies.overage,
  },
  groups_overage_refuses: {
    severity: 'error',
    what: 'This person is in more groups than fit into the token, and roles depend on groups here. People in so many groups are refused.',
    fix: groupRemedies.overage,
  },
  groups_unreadable: {
    severity: 'warning',
    what: 'The groups of this person should have been read through Microsoft Graph, and could not be.',
    fix: `${groupRemedies.graphForbidden} If it is there, try again in a moment.`,
  },
  groups_unreadable_refuses: {
    severity: 'error',
    what: 'The groups of this person should have been read through Microsoft Graph, and could not be. Roles depend on them here: people whose groups are not known are refused.',
    fix: `${groupRemedies.graphForbidden} If it is there, try again in a moment.`,
  },
  groups_are_names: {
    severity: 'error',
    what: 'Groups came by name. Names are neither unique nor lasting, and count for nothing here.',
    fix: 'Token configuration > groups claim > ID > Group ID.',
  },
  app_roles_missing: {
    severity: 'warning',
    what: 'Roles depend on app roles here, and this person has none.',
    fix: 'Enterprise apps > the application > Users and groups: assign the person or a group with an app role.',
  },
  tested_by_guest: {
    severity: 'warning',
    what: 'The account of this test is a guest of the directory. What holds for members was not tried.',
    fix: 'Run the test again with an account that belongs to the directory.',
  },
  secret_without_end: {
    severity: 'warning',
    what: 'When the client secret ends is not known here, so nobody is warned before.',
    fix: 'Enter the secret again with its end date: Certificates & secrets > Expires.',
  },
  secret_ends_soon: {
    severity: 'warning',
    what: 'The credential ends within 60 days. After that nobody can sign in.',
    fix: 'Enter a newer one now, or upload a certificate.',
  },
  tenant_other: {
    severity: 'error',
    what: 'The account belongs to another directory than the one this connection is for.',
    fix: 'Sign in with an account of the directory; or correct the directory, if it is the wrong one.',
  },
} as const satisfies Readonly<Record<string, FindingRow>>

function missingClaim(claim: OptionalClaim, fact: ClaimFact = optionalClaims[claim]): FindingRow {
  return {
    severity: fact.weight.customer,
    what: `No \`${claim}\` came. ${fact.why}`,
    fix: addClaim(claim, fact),
  }
}

export type TestFinding = keyof typeof findingTable

/** Returns the row of a finding. */
export function testFindingRow(id: TestFinding): FindingRow {
  return findingTable[id]
}

const SOON_MS = 60 * 86_400_000

export type Tested = {
  readonly connection: Connection
  readonly identity: VerifiedIdentity
  readonly credentials: readonly ConnectionCredential[]
  readonly now: Date
}

/** Returns the findings of a test, the most important first. */
export function diagnoseTest(tested: Tested): readonly TestFinding[] {
  return [
    ...aboutTenant(tested),
    ...aboutGroups(tested),
    ...aboutClaims(tested),
    ...aboutCredentials(tested),
  ]
}

function aboutTenant({ connection, identity }: Tested): readonly TestFinding[] {
  return [
    ...(kindOf(connection).acceptsDirectory(connection, identity.key)
      ? []
      : (['tenant_other'] as const)),
    ...(identity.guest ? (['tested_by_guest'] as const) : []),
  ]
}

function aboutGroups({ connection, identity }: Tested): readonly TestFinding[] {
  const needs = (match: 'group' | 'app_role') =>
    connection.roleRules.some((rule) => rule.match === match)
  const appRoles = needs('app_role') && identity.appRoles.length === 0
  return [
    ...groupsFinding(identity, needs('group')),
    ...(appRoles ? (['app_roles_missing'] as const) : []),
  ]
}

function groupsFinding({ groups }: VerifiedIdentity, needed: boolean): readonly TestFinding[] {
  switch (groups.kind) {
    case 'absent':
      return [needed ? 'groups_missing' : 'groups_not_needed']
    case 'unreadable':
      return [needed ? 'groups_unreadable_refuses' : 'groups_unreadable']
    case 'overage':
      return [needed ? 'groups_overage_refuses' : 'groups_overage']
    case 'known':
      return groups.ids.every(isGuid) ? [] : ['groups_are_names']
  }
}

function aboutClaims({ connection, identity }: Tested): readonly TestFinding[] {
  const came = new Set(identity.claimNames)
  const proof =
    connection.policies.linking === 'verified' ? 'linking_without_proof' : 'claim_missing_xms_edov'
  return claimNames
    .filter((claim) => !came.has(claim))
    .map((claim) => (claim === 'xms_edov' ? proof : (`claim_missing_${claim}` as const)))
}

function aboutCredentials({ credentials, now }: Tested): readonly TestFinding[] {
  const unknown = credentials.some(
    ({ kind, expiresAt }) => kind === 'client_secret' && expiresAt === undefined,
  )
  const soon = credentials.some(
    ({ expiresAt }) => expiresAt !== undefined && expiresAt.getTime() - now.getTime() < SOON_MS,
  )
  return [
    ...(unknown ? (['secret_without_end'] as const) : []),
    ...(soon ? (['secret_ends_soon'] as const) : []),
  ]
}
