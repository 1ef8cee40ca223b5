import {
  addClaim,
  appRegistration,
  type ClaimFact,
  groupRemedies,
  type OptionalClaim,
  optionalClaims,
  proofForLinking,
} from '../errors/registration-facts.ts'
import type { FindingRows } from './finding.ts'
import { ok } from './ok-finding.ts'

/** What the rows of the optional claims have in common: all but the area and what was seen. */
function missingClaim(claim: OptionalClaim, fact: ClaimFact = optionalClaims[claim]) {
  return {
    severity: fact.weight.operator,
    why: fact.why,
    fix: `In ${appRegistration} > ${addClaim(claim, fact)}`,
    whoCanFix: 'application_administrator',
  } as const
}

export const claimFindings = {
  sign_ins_not_seen: {
    severity: 'info',
    what: 'No user has signed in yet, so it is not known which claims Entra sends.',
    why: 'Missing claims can be detected only in a sign-in.',
    fix: 'Sign in once, then run this again.',
  },
  claims_complete: ok('The last {signIns} sign-ins had every optional claim that Entrada can use.'),
  claim_missing_sid: {
    what: 'None of the last {signIns} sign-ins had the claim `sid`.',
    ...missingClaim('sid'),
  },
  claim_missing_login_hint: {
    what: 'None of the last {signIns} sign-ins had the claim `login_hint`.',
    ...missingClaim('login_hint'),
  },
  claim_missing_acct: {
    what: 'None of the last {signIns} sign-ins had the claim `acct`.',
    ...missingClaim('acct'),
  },
  claim_missing_email: {
    what: 'None of the last {signIns} sign-ins had the claim `email`.',
    ...missingClaim('email'),
  },
  claim_missing_xms_edov: {
    what: 'None of the last {signIns} sign-ins had the claim `xms_edov`.',
    ...missingClaim('xms_edov'),
  },
  linking_without_proof: {
    what: 'ENTRADA_ENTRA_LINKING is `verified`, but none of the last {signIns} sign-ins had the claim `xms_edov`.',
    ...missingClaim('xms_edov', proofForLinking),
  },
  groups_claim_missing: {
    severity: 'error',
    what: '{needs} on groups, but Entra sent no groups claim in any of the last {signIns} sign-ins ({people} people).',
    why: 'Entra sends groups only if the app registration asks for them. Without the claim no user is a member of any group here, so these rules never apply.',
    fix: `In ${appRegistration} > ${groupRemedies.claimMissing} If these users really are in no group, ignore this.`,
    whoCanFix: 'application_administrator',
  },
  groups_overage_refuses: {
    severity: 'warning',
    what: '{overages} of the last {signIns} sign-ins came from people in more groups than fit into a token, and {needs} on groups.',
    why: 'Their groups are not known here, so they are refused, or keep their last known groups (ENTRADA_ENTRA_GROUPS_OVERAGE).',
    fix: `In ${appRegistration} > ${groupRemedies.overage} Or let Entrada read the groups: ENTRADA_ENTRA_GROUPS_OVERAGE=graph, which needs the delegated permission \`User.Read\` of Microsoft Graph.`,
    whoCanFix: 'application_administrator',
  },
  groups_unreadable: {
    severity: 'warning',
    what: 'The groups of {unreadable} of the last {signIns} sign-ins could not be read through Microsoft Graph:',
    why: 'Where rules need groups, these users were refused or kept their last known groups.',
    fix: `With \`graph_forbidden\`: ${groupRemedies.graphForbidden} With \`graph_unreachable\`: let this server reach the Graph host of the cloud by https. With \`graph_host_unknown\`: the authority has to publish \`msgraph_host\`. With \`graph_throttled\`: wait, it passes.`,
    whoCanFix: 'application_administrator',
  },
  groups_overage_seen: {
    severity: 'info',
    what: '{overages} of the last {signIns} sign-ins came from people in more groups than fit into a token.',
    why: 'No rule needs their groups now. A rule that needs them would refuse these users.',
    fix: `Nothing now. Later, in ${appRegistration} > ${groupRemedies.overage}`,
    whoCanFix: 'application_administrator',
  },
  sign_ins_refused: {
    severity: 'info',
    what: '{refused} of the last {attempts} sign-ins were refused:',
    why: 'Repeated refusals for the same reason are often caused by a setting.',
    fix: 'Look at one with `entrada sign-in list`; docs/reference/errors.md explains each code.',
  },
  sign_ins_refused_alike: {
    severity: 'warning',
    what: 'All {refused} recent refusals have the same Entra error, AADSTS{code}: {name}.',
    why: '{whatHappened}',
    fix: '{remedy}',
    whoCanFix: 'application_administrator',
  },
} as const satisfies FindingRows

export const roleFindings = {
  role_rules_good: ok('The {count} role rules are valid.'),
  role_rules_invalid: {
    severity: 'error',
    what: 'The file of ENTRADA_ROLE_RULES_FILE cannot be used:',
    why: 'Entrada does not start with role rules that it does not understand.',
    fix: 'Correct the file; docs/groups.md shows one.',
  },
  role_rules_not_readable: {
    severity: 'error',
    what: 'This user may not read the role rules in {file}.',
    why: 'If the server runs as another user, it may be able to read the file. If it runs as this user, it does not start.',
    fix: 'Run this as the user that the server runs as, such as `sudo -u entrada …`. If the finding remains, let that user read the file.',
  },
  role_rules_never_matched: {
    severity: 'warning',
    what: 'None of the {users} users who have signed in has a role by these rules:',
    why: 'A rule that matches no user often has a mistyped id, or names a group that is not assigned to the application.',
    fix: `Compare the ids with the object ids in entra.microsoft.com > Entra ID > Groups, and app role values with ${appRegistration} > App roles.`,
  },
} as const satisfies FindingRows

export const operatorFindings = {
  operators_listed: ok('All {count} operators of ENTRADA_OPERATORS are users here.'),
  operators_none: {
    severity: 'info',
    what: 'ENTRADA_OPERATORS is empty: administration is possible with the operator token only.',
    why: 'The token is shared, so the audit trail cannot show which person used it. Listed operators sign in under their own names.',
    fix: 'Set ENTRADA_OPERATORS=user:TENANT_ID/OBJECT_ID; `entrada user list --json` shows both ids.',
  },
  operator_of_another_directory: {
    severity: 'error',
    what: 'ENTRADA_OPERATORS lists operators of a directory that is not configured:',
    why: 'Users of that directory cannot sign in here, so these operators have no access.',
    fix: 'Correct the tenant id in ENTRADA_OPERATORS: `user:TENANT_ID/OBJECT_ID`.',
  },
  operator_never_seen: {
    severity: 'warning',
    what: 'These operators of ENTRADA_OPERATORS have never signed in:',
    why: 'They become operators when they sign in. If they have tried, the object id is wrong.',
    fix: 'Compare with the object id in entra.microsoft.com > Entra ID > Users, or let them sign in.',
  },
  operator_disabled: {
    severity: 'warning',
    what: 'These operators of ENTRADA_OPERATORS are disabled here:',
    why: 'They cannot sign in, so they cannot administer.',
    fix: 'Remove them from ENTRADA_OPERATORS, or enable them with `entrada user enable`.',
  },
  operator_token_strong: ok('The operator token is long and random, from {source}.'),
  operator_token_absent: {
    severity: 'info',
    what: 'There is no operator token yet.',
    why: 'The first start creates one and prints where it is. It lets you sign in when Entra does not work.',
    fix: 'Before a first start: nothing.',
  },
  operator_token_not_readable: {
    severity: 'error',
    what: 'This user may not read the operator token in {file}.',
    why: 'The token may be strong all the same. If the server runs as another user, it may be able to read the file; if it runs as this user, it does not start.',
    fix: 'Run this as the user that the server runs as, such as `sudo -u entrada …`. If the finding remains, give the file to that user with `chown`, and keep `chmod 600`.',
  },
  operator_token_weak: {
    severity: 'error',
    what: 'The operator token in {file} {reason}.',
    why: 'An attacker who guesses it can administer everything.',
    fix: 'Remove the file and restart: Entrada creates a new one. Or set ENTRADA_OPERATOR_TOKEN to the output of `openssl rand -base64 32`.',
  },
  operator_token_in_two_places: {
    severity: 'info',
    what: 'ENTRADA_OPERATOR_TOKEN is set, so the token in {file} is not valid.',
    why: 'In an outage, an operator may find the token that does not work first.',
    fix: 'Remove the file.',
  },
} as const satisfies FindingRows
