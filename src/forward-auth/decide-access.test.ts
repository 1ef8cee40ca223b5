import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SessionView } from '../storage/records.ts'
import { type AccessRulesInput, toAccessRules } from './access-rules-file.ts'
import { type AccessDecision, decidePageAccess, membersOfDefault } from './decide-access.ts'

const GROUP = '1a000000-0000-4000-8000-000000000001'
const HOST = 'wiki.example.com'

function person({
  roles = [],
  groups = [],
  complete = true,
  organization = 'default',
}: {
  readonly organization?: string
  readonly roles?: readonly string[]
  readonly groups?: readonly string[]
  readonly complete?: boolean
} = {}): SessionView {
  const at = new Date(0)
  const session = {
    id: 'ses_1',
    kind: 'user',
    tokenHash: '',
    host: HOST,
    createdAt: at,
    lastSeenAt: at,
    idleEndsAt: at,
    absoluteEndsAt: at,
  } as const
  return {
    session,
    organization: {
      id: organization === 'default' ? 'default' : 'org_1',
      name: organization,
      slug: organization,
      settings: {},
      createdAt: at,
      updatedAt: at,
    },
    roles,
    groups: { groups, appRoles: [], complete, takenAt: at, source: 'claim' as const },
  }
}

function decide(
  rules: AccessRulesInput['rules'],
  uri: string,
  {
    view,
    method = 'GET',
    host = HOST,
  }: { readonly view?: SessionView; readonly method?: string; readonly host?: string } = {},
): AccessDecision {
  const parsed = toAccessRules({ rules })
  return decidePageAccess(view, parsed, { host, original: { method, uri } })
}

describe('decidePageAccess', () => {
  it('takes a role for what the organization means that gave it: by default only our own', () => {
    const ours = [{ path: '/admin/*', allow: { roles: ['admin'] } }]
    const mine = person({ roles: ['admin'] })
    const theirs = person({ roles: ['admin'], organization: 'fabrikam' })
    assert.equal(decide(ours, '/admin/x', { view: mine }).kind, 'allowed')
    assert.equal(decide(ours, '/admin/x', { view: theirs }).kind, 'denied')
    const named = (organizations: readonly string[]) => [
      { path: '/admin/*', allow: { organizations, roles: ['admin'] } },
    ]
    assert.equal(decide(named(['fabrikam']), '/admin/x', { view: theirs }).kind, 'allowed')
    assert.equal(decide(named(['org_1']), '/admin/x', { view: theirs }).kind, 'allowed')
    assert.equal(decide(named(['fabrikam']), '/admin/x', { view: mine }).kind, 'denied')
    assert.equal(decide(named(['*']), '/admin/x', { view: theirs }).kind, 'allowed')
    assert.equal(decide(named(['*']), '/admin/x', { view: person() }).kind, 'denied')
  })

  it('lets in everybody of an organization that is named without roles', () => {
    const rules = [{ path: '/*', allow: { organizations: ['fabrikam'] } }]
    const theirs = person({ organization: 'fabrikam' })
    assert.equal(decide(rules, '/x', { view: theirs }).kind, 'allowed')
    assert.equal(decide(rules, '/x', { view: person() }).kind, 'denied')
    assert.equal(decide(rules, '/x').kind, 'sign_in_needed')
  })

  it('without rules lets in the people of our own organization alone, and needs no page named (S4)', () => {
    const noRules = { rules: [], otherwise: membersOfDefault }
    const decideFor = (view: SessionView | undefined) =>
      decidePageAccess(view, noRules, { host: HOST })
    assert.deepEqual(decideFor(undefined), { kind: 'sign_in_needed' })
    const view = person()
    assert.deepEqual(decideFor(view), { kind: 'allowed', view })
    assert.equal(decideFor(person({ organization: 'fabrikam' })).kind, 'denied')
  })

  it('takes what is left out of the rules for our own organization, and signed_in for every one (S4)', () => {
    const theirs = person({ organization: 'fabrikam' })
    const kindOf = (input: AccessRulesInput, leftOut?: Parameters<typeof toAccessRules>[1]) =>
      decidePageAccess(theirs, toAccessRules(input, leftOut), { host: HOST }).kind
    assert.equal(kindOf({ rules: [] }), 'denied')
    assert.equal(kindOf({ rules: [], otherwise: 'signed_in' }), 'allowed')
    assert.equal(kindOf({ rules: [] }, { kind: 'signed_in' }), 'allowed')
    assert.equal(kindOf({ rules: [], otherwise: 'nobody' }, { kind: 'signed_in' }), 'denied')
  })

  it('takes the first rule that matches by host, method and path', () => {
    const rules: AccessRulesInput['rules'] = [
      { host: 'other.example.com', allow: 'nobody' },
      { method: ['OPTIONS'], allow: 'everyone' },
      { path: ['/health', '/public/*'], allow: 'everyone' },
      { path: '/admin/*', method: 'GET', allow: 'signed_in' },
      { path: '/admin/*', allow: { roles: ['admin'] } },
    ]
    assert.equal(decide(rules, '/x').kind, 'sign_in_needed')
    assert.equal(decide(rules, '/x', { method: 'OPTIONS' }).kind, 'allowed')
    assert.equal(decide(rules, '/health?x=1').kind, 'allowed')
    assert.equal(decide(rules, '/public').kind, 'allowed')
    assert.equal(decide(rules, '/public/a/b').kind, 'allowed')
    assert.equal(decide(rules, '/publicity').kind, 'sign_in_needed')
    assert.equal(decide(rules, '/healthy').kind, 'sign_in_needed')
    const view = person({ roles: ['reader'] })
    assert.equal(decide(rules, '/admin/x', { view }).kind, 'allowed')
    assert.equal(decide(rules, '/admin/x', { view, method: 'HEAD' }).kind, 'allowed')
    assert.deepEqual(decide(rules, '/admin/x', { view, method: 'POST' }), {
      kind: 'denied',
      code: 'access_denied',
      ruleId: 'rule 5',
    })
    assert.equal(decide(rules, '/x', { host: 'other.example.com', view }).kind, 'denied')
  })

  it('wants one of the roles, or one of the groups', () => {
    const rules: AccessRulesInput['rules'] = [
      { path: '/*', allow: { roles: ['admin', 'owner'], groups: [GROUP.toUpperCase()] } },
    ]
    assert.equal(decide(rules, '/', { view: person({ roles: ['owner'] }) }).kind, 'allowed')
    assert.equal(decide(rules, '/', { view: person({ groups: [GROUP] }) }).kind, 'allowed')
    assert.equal(decide(rules, '/', { view: person({ roles: ['Admin'] }) }).kind, 'denied')
    assert.equal(decide(rules, '/').kind, 'sign_in_needed')
  })

  it('does not take groups that Entra did not tell for groups that somebody is not in', () => {
    const rules: AccessRulesInput['rules'] = [{ allow: { groups: [GROUP] } }]
    assert.partialDeepStrictEqual(decide(rules, '/', { view: person({ complete: false }) }), {
      kind: 'denied',
      groupsUnknown: true,
    })
    const kept = person({ complete: false, groups: [GROUP] })
    assert.equal(decide(rules, '/', { view: kept }).kind, 'allowed')
  })

  it('lets nobody pass by "nobody", signed in or not', () => {
    const rules: AccessRulesInput['rules'] = [{ path: '/internal/*', allow: 'nobody' }]
    assert.equal(decide(rules, '/internal/x').kind, 'denied')
    assert.equal(decide(rules, '/internal', { view: person({ roles: ['admin'] }) }).kind, 'denied')
  })

  it('denies a path that servers read in more than one way, once a rule by path has to be asked', () => {
    const rules: AccessRulesInput['rules'] = [
      { host: 'free.example.com', allow: 'signed_in' },
      { path: '/admin/*', allow: { roles: ['admin'] } },
    ]
    const view = person()
    for (const uri of [
      '//admin',
      '/x/../admin',
      '/x/%2e%2e/admin',
      '/x%2fadmin',
      '/x;/../admin',
      '/%2561dmin',
    ]) {
      assert.deepEqual(decide(rules, uri, { view }), { kind: 'denied', code: 'path_unclear' }, uri)
      assert.equal(decide(rules, uri, { view, host: 'free.example.com' }).kind, 'allowed', uri)
    }
  })

  it('keeps people out of a page however a server that ignores case or a last slash spells it', () => {
    const rules: AccessRulesInput['rules'] = [
      { path: '/admin', allow: { roles: ['admin'] } },
      { path: encodeURI('/Café/*'), allow: 'nobody' },
    ]
    const view = person()
    for (const uri of [
      '/admin',
      '/admin/',
      '/ADMIN',
      '/%41dmin',
      '/admin?x',
      '/caf%C3%A9',
      '/CAF%C3%89/x',
    ]) {
      assert.equal(decide(rules, uri, { view }).kind, 'denied', uri)
    }
    assert.equal(decide(rules, '/administration', { view }).kind, 'allowed')
  })

  it('opens to everybody what is spelled exactly so, and nothing else', () => {
    const rules: AccessRulesInput['rules'] = [
      { path: '/status', allow: 'everyone' },
      { path: '/assets/*', allow: 'everyone' },
    ]
    assert.equal(decide(rules, '/status').kind, 'allowed')
    assert.equal(decide(rules, '/assets/a.css').kind, 'allowed')
    for (const uri of ['/STATUS', '/status/', '/Assets/a.css']) {
      assert.equal(decide(rules, uri).kind, 'sign_in_needed', uri)
    }
  })

  it('denies what it was not told, where rules ask for it', () => {
    const byPath = toAccessRules({ rules: [{ path: '/admin/*', allow: 'nobody' }] })
    const byMethod = toAccessRules({ rules: [{ method: 'POST', allow: 'nobody' }] })
    for (const rules of [byPath, byMethod]) {
      assert.deepEqual(decidePageAccess(person(), rules, { host: HOST }), {
        kind: 'denied',
        code: 'page_not_named',
      })
    }
  })

  it('keeps people out of a path however its letters are written (A9)', () => {
    const rules: AccessRulesInput['rules'] = [{ path: encodeURI('/Café/*'), allow: 'nobody' }]
    for (const uri of [
      '/cafe%CC%81/x',
      '/CAFE%CC%81',
      '/%EF%BD%83af%C3%A9/x',
      '/ca%E2%80%8Bf%C3%A9/x',
    ]) {
      assert.equal(decide(rules, uri, { view: person() }).kind, 'denied', uri)
    }
    const admin: AccessRulesInput['rules'] = [{ path: '/admin/*', allow: 'nobody' }]
    for (const uri of ['/adm%C4%B1n', '/ADM%C4%B0N/x']) {
      assert.equal(decide(admin, uri, { view: person() }).kind, 'denied', uri)
    }
  })
})
