import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EntradaError } from '../errors/errors.ts'
import { type AccessRulesInput, readAccessRules, toAccessRules } from './access-rules-file.ts'
import { membersOfDefault } from './decide-access.ts'

const GROUP = '1A000000-0000-4000-8000-000000000001'

function problemsOf(value: unknown): readonly string[] {
  try {
    readAccessRules('', () => (typeof value === 'string' ? value : JSON.stringify(value)))
    return []
  } catch (error) {
    assert.ok(error instanceof EntradaError && error.code === 'settings_invalid')
    return (error.detail.problems as unknown[]).map(String)
  }
}

const rule = (members: Readonly<Record<string, unknown>>) => ({
  rules: [{ allow: 'nobody', ...members }],
})

describe('toAccessRules', () => {
  it('reads hosts, paths and methods, one or several', () => {
    const input: AccessRulesInput = {
      $schema: 'x',
      rules: [
        { id: 'open', path: '/public/*', method: ['HEAD'], allow: 'everyone' },
        { host: ['a.example', 'b.example:8443'], allow: { roles: ['admin'], groups: [GROUP] } },
        { path: '/*', allow: 'signed_in' },
      ],
      otherwise: 'nobody',
    }
    assert.deepEqual(toAccessRules(input), {
      rules: [
        {
          id: 'open',
          allow: { kind: 'everyone' },
          methods: ['GET'],
          paths: [{ path: '/public', below: true }],
        },
        {
          id: 'rule 2',
          allow: {
            kind: 'some',
            organizations: ['default'],
            roles: ['admin'],
            groups: [GROUP.toLowerCase()],
          },
          hosts: ['a.example', 'b.example:8443'],
        },
        { id: 'rule 3', allow: { kind: 'signed_in' }, paths: [{ path: '/', below: true }] },
      ],
      otherwise: { kind: 'nobody' },
    })
  })

  it('lets our own organization in where nothing else is said (S4)', () => {
    assert.deepEqual(toAccessRules({ rules: [] }).otherwise, membersOfDefault)
  })

  for (const [what, value, expected] of [
    ['no JSON', 'rules:', /is not valid JSON/],
    ['a list', [], /rules: /],
    ['no rules', {}, /rules/],
    ['a key that does not exist', rule({ paths: '/x' }), /rules\.0\.paths/],
    ['no allow', { rules: [{ path: '/x' }] }, /rules\.0\.allow/],
    [
      'an allow that does not exist',
      rule({ allow: 'everybody' }),
      /rules\.0\.allow: allow must be/,
    ],
    [
      'an empty allow',
      rule({ allow: {} }),
      /rules\.0\.allow: allow needs organizations, roles or groups/,
    ],
    ['a group by name', rule({ allow: { groups: ['Admins'] } }), /must be an object id/],
    ['a role with a comma', rule({ allow: { roles: ['a,b'] } }), /a role must be/],
    ['a host with a scheme', rule({ host: 'https://a.example' }), /rules\.0\.host/],
    ['a host with a star', rule({ host: '*.example.com' }), /rules\.0\.host/],
    ['a method in small letters', rule({ method: 'get' }), /rules\.0\.method/],
    ['no path in a list', rule({ path: [] }), /must not be empty/],
    ['a path that is none', rule({ path: 'admin' }), /rules\.0\.path/],
    ['a path with a query', rule({ path: '/a?b' }), /rules\.0\.path/],
    ['a star in the middle', rule({ path: '/a/*/b' }), /rules\.0\.path/],
    ['dots', rule({ path: '/a/../b' }), /rules\.0\.path/],
    ['two slashes', rule({ path: '/a//b' }), /rules\.0\.path/],
    [
      'the same id twice',
      {
        rules: [
          { id: 'a', allow: 'nobody' },
          { id: 'a', allow: 'nobody' },
        ],
      },
      /two rules have the id a/,
    ],
    ['opening everything else', { rules: [], otherwise: 'everyone' }, /otherwise must be/],
    ['too many rules', { rules: Array(1001).fill({ allow: 'nobody' }) }, /rules: /],
  ] as const) {
    it(`refuses ${what}`, () => {
      const problems = problemsOf(value)
      assert.equal(problems.length, 1, problems.join('\n'))
      assert.match(problems[0] ?? '', expected)
    })
  }

  it('tells every problem at once', () => {
    const value = {
      rules: [
        { path: 'x', allow: 'x' },
        { host: '', allow: 'nobody' },
      ],
    }
    assert.equal(problemsOf(value).length, 3)
  })

  it('says that a file cannot be read', () => {
    const unreadable = () => {
      throw new Error('ENOENT')
    }
    assert.throws(() => readAccessRules('/nowhere', unreadable), {
      detail: { problems: ['ENTRADA_ACCESS_RULES_FILE cannot be read'] },
    })
  })
})
