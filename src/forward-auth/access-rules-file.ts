import * as v from 'valibot'
import { isGuid } from '../protocol/guid.ts'
import { checkDistinctIds, checkRules, readRulesFile } from '../protocol/rules-file.ts'
import { withoutPrototypes } from '../protocol/strict-json.ts'
import { strictObject } from '../protocol/strict-object.ts'
import { ROLE_NAME } from '../protocol/text-patterns.ts'
import { canonicalPath } from './access-path.ts'
import {
  type AccessRule,
  type AccessRules,
  type Allowance,
  membersOfDefault,
  type PathPattern,
} from './decide-access.ts'

const MAX_RULES = 1000
const SETTING = 'ENTRADA_ACCESS_RULES_FILE'

const oneOrMore = <Entry extends v.GenericSchema<string, string>>(entry: Entry) =>
  v.union([entry, v.pipe(v.array(entry), v.minLength(1, 'must not be empty'))])

const role = v.pipe(v.string(), v.regex(ROLE_NAME, 'a role must be 1 to 64 of A-Z a-z 0-9 . _ : -'))
const organization = v.pipe(
  v.string(),
  v.regex(/^(\*|[A-Za-z0-9_-]{1,64})$/, 'an organization must be an id or a slug, or * for any'),
)
const group = v.pipe(
  v.string(),
  v.check((id: string) => isGuid(id), 'a group must be an object id (GUID), not a name'),
)
const host = v.pipe(
  v.string(),
  v.regex(
    /^[a-z0-9.-]+(:\d{1,5})?$|^\[[0-9a-f:.]+\](:\d{1,5})?$/,
    'a host must be a name in small letters, with a port where it has one, and no scheme',
  ),
)
const method = v.pipe(
  v.string(),
  v.regex(/^[A-Z][A-Z-]{0,31}$/, 'a method must be in capital letters'),
)
const path = v.pipe(
  v.string(),
  v.check(
    (text: string) => toPattern(text) !== undefined,
    'a path must be written as in the address, such as /admin or /admin/*, without // . .. ; \\ ? # and * elsewhere, and without a dot or white space at the end of a part',
  ),
)

const allow = v.union(
  [
    v.literal('everyone'),
    v.literal('signed_in'),
    v.literal('nobody'),
    v.pipe(
      strictObject({
        organizations: v.optional(
          v.pipe(v.array(organization), v.minLength(1, 'must not be empty')),
        ),
        roles: v.optional(v.array(role)),
        groups: v.optional(v.array(group)),
      }),
      v.check(
        ({ organizations = [], roles = [], groups = [] }) =>
          organizations.length + roles.length + groups.length > 0,
        'allow needs organizations, roles or groups',
      ),
    ),
  ],
  (issue) =>
    issue.issues?.length === 1
      ? issue.issues[0].message
      : 'allow must be "everyone", "signed_in", "nobody" or { "organizations": […], "roles": […], "groups": […] }',
)

const rule = strictObject({
  id: v.optional(
    v.pipe(v.string(), v.regex(ROLE_NAME, 'id must be 1 to 64 of A-Z a-z 0-9 . _ : -')),
  ),
  host: v.optional(oneOrMore(host)),
  method: v.optional(oneOrMore(method)),
  path: v.optional(oneOrMore(path)),
  allow,
})

const file = strictObject({
  $schema: v.optional(v.string()),
  rules: v.pipe(v.array(rule), v.maxLength(MAX_RULES)),
  otherwise: v.optional(
    v.union(
      [v.literal('signed_in'), v.literal('nobody')],
      'otherwise must be "signed_in" or "nobody"',
    ),
  ),
})

/** The rules as the file contains them: the first one that matches decides. */
export type AccessRulesInput = {
  readonly $schema?: string
  readonly rules: readonly AccessRuleInput[]
  /**
   * Applies when no rule matches: `signed_in` allows the users of every organization. If it is absent, only the users of `default`
   * are allowed.
   */
  readonly otherwise?: 'signed_in' | 'nobody'
}
/** A condition that is absent matches everything. */
export type AccessRuleInput = {
  /** The name of the rule in the log. */
  readonly id?: string
  readonly host?: string | readonly string[]
  readonly method?: string | readonly string[]
  /** `/admin`, or `/admin/*` with everything below it. */
  readonly path?: string | readonly string[]
  /**
   * With roles and groups, a user who has one of them in one of the organizations is allowed. Organizations are ids or slugs, or
   * `*` for any. If they are absent, the rule is for the organization of the environment, `default`, because other organizations
   * name their roles themselves.
   */
  readonly allow:
    | 'everyone'
    | 'signed_in'
    | 'nobody'
    | {
        readonly organizations?: readonly string[]
        readonly roles?: readonly string[]
        readonly groups?: readonly string[]
      }
}

/**
 * Reads the file of ENTRADA_ACCESS_RULES_FILE.
 *
 * @throws {EntradaError} `settings_invalid`, every problem in `detail.problems`
 */
export function readAccessRules(
  path: string,
  readTextFile: (path: string) => string,
): AccessRulesInput {
  const input = readRulesFile(SETTING, path, readTextFile) as AccessRulesInput // checked by the next line
  toAccessRules(input)
  return input
}

/**
 * Converts the rules of the file to those of {@link decidePageAccess}. `leftOut` applies when `otherwise` is absent.
 *
 * @throws {EntradaError} `settings_invalid`, every problem in `detail.problems`
 */
export function toAccessRules(
  input: AccessRulesInput,
  leftOut: Allowance = membersOfDefault,
): AccessRules {
  const checked = checkRules(SETTING, file, withoutPrototypes(input))
  const rules = checked.rules.map(toRule)
  checkDistinctIds(SETTING, rules)
  const { otherwise } = checked
  return { rules, otherwise: otherwise === undefined ? leftOut : { kind: otherwise } }
}

/** Returns the hosts in rules that are not served, each as a problem: a rule with a misspelt host protects nothing. */
export function unknownHosts({ rules }: AccessRules, served: readonly string[]): readonly string[] {
  return rules.flatMap(({ id, hosts = [] }) =>
    hosts
      .filter((host) => !served.includes(host))
      .map(
        (host) =>
          `${SETTING}, rule ${id}: ${host} is the host of no ENTRADA_SERVER_URL, ENTRADA_ENTRA_EXTRA_URLS or ENTRADA_APPLICATION_URLS`,
      ),
  )
}

function toRule(input: v.InferOutput<typeof rule>, index: number): AccessRule {
  const { id, host: hosts, method: methods, path: paths } = input
  return {
    id: id ?? `rule ${index + 1}`,
    allow: toAllowance(input.allow),
    ...(hosts === undefined ? {} : { hosts: [hosts].flat() }),
    ...(methods === undefined ? {} : { methods: withGet([methods].flat()) }),
    ...(paths === undefined
      ? {}
      : { paths: [paths].flat().flatMap((path) => toPattern(path) ?? []) }),
  }
}

/** A rule for HEAD is one for GET, and the reverse. */
function withGet(methods: readonly string[]): readonly string[] {
  return methods.map((method) => (method === 'HEAD' ? 'GET' : method))
}

function toAllowance(input: v.InferOutput<typeof allow>): Allowance {
  if (typeof input === 'string') return { kind: input }
  const { organizations = ['default'], roles = [], groups = [] } = input
  return { kind: 'some', organizations, roles, groups: groups.map((id) => id.toLowerCase()) }
}

function toPattern(text: string): PathPattern | undefined {
  const below = text.endsWith('/*')
  const path = below ? text.slice(0, -2) || '/' : text
  const canonical = path.includes('*') || path.includes('?') ? undefined : canonicalPath(path)
  return canonical === undefined ? undefined : { path: canonical, below }
}
