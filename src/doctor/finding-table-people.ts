import {
  addClaim,
  type ClaimFact,
  groupRemedies,
  type OptionalClaim,
  optionalClaims,
  proofForLinking,
} from '../errors/registration-facts.ts'
import { appRegistration } from '../identity-provider/entra/protocol/entra-error-table-entry.ts'
import type { FindingRows } from './finding.ts'

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
    what: 'Nobody has signed in yet, so it is not known which claims Entra sends.',
    why: 'Claims that are missing show only in a sign-in.',
    fix: 'Sign in once, then run this again.',
  },
  claims_complete: {
    severity: 'ok',
    what: 'The last {signIns} sign-ins brought every optional claim that Entrada can use.',
  },
  claim_missing_sid: {
    what: 'None of the last {signIns} sign-ins brought the claim `sid`.',
    ...missingClaim('sid'),
  },
  claim_missing_login_hint: {
    what: 'None of the last {signIns} sign-ins brought the claim `login_hint`.',
    ...missingClaim('login_hint'),
  },
  claim_missing_acct: {
    what: 'None of the last {signIns} sign-ins brought the claim `acct`.',
    ...missingClaim('acct'),
  },
  claim_missing_email: {
    what: 'None of the last {signIns} sign-ins brought the claim `email`.',
    ...missingClaim('email'),
  },
  claim_missing_xms_edov: {
    what: 'None of the last {signIns} sign-ins brought the claim `xms_edov`.',
    ...missingClaim('xms_edov'),
  },
  linking_without_proof: {
    what: 'ENTRADA_ENTRA_LINKING is `verified`, and none of the last {signIns} sign-ins brought the claim `xms_edov`.',
    ...missingClaim('xms_edov', proofForLinking),
  },
  groups_claim_missing: {
    severity: 'error',
    what: '{needs} on groups, and Entra sent no groups claim with any of the last {signIns} sign-ins ({people} people).',
    why: 'Entra sends groups only when told to. Until then nobody is a member of any group here, so these rules never apply.',
    fix: `In ${appRegistration} > ${groupRemedies.claimMissing} If these people really are in no group, this is no error.`,
    whoCanFix: 'application_administrator',
  },
  groups_overage_refuses: {
    severity: 'warning',
    what: '{overages} of the last {signIns} sign-ins came from people in more groups than fit into a token, and {needs} on groups.',
    why: 'Their groups are not known here, so they are refused (or keep their last ones, as ENTRADA_ENTRA_GROUPS_OVERAGE says).',
    fix: `In ${appRegistration} > ${groupRemedies.overage} Or let Entrada read them: ENTRADA_ENTRA_GROUPS_OVERAGE=graph, which needs the delegated permission \`User.Read\` of Microsoft Graph.`,
    whoCanFix: 'application_administrator',
  },
  groups_unreadable: {
    severity: 'warning',
    what: 'The groups of {unreadable} of the last {signIns} sign-ins could not be read through Microsoft Graph:',
    why: 'Where rules need groups, these people were refused, or kept their last known ones.',
    fix: `With \`graph_forbidden\`: ${groupRemedies.graphForbidden} With \`graph_unreachable\`: let this server reach the Graph host of the cloud by https. With \`graph_host_unknown\`: the authority has to publish \`msgraph_host\`. \`graph_throttled\` passes.`,
    whoCanFix: 'application_administrator',
  },
  groups_overage_seen: {
    severity: 'info',
    what: '{overages} of the last {signIns} sign-ins came from people in more groups than fit into a token.',
    why: 'No rule needs their groups now. One that does would refuse them.',
    fix: `Nothing now. Later, in ${appRegistration} > ${groupRemedies.overage}`,
    whoCanFix: 'application_administrator',
  },
  sign_ins_refused: {
    severity: 'info',
    what: '{refused} of the last {attempts} attempts to sign in were refused:',
    why: 'What is refused again and again for the same reason is often a setting.',
    fix: 'Look at one with `entrada sign-in list`; docs/reference/errors.md says what each code means.',
  },
  sign_ins_refused_alike: {
    severity: 'warning',
    what: 'All {refused} recent refusals have the same number of Entra, AADSTS{code}: {name}.',
    why: '{whatHappened}',
    fix: '{remedy}',
    whoCanFix: 'application_administrator',
  },
} as const satisfies FindingRows

export const roleFindings = {
  role_rules_good: { severity: 'ok', what: 'The {count} role rules are valid.' },
  role_rules_invalid: {
    severity: 'error',
    what: 'The file of ENTRADA_ROLE_RULES_FILE cannot be used:',
    why: 'Entrada does not start with role rules that it does not understand.',
    fix: 'Correct the file; docs/groups.md shows one.',
  },
  role_rules_not_readable: {
    severity: 'error',
    what: 'This user may not read the role rules in {file}.',
    why: 'The server reads them if it runs as another user, and does not start if it runs as this one.',
    fix: 'Run this as the user that the server runs as, such as `sudo -u entrada …`. If it stays so, let that user read the file.',
  },
  role_rules_never_matched: {
    severity: 'warning',
    what: 'No user has a role by these rules, of {users} who have signed in:',
    why: 'A rule that matches nobody is often a mistyped id, or names a group that is not assigned to the application.',
    fix: `Compare the ids with the object ids in entra.microsoft.com > Entra ID > Groups, and app role values with ${appRegistration} > App roles.`,
  },
} as const satisfies FindingRows

export const operatorFindings = {
  operators_listed: { severity: 'ok', what: 'All {count} listed operators are known here.' },
  operators_none: {
    severity: 'info',
    what: 'Nobody is listed in ENTRADA_OPERATORS: only the operator token administers.',
    why: 'A token is shared and says nothing about who used it; a listed person signs in under their own name.',
    fix: 'Set ENTRADA_OPERATORS=user:TENANT_ID/OBJECT_ID; `entrada user list --json` shows both ids.',
  },
  operator_of_another_directory: {
    severity: 'error',
    what: 'Operators are listed with another directory than the one configured:',
    why: 'Nobody of that directory can sign in here, so they can never administer.',
    fix: 'Correct the tenant id in ENTRADA_OPERATORS: `user:TENANT_ID/OBJECT_ID`.',
  },
  operator_never_seen: {
    severity: 'warning',
    what: 'Listed operators have never signed in:',
    why: 'They become operators when they do. If they have tried, the object id is another one.',
    fix: 'Compare with the object id in entra.microsoft.com > Entra ID > Users, or have them sign in.',
  },
  operator_disabled: {
    severity: 'warning',
    what: 'Listed operators are disabled here:',
    why: 'They cannot sign in, and so cannot administer.',
    fix: 'Take them out of ENTRADA_OPERATORS, or enable them with `entrada user enable`.',
  },
  operator_token_strong: {
    severity: 'ok',
    what: 'The operator token is long and random, from {source}.',
  },
  operator_token_absent: {
    severity: 'info',
    what: 'There is no operator token yet.',
    why: 'The first start makes one and prints where it lies. It is the way in when Entra is broken.',
    fix: 'Nothing before a first start.',
  },
  operator_token_not_readable: {
    severity: 'error',
    what: 'This user may not read the operator token in {file}.',
    why: 'That does not make the token weak. The server reads it if it runs as another user, and does not start if it runs as this one.',
    fix: 'Run this as the user that the server runs as, such as `sudo -u entrada …`. If it stays so, give the file to that user with `chown`, and keep `chmod 600`.',
  },
  operator_token_weak: {
    severity: 'error',
    what: 'The operator token in {file} {reason}.',
    why: 'Whoever guesses it administers everything.',
    fix: 'Remove the file and restart: a new one is made. Or set ENTRADA_OPERATOR_TOKEN to the output of `openssl rand -base64 32`.',
  },
  operator_token_in_two_places: {
    severity: 'info',
    what: 'ENTRADA_OPERATOR_TOKEN is set, so the token in {file} is not valid.',
    why: 'Whoever looks for the way in during an outage may find the wrong one first.',
    fix: 'Remove the file.',
  },
} as const satisfies FindingRows
