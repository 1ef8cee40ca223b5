import type { FindingRows } from './finding.ts'
import { ok } from './ok-finding.ts'

export const accessFindings = {
  access_rules_good: ok('The {count} access rules can be read.'),
  access_rules_invalid: {
    severity: 'error',
    what: 'The file of ENTRADA_ACCESS_RULES_FILE cannot be used:',
    why: 'Entrada does not start with access rules that it does not understand.',
    fix: 'Correct the file; docs/forward-auth.md shows one.',
  },
  access_rules_not_readable: {
    severity: 'error',
    what: 'This user may not read the access rules in {file}.',
    why: 'If the server runs as another user, it may be able to read the file. If it runs as this user, it does not start.',
    fix: 'Run this as the user that the server runs as, such as `sudo -u entrada …`. If the finding remains, let that user read the file.',
  },
  access_role_in_other_case: {
    severity: 'error',
    what: 'Access rules name roles in another letter case than the role rules do:',
    why: 'Roles are compared exactly, so these names match no user and no user is admitted by role.',
    fix: 'Write the role in ENTRADA_ACCESS_RULES_FILE exactly as the role rules do.',
  },
  access_role_not_given: {
    severity: 'warning',
    what: 'Access rules name roles that no role rule gives and no user has:',
    why: 'No user can open these pages by such a role. The name is misspelt, or the role rule that gives it is missing.',
    fix: 'Compare ENTRADA_ACCESS_RULES_FILE with ENTRADA_ROLE_RULES_FILE and with the rules of your connections; or give the role by hand with `entrada membership give-role`.',
  },
  access_organization_unknown: {
    severity: 'warning',
    what: 'Access rules name organizations that do not exist:',
    why: 'No user can open these pages by such an organization. A customer who later gets this id or slug could open them.',
    fix: 'Compare with `entrada organization list`. Rules match ids and slugs, not names.',
  },
  access_rules_never_reached: {
    severity: 'warning',
    what: 'These access rules are never used, because {rule} comes first and matches every page:',
    why: 'The first rule that matches decides, so later rules for the same page have no effect.',
    fix: 'Move {rule} to the end of the file, or give it a path or host.',
  },
  access_rules_open_everything: {
    severity: 'warning',
    what: 'The access rule {rule} makes every page public that no earlier rule names.',
    why: 'Applications behind the reverse proxy are then protected by their own checks alone.',
    fix: 'Give the rule a path such as /public/*, or remove it: without it, these pages need a sign-in.',
  },
  role_rule_value_is_id: {
    severity: 'warning',
    what: 'Role rules on app roles contain an id instead of the value of an app role:',
    why: 'The value of an app role is a word such as `Admin`. The object id of a group, or the id of the app role, never matches.',
    fix: 'Write `"group"` in place of `"app_role"` for a group, or copy the column "Value" from App registrations > your application > App roles.',
  },
} as const satisfies FindingRows
