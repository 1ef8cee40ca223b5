import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { EntradaError, isEntradaError } from '../errors/errors.ts'
import { parseRoleRules } from './role-rules-file.ts'

const GROUP = '1A000000-0000-4000-8000-00000000000A'
const group = GROUP.toLowerCase()

/** Every problem that the file has. */
function problemsOf(content: unknown): string[] {
  try {
    parseRoleRules(typeof content === 'string' ? content : JSON.stringify(content))
    return []
  } catch (error) {
    assert.ok(error instanceof EntradaError)
    assert.equal(error.code, 'settings_invalid')
    const { problems } = error.detail
    assert.ok(Array.isArray(problems))
    return problems.map(String)
  }
}

describe('parseRoleRules', () => {
  it('reads groups and app roles, and gives rules without an id one that stays the same', () => {
    const rules = [
      { group: GROUP, role: 'engineer' },
      { id: 'admins', app_role: 'Entrada.Admin', role: 'admin' },
      { app_role: 'Reader', role: 'reader' },
    ]
    assert.deepEqual(parseRoleRules(JSON.stringify({ $schema: './x.json', rules })), {
      rules: [
        { id: `group:${group}:engineer`, match: 'group', value: group, role: 'engineer' },
        { id: 'admins', match: 'app_role', value: 'Entrada.Admin', role: 'admin' },
        { id: 'app_role:Reader:reader', match: 'app_role', value: 'Reader', role: 'reader' },
      ],
      unmatched: { kind: 'refuse' },
    })
  })

  it('refuses whoever matches nothing, unless the file names a role', () => {
    const unmatched = (value?: unknown) =>
      parseRoleRules(JSON.stringify({ rules: [], unmatched: value })).unmatched
    assert.deepEqual(unmatched(), { kind: 'refuse' })
    assert.deepEqual(unmatched('refuse'), { kind: 'refuse' })
    assert.deepEqual(unmatched({ role: 'member' }), { kind: 'default_role', role: 'member' })
  })

  const rule = { group: GROUP, role: 'x' }
  const refused: readonly (readonly [string, unknown, RegExp])[] = [
    ['text that is no JSON', '{', /is not valid JSON$/],
    ['an empty file', '', /is not valid JSON$/],
    ['null', null, /expected object/i],
    ['a list', [], /rules/],
    ['a file without rules', {}, /rules/],
    ['rules that are no list', { rules: { 0: rule } }, /, rules: /],
    ['a rule that is null', { rules: [null] }, /, rules\.0: /],
    ['a rule that is a list', { rules: [[]] }, /, rules\.0/],
    ['a member that nobody knows', { rules: [], rule: [] }, /, rule: /],
    [
      'a misspelled member of a rule',
      { rules: [{ groups: GROUP, role: 'x' }] },
      /, rules\.0\.groups/,
    ],
    [
      'a group by its name (B23)',
      { rules: [{ group: 'Admins', role: 'x' }] },
      /must be an object id \(GUID\), not a name/,
    ],
    ['a rule without a role', { rules: [{ group: GROUP }] }, /, rules\.0\.role/],
    ['a role that is a list', { rules: [{ group: GROUP, role: ['x'] }] }, /, rules\.0\.role/],
    ['a role with spaces', { rules: [{ group: GROUP, role: 'a b' }] }, /role must be 1 to 64 of/],
    [
      'a role with a line break',
      { rules: [{ group: GROUP, role: 'a\n' }] },
      /role must be 1 to 64 of/,
    ],
    ['an id with a comma', { rules: [{ ...rule, id: 'a,b' }] }, /id must be 1 to 64 of/],
    ['a rule of both kinds', { rules: [{ ...rule, app_role: 'A' }] }, /either group or app_role/],
    ['a rule of neither kind', { rules: [{ role: 'x' }] }, /either group or app_role/],
    ['an empty app role', { rules: [{ app_role: '', role: 'x' }] }, /, rules\.0\.app_role/],
    [
      'unmatched that is a word',
      { rules: [], unmatched: 'allow' },
      /unmatched must be "refuse" or/,
    ],
    ['unmatched that is null', { rules: [], unmatched: null }, /unmatched must be "refuse" or/],
    [
      'two rules of one id',
      {
        rules: [
          { ...rule, id: 'a' },
          { app_role: 'A', role: 'y', id: 'a' },
        ],
      },
      /two rules have the id a$/,
    ],
    ['the same rule twice', { rules: [rule, { ...rule, group }] }, /two rules have the id group:/],
    ['more than 1000 rules', { rules: Array(1001).fill(rule) }, /, rules: /],
    ['a prototype for a member', '{"rules":[],"__proto__":{"x":1}}', /__proto__/],
    [
      'a prototype for a rule',
      `{"rules":[{"__proto__":{"group":"${GROUP}"},"role":"x"}]}`,
      /__proto__/,
    ],
  ]
  for (const [what, content, problem] of refused) {
    it(`refuses ${what}, and says so`, () => {
      const problems = problemsOf(content)
      assert.notEqual(problems.length, 0)
      assert.equal(
        problems.every((text) => text.startsWith('ENTRADA_ROLE_RULES_FILE')),
        true,
      )
      assert.match(problems.join('\n'), problem)
    })
  }

  it('lists every problem at once', () => {
    const rules = [
      { group: 'Admins', role: 'x' },
      { app_role: 'A', role: 'a b' },
      { ...rule, id: '' },
    ]
    const problems = problemsOf({ rules, unmatched: 'x' })
    assert.equal(problems.length, 4)
    for (const [index, place] of [
      'rules.0.group',
      'rules.1.role',
      'rules.2.id',
      'unmatched',
    ].entries()) {
      assert.match(problems[index] ?? '', new RegExp(`, ${place}: `))
    }
  })

  it('answers any JSON with rules or its own refusal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (rule, two) => {
        try {
          parseRoleRules(JSON.stringify({ rules: [rule], unmatched: two }))
        } catch (error) {
          assert.ok(isEntradaError(error))
        }
      }),
    )
  })
})
