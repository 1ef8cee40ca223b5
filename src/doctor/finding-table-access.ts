import type { FindingRows } from './finding.ts'

export const accessFindings = {
  access_rules_good: { severity: 'ok', what: 'The {count} access rules can be read.' },
  access_rules_invalid: {
    severity: 'error',
    what: 'The file of ENTRADA_ACCESS_RULES_FILE cannot be used:',
    why: 'Entrada does not start with access rules that it does not understand.',
    fix: 'Correct the file; docs/forward-auth.md shows one.',
  },
  access_rules_not_readable: {
    severity: 'error',
    what: 'This user may not read the access rules in {file}.',
    why: 'The server reads them if it runs as another user, and does not start if it runs as this one.',
    fix: 'Run this as the user that the server runs as, such as `sudo -u entrada …`. If it stays so, let that user read the file.',
  },
  access_role_in_other_case: {
    severity: 'error',
    what: 'Access rules name roles in another letter case than they are given:',
    why: 'Letter case counts in roles, so nobody can open these pages by such a role.',
    fix: 'Write the role in ENTRADA_ACCESS_RULES_FILE exactly as the role rules do.',
  },
  access_role_not_given: {
    severity: 'warning',
    what: 'Access rules name roles that no role rule gives and no user has:',
    why: 'Nobody can open these pages by such a role. It is misspelt, or the rule that gives it is missing.',
    fix: 'Compare ENTRADA_ACCESS_RULES_FILE with ENTRADA_ROLE_RULES_FILE and with the rules of your connections; or give the role by hand with `entrada membership give-role`.',
  },
  access_organization_unknown: {
    severity: 'warning',
    what: 'Access rules name organizations that do not exist:',
    why: 'Nobody can open these pages by such an organization; a later customer who gets this id or slug can.',
    fix: 'Compare with `entrada organization list`; ids and slugs count, names do not.',
  },
  access_rules_never_reached: {
    severity: 'warning',
    what: 'No page ever reaches these access rules, because {rule} before them matches every page:',
    why: 'The first rule that matches decides. What these rules forbid or allow has no effect.',
    fix: 'Move {rule} to the end of the file, or give it a path or host.',
  },
  access_rules_open_everything: {
    severity: 'warning',
    what: 'The access rule {rule} opens every page that no rule before it names, to everybody, without signing in.',
    why: 'An application behind the reverse proxy then relies on its own checks alone.',
    fix: 'Give the rule a path such as /public/*, or take it out: without it a sign-in is needed.',
  },
  role_rule_value_is_id: {
    severity: 'warning',
    what: 'Role rules on app roles name an id where the value of an app role belongs:',
    why: 'The value of an app role is a word such as `Admin`. The object id of a group, or the id of the app role, never matches.',
    fix: 'Write `"group"` in place of `"app_role"` for a group, or copy the column "Value" from App registrations > your application > App roles.',
  },
} as const satisfies FindingRows
