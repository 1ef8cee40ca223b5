import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createEntrada } from '../entrada.ts'
import { EntradaError } from '../errors/errors.ts'
import { newSecretKey } from '../keys/key-ring.ts'
import { Secret } from '../keys/secret.ts'
import type { ConnectionPolicies } from '../storage/records.ts'
import { checkOptions } from './check-options.ts'
import type { ApplicationOptions, EntradaOptions, EntraOptions } from './options.ts'

const right: EntradaOptions = {
  serverUrl: 'https://app.example.com',
  database: 'entrada.db',
  secretKeys: [newSecretKey()],
}
const entra = {
  tenantId: 'contoso.com',
  clientId: '33333333-3333-4333-8333-333333333333',
  clientSecret: 'abc~secret',
}

/** Every option of the type: one that is added there does not compile until it is here, and is refused until something checks it. */
const everyOption: Required<EntradaOptions> = {
  ...right,
  serverUrl: 'http://localhost:3000',
  extraUrls: ['http://localhost:3001'],
  databaseConnections: 4,
  authority: 'https://login.microsoftonline.us',
  entra: {
    tenantId: 'contoso.com',
    clientId: '33333333-3333-4333-8333-333333333333',
    clientSecret: 'abc~secret',
    credentials: () => [],
    authority: 'http://localhost:4000',
    policies: {
      provisioning: 'existing',
      linking: 'verified',
      guests: 'allow',
      personalAccounts: 'allow',
      groupsOverage: 'graph',
      signOutOfMicrosoft: true,
      unmatched: { kind: 'default_role', role: 'member' },
    },
    roleRules: [{ id: 'a', match: 'app_role', value: 'Admin', role: 'admin' }],
    groups: { from: 'graph', nested: true, names: false },
    recheckMinutes: 60,
  } satisfies RequiredEntra,
  sharedApplication: {
    clientId: '44444444-4444-4444-8444-444444444444',
    clientSecret: 'abc~secret',
    credentials: [{ kind: 'client_secret', value: 'abc~secret' }],
    authority: 'http://localhost:4000',
  } satisfies Required<ApplicationOptions>,
  webhooksToPrivateAddresses: true,
  readFederatedToken: () => '',
  mode: 'development',
  mountPath: '/sso',
  cookiePrefix: 'sso',
  session: { idleSeconds: 600, maxSeconds: 3600 },
  operators: [{ kind: 'app_role', value: 'Admin' }],
  operatorTokens: [newSecretKey()],
  trustedProxies: ['10.0.0.0/8'],
  accessRules: { rules: [] },
  identityTokens: true,
  dangerouslyForwardUnproven: true,
  cookieDomain: 'apps.localhost',
  applicationUrls: [],
  signInsPerMinute: 600,
  auditRetentionDays: 30,
  brand: {
    name: 'Contoso',
    logo: '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    color: '#12766f',
    supportContact: 'it@contoso.com',
  },
  hooks: { decideSignIn: () => ({ refuse: false }), onEvent: () => {} },
  log: { debug() {}, info() {}, warn() {}, error() {} },
  now: () => new Date(0),
  openTelemetry: { trace: { getTracer: () => assert.fail() } } as never, // never called here
  proxy: { https: 'proxy.example.com:3128', http: 'proxy.example.com:3128', noProxy: '*' },
  fetch: globalThis.fetch,
  resolveTxt: async () => [],
}
type RequiredEntra = Required<EntraOptions> & { readonly policies: ConnectionPolicies }

/** Options with mistakes that TypeScript would reject and JavaScript does not. */
function problemsOf(changed: Readonly<Record<string, unknown>>): readonly string[] {
  try {
    checkOptions({ ...right, ...changed } as EntradaOptions)
    return []
  } catch (error) {
    assert.ok(error instanceof EntradaError)
    assert.equal(error.code, 'settings_invalid')
    const problems = error.detail.problems as readonly string[]
    for (const problem of problems) assert.ok(error.message.includes(problem))
    return problems
  }
}

describe('checkOptions', () => {
  it('takes text where that is simpler, and hides what is secret', () => {
    const checked = checkOptions({ ...right, entra, operatorTokens: [newSecretKey()] })
    assert.equal(checked.serverUrl.origin, 'https://app.example.com')
    assert.equal(checked.entra?.clientSecret?.reveal(), 'abc~secret')
    assert.doesNotMatch(JSON.stringify([checked.secretKeys, checked.operatorTokens]), /\w{43}/)
  })

  it('takes a URL and a Secret as well, and what it made itself', () => {
    const once = checkOptions({
      ...right,
      serverUrl: new URL('https://app.example.com'),
      secretKeys: right.secretKeys.map((key) => new Secret(String(key))),
      entra: {
        ...entra,
        clientSecret: new Secret('x~y'),
        authority: new URL('http://localhost:4000'),
      },
    })
    assert.deepEqual(checkOptions(once), once)
  })

  it('takes every option that its type has', () => {
    const { cookieDomain: _, ...onOneHost } = everyOption
    const checked = checkOptions(onOneHost)
    assert.deepEqual(Object.keys(onOneHost).toSorted(), Object.keys(checked).toSorted())
    const { cookieDomain } = everyOption
    const onTwo = { ...onOneHost, cookieDomain, serverUrl: 'http://sso.apps.localhost:3000' }
    const applicationUrls = ['http://wiki.apps.localhost:3000']
    assert.equal(checkOptions({ ...onTwo, applicationUrls }).cookieDomain, cookieDomain)
  })

  it('takes proxies as text, and names what is none without repeating it (E4)', () => {
    const proxy = { https: 'proxy.example.com:3128', noProxy: ['a.example', '10.0.0.0/8'] }
    const checked = checkOptions({ ...right, proxy })
    assert.equal(checked.proxy?.https?.reveal(), 'http://proxy.example.com:3128/')
    assert.deepEqual(checked.proxy?.noProxy, proxy.noProxy)
    assert.deepEqual(checkOptions(checked), checked)
    const wrong = { https: 'socks5://user:hidden@a', htp: 'x', noProxy: ['10.*'] }
    const problems = problemsOf({ proxy: wrong })
    assert.deepEqual(
      problems.map((problem) => problem.split(' ')[0]),
      ['proxy.htp', 'proxy.https', 'proxy.noProxy'],
    )
    assert.doesNotMatch(problems.join(), /hidden/)
    assert.match(problemsOf({ proxy: 'http://proxy' })[0] ?? '', /^proxy must be an object/)
  })

  it('keeps development mode to http on loopback, whichever address is another one (A8)', () => {
    const development = { mode: 'development', serverUrl: 'http://localhost:3000' }
    assert.deepEqual(problemsOf(development), [])
    for (const changed of [
      { serverUrl: 'https://sso.example.com' },
      { serverUrl: 'https://localhost:3000' },
      { extraUrls: ['https://sso.example.com'] },
      { applicationUrls: ['http://localhost:3001', 'https://app.example.com'] },
    ]) {
      const [problem, ...others] = problemsOf({ ...development, ...changed })
      assert.match(problem ?? '', new RegExp(`^${Object.keys(changed)[0]} is https`))
      assert.deepEqual(others, [])
    }
  })

  it('names callbacks that are none, misspelt hooks, and values that no decision knows (A4)', () => {
    const problems = problemsOf({
      hooks: { decideSignin: () => ({ refuse: true }), onEvent: 'event' },
      log: { info() {}, warn() {}, error() {} },
      now: 0,
      fetch: 'fetch',
      resolveTxt: {},
      readFederatedToken: null,
      webhooksToPrivateAddresses: 'false',
      signInsPerMinute: Number.NaN,
      entra: { ...entra, policies: { guests: 'refused', guest: 'refuse', unmatched: 'refuse' } },
    })
    assert.deepEqual(
      problems.map((problem) => problem.split(' ')[0]),
      [
        'now',
        'fetch',
        'resolveTxt',
        'readFederatedToken',
        'hooks.decideSignin',
        'hooks.onEvent',
        'log.debug',
        'webhooksToPrivateAddresses',
        'signInsPerMinute',
        'entra.policies.guest',
        'entra.policies.guests',
        'entra.policies.unmatched',
      ],
    )
    assert.ok(problems.some((problem) => problem.includes('Did you mean decideSignIn')))
  })

  it('names every option that is no list, object or function where it has to be one (A4)', () => {
    const problems = problemsOf({
      log: 'console',
      now: 'now',
      resolveTxt: true,
      session: null,
      brand: null,
      trustedProxies: '127.0.0.1',
      entra: { ...entra, credentials: {}, roleRules: 'staff' },
    })
    assert.deepEqual(
      new Set(problems.map((problem) => problem.split(' ')[0])),
      new Set([
        ...['debug', 'info', 'warn', 'error'].map((level) => `log.${level}`),
        ...['now', 'resolveTxt', 'session.idleSeconds', 'session.maxSeconds', 'brand'],
        ...['trustedProxies', 'entra.credentials', 'entra.roleRules'],
      ]),
    )
  })

  it('names an object of options that is none (A4)', () => {
    for (const [changed, path] of [
      [{ entra: { ...entra, policies: 5 } }, 'entra.policies'],
      [{ entra: { ...entra, policies: null } }, 'entra.policies'],
      [{ entra: { ...entra, groups: 'graph' } }, 'entra.groups'],
      [{ brand: 'Contoso' }, 'brand'],
      [{ hooks: 5 }, 'hooks'],
    ] as const) {
      const [problem = '', ...others] = problemsOf(changed)
      assert.ok(problem.startsWith(`${path} must be an object`), problem)
      assert.deepEqual(others, [])
    }
    assert.deepEqual(problemsOf({ entra: { ...entra, groups: 'graph' } }), [
      'entra.groups must be an object with `from`, `nested`, `names`',
    ])
    assert.deepEqual(problemsOf({ operators: 'app_role:Admin' }), ['operators must be a list'])
    assert.match(problemsOf({ entra: 5 }).join('\n'), /^entra\.tenantId is missing\n/)
  })

  it('names role rules and credentials of another shape, and proxies that are no network (A4)', () => {
    const { clientSecret: _, ...rest } = entra
    const roleRules = [5, {}, { id: 'a', match: 'groups', value: 'x', role: 'y' }]
    for (const [changed, options] of [
      [{ credentials: [] }, ['credentials']],
      [{ credentials: [5, { kind: 'secret' }] }, ['credentials[0]', 'credentials[1]']],
      [{ credentials: [{ kind: 'client_secret' }] }, ['credentials[0]']],
      [{ ...entra, roleRules: roleRules.slice(2) }, ['roleRules[0].match']],
      [
        { ...entra, roleRules: roleRules.slice(0, 1) },
        ['id', 'value', 'role', 'match'].map((name) => `roleRules[0].${name}`),
      ],
    ] as const) {
      const problems = problemsOf({ entra: { ...rest, ...changed } })
      assert.deepEqual(
        problems.map((problem) => problem.split(' ')[0]),
        options.map((name) => `entra.${name}`),
      )
    }
    const networks = ['10.0.0.0/8', '::1', 'fe80::1%eth0', '2001:db8::/32', '::ffff:10.0.0.1']
    assert.deepEqual(problemsOf({ trustedProxies: networks }), [])
    for (const network of ['10.0.0.0/33', '999.1.1.1', '::1/129', 5]) {
      assert.match(problemsOf({ trustedProxies: [network] }).join(), /^trustedProxies\[0\] must be/)
    }
  })

  it('takes credentials as text, also from a function that is asked again', () => {
    const { clientSecret: _, ...rest } = entra
    const credentials = () => [{ kind: 'client_secret' as const, value: 'abc~secret' }]
    const checked = checkOptions({ ...right, entra: { ...rest, credentials } })
    const read = checked.entra?.credentials
    assert.ok(typeof read === 'function')
    const [first] = read()
    assert.ok(first?.kind === 'client_secret' && first.value.reveal() === 'abc~secret')
  })

  it('tells every problem at once, each with the option, and never repeats a value', () => {
    const problems = problemsOf({
      serverUrl: 'http://app.example.com/path',
      database: '',
      secretKeys: ['too-short'],
      mountPath: 'sso/',
      cookiePrefix: 'a b',
      mode: 'test',
      session: { idleSeconds: 20, maxSeconds: 10 },
      trustedProxies: ['proxy.internal'],
      entra: { tenantId: 'common', clientId: 'my-app', clientSecret: entra.clientId, secret: 'x' },
    })
    const names = problems.map((problem) => problem.split(' ')[0])
    assert.deepEqual(
      new Set(names),
      new Set([
        'serverUrl',
        'database',
        'secretKeys[0]',
        'mountPath',
        'cookiePrefix',
        'mode',
        'session.idleSeconds',
        'trustedProxies[0]',
        'entra.tenantId',
        'entra.clientId',
        'entra.clientSecret',
        'entra.secret',
      ]),
    )
    assert.doesNotMatch(problems.join(), /too-short|my-app|33333333/)
  })

  it('says what is missing', () => {
    assert.match(problemsOf({ serverUrl: undefined }).join(), /^serverUrl is missing/)
    assert.match(problemsOf({ serverUrl: '' }).join(), /^serverUrl is missing/)
    assert.match(problemsOf({ database: undefined }).join(), /^database is missing/)
    assert.match(problemsOf({ secretKeys: undefined }).join(), /^secretKeys is missing/)
    assert.match(problemsOf({ secretKeys: [] }).join(), /^secretKeys holds no key; make one with/)
    assert.match(problemsOf({ secretKeys: newSecretKey() }).join(), /^secretKeys must be a list/)
    const { clientSecret: _, ...without } = entra
    assert.match(problemsOf({ entra: without }).join(), /^entra.clientSecret is missing/)
  })

  it('names options where the environment names its settings', () => {
    const applicationUrls = ['https://wiki.example.com']
    assert.match(problemsOf({ applicationUrls }).join(), /^applicationUrls needs cookieDomain: /)
    assert.match(
      problemsOf({ applicationUrls, cookieDomain: 'example.org' }).join('\n'),
      /^cookieDomain must be the host of serverUrl .*\napplicationUrls: wiki\.example\.com is not/,
    )
    const accessRules = { rules: [{ path: '/a', allow: 'all' }] }
    assert.match(problemsOf({ accessRules }).join(), /^accessRules rules\.0\.allow: allow must be/)
    const ids = { rules: [0, 1].map(() => ({ id: 'a', allow: 'everyone' })) }
    assert.deepEqual(problemsOf({ accessRules: ids }), ['accessRules two rules have the id a'])
  })

  it('refuses options that are none', () => {
    assert.throws(() => checkOptions(undefined as unknown as EntradaOptions), /takes its options/)
    assert.match(problemsOf({ database: 7 }).join(), /^database must be text/)
  })

  it('takes groups by their id, never by a name that would match nobody', () => {
    const roleRules = [{ id: 'r', match: 'group', value: 'Engineering', role: 'x' }]
    const problems = problemsOf({ entra: { ...entra, roleRules } })
    assert.match(problems.join(), /^entra\.roleRules\[0\]\.value must be the object id/)
  })

  it('names the option that was meant', () => {
    assert.match(
      problemsOf({ cookiePrefx: 'a' }).join(),
      /cookiePrefx is not an option. Did you mean cookiePrefix\?/,
    )
    assert.equal(problemsOf({ zzz: 1 }).join(), 'zzz is not an option.')
  })

  it('refuses at once, not with the first request', () => {
    assert.throws(
      () => createEntrada({ ...right, serverUrl: 'nonsense' }),
      /serverUrl must be an address/,
    )
  })

  it('takes a path however the root is written, and nothing that is no path', () => {
    assert.equal(checkOptions({ ...right, mountPath: '/' }).mountPath, '')
    assert.equal(checkOptions({ ...right, mountPath: '/a/b-c' }).mountPath, '/a/b-c')
    for (const mountPath of [
      'sso',
      '/sso/',
      '//sso',
      '/a/../b',
      '/a?b',
      '/%61',
      '/ä',
      '/:id',
      '/*',
    ]) {
      assert.match(problemsOf({ mountPath }).join(), /^mountPath must be/, mountPath)
    }
  })
})
