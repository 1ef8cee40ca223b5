import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { temporaryFolder } from '../../test/support/server-process.ts'
import {
  problemsOfSettings as problemsOf,
  readTestSettings as read,
} from '../../test/support/settings.ts'
import { isEntradaError } from '../errors/errors.ts'
import { newSecretKey } from '../keys/key-ring.ts'
import { Secret } from '../keys/secret.ts'
import { describeSettings, entraSettingNames, readSettings } from './config.ts'

const TENANT = '11111111-1111-4111-8111-111111111111'
const CLIENT = '33333333-3333-4333-8333-333333333333'
const OPERATOR_TOKEN = 'operator-token-0123456789-abcdefghijklmnopqr'
const entra = {
  ENTRADA_ENTRA_TENANT_ID: TENANT,
  ENTRADA_ENTRA_CLIENT_ID: CLIENT,
  ENTRADA_ENTRA_CLIENT_SECRET: 'the~secret.value',
}

describe('readSettings', () => {
  it('needs nothing', () => {
    const { settings, warnings } = read({})
    assert.deepEqual(warnings, [])
    assert.equal(settings.serverUrl.href, 'http://localhost:3000/')
    assert.equal(settings.entraAuthority.href, 'https://login.microsoftonline.com/')
    const { serverUrl: _s, entraAuthority: _a, ...rest } = settings
    assert.partialDeepStrictEqual(rest, {
      listen: undefined,
      entraTenantId: undefined,
      entraClientId: undefined,
      entraClientSecrets: undefined,
      entraExtraUrls: [],
      entraProvisioning: 'create',
      entraLinking: 'never',
      entraGuests: 'refuse',
      entraGroupsOverage: 'refuse',
      entraSignOut: false,
      roleRulesFile: undefined,
      accessRulesFile: undefined,
      identityTokens: false,
      dangerouslyForwardUnproven: false,
      cookieDomain: undefined,
      applicationUrls: [],
      operators: [],
      operatorTokens: undefined,
      dataDir: './entrada-data',
      secretKeys: undefined,
      sessionIdleSeconds: 43_200,
      sessionMaxSeconds: 86_400,
      trustedProxies: [],
      logLevel: 'info',
    })
  })

  it('takes an empty value for none', () => {
    const empty = Object.fromEntries(describeSettings().map(({ env }) => [env, ' ']))
    assert.deepEqual(read(empty), read({}))
  })

  it('reads values with white space around them', () => {
    const { settings } = read({ ...entra, ENTRADA_ENTRA_TENANT_ID: ` ${TENANT.toUpperCase()}\n` })
    assert.equal(settings.entraTenantId, TENANT)
  })

  it('reads the names of dstack Enterprise as ours', () => {
    const { settings } = read({
      DSTACK_SERVER_URL: 'https://sso.example.com',
      DSTACK_ENTRA_TENANT_ID: 'Contoso.com',
      DSTACK_ENTRA_CLIENT_ID: CLIENT,
      DSTACK_ENTRA_CLIENT_SECRET: 'x~y',
      DSTACK_ENTRA_EXTRA_URLS: 'https://a.example.com, https://b.example.com:8443,',
      DSTACK_DATABASE_URL: 'not ours',
    })
    assert.equal(settings.serverUrl.origin, 'https://sso.example.com')
    assert.equal(settings.entraTenantId, 'contoso.com')
    assert.equal(settings.entraClientId, CLIENT)
    assert.equal(settings.entraClientSecrets?.[0]?.reveal(), 'x~y')
    const extra = settings.entraExtraUrls.map(({ origin }) => origin)
    assert.deepEqual(extra, ['https://a.example.com', 'https://b.example.com:8443'])
  })

  it('lists every problem at once', () => {
    const problems = problemsOf({
      ENTRADA_SERVER_URL: 'http://sso.example.com',
      ENTRADA_LISTEN: 'everywhere',
      ENTRADA_ENTRA_TENANT_ID: 'common',
      ENTRADA_ENTRA_CLIENT_ID: 'my app',
      ENTRADA_SESSION_IDLE_SECONDS: '1h',
      ENTRADA_LOG_LEVEL: 'loud',
      ENTRADA_TENANT: 'x',
    })
    const named = problems.map((problem) => problem.split(' ')[0])
    assert.deepEqual(named, [
      'ENTRADA_SERVER_URL',
      'ENTRADA_LISTEN',
      'ENTRADA_ENTRA_TENANT_ID',
      'ENTRADA_ENTRA_CLIENT_ID',
      'ENTRADA_SESSION_IDLE_SECONDS',
      'ENTRADA_LOG_LEVEL',
      'ENTRADA_TENANT',
      'ENTRADA_ENTRA_CLIENT_SECRET',
    ])
  })
})

describe('a setting of the default connection', () => {
  const names = Object.keys(entra) as (keyof typeof entra)[] // of the object above
  for (const name of names) {
    it(`is missed when the others are given: ${name} (I25)`, () => {
      const { [name]: _, ...others } = entra
      const problems = problemsOf(others)
      assert.equal(problems.length, 1)
      assert.equal(problems[0]?.startsWith(`${name} is missing. `), true, problems[0])
    })
  }

  it('may be absent together with the others', () => {
    assert.deepEqual(problemsOf({}), [])
  })

  it('is a GUID or a domain', () => {
    for (const tenant of [TENANT, 'contoso.com', 'contoso.onmicrosoft.com']) {
      const { settings } = read({ ...entra, ENTRADA_ENTRA_TENANT_ID: tenant })
      assert.equal(settings.entraTenantId, tenant)
    }
  })

  it('may lead to a national cloud, or to loopback over http', () => {
    for (const origin of [
      'https://login.microsoftonline.us',
      'http://localhost:4000',
      'http://127.0.0.1:1',
    ]) {
      const { settings } = read({ ENTRADA_ENTRA_AUTHORITY: origin })
      assert.equal(settings.entraAuthority.origin, origin)
    }
  })
})

describe('a setting that is given twice', () => {
  it('under both names has to be the same', () => {
    const same = { ...entra, DSTACK_ENTRA_TENANT_ID: TENANT }
    assert.deepEqual(problemsOf(same), [])
    const [problem, more] = problemsOf({ ...entra, DSTACK_ENTRA_CLIENT_SECRET: 'CANARY' })
    assert.equal(more, undefined)
    assert.equal(
      problem,
      'ENTRADA_ENTRA_CLIENT_SECRET is given more than once, differently: ENTRADA_ENTRA_CLIENT_SECRET and DSTACK_ENTRA_CLIENT_SECRET',
    )
  })

  it('as value and as file has to be the same', () => {
    const twice = { ...entra, ENTRADA_ENTRA_CLIENT_SECRET_FILE: '/run/secret' }
    const same = { '/run/secret': `${entra.ENTRADA_ENTRA_CLIENT_SECRET}\n` }
    assert.deepEqual(problemsOf(twice, same), [])
    const [problem] = problemsOf(twice, { '/run/secret': 'CANARY' })
    assert.match(
      problem ?? '',
      /^ENTRADA_ENTRA_CLIENT_SECRET is given more than once, differently: /,
    )
    assert.equal(/CANARY|the~secret/.test(problem ?? ''), false)
  })
})

describe('a secret setting', () => {
  const secrets = describeSettings().filter(({ secret }) => secret)
  const key = newSecretKey()
  const good: Readonly<Record<string, string>> = {
    ENTRADA_ENTRA_CLIENT_SECRET: 'the~secret.value',
    ENTRADA_SHARED_CLIENT_SECRET: 'the~other.secret',
    ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
    ENTRADA_SECRET_KEYS: key,
    ENTRADA_DATABASE_URL: 'postgres://entrada:password@db.example.com/entrada',
    HTTPS_PROXY: 'http://entrada:password@proxy.example.com:3128/',
    HTTP_PROXY: 'http://entrada:password@plain.example.com:3128/',
  }
  const { ENTRADA_ENTRA_CLIENT_SECRET: _, ...entraWithoutSecret } = entra

  it('is one of these: client secret, operator token, keys, database with its password', () => {
    const others = secrets.filter(({ env }) => !(env in good))
    assert.deepEqual(
      others.map(({ env }) => env),
      [],
      'add a value to `good` above',
    )
    assert.ok(secrets.length >= 3)
  })

  for (const { env, twin } of secrets) {
    for (const name of twin === undefined ? [env] : [env, twin]) {
      const others = secrets.filter((other) => other.env !== env)
      const environment = {
        ...entraWithoutSecret,
        ENTRADA_SHARED_CLIENT_ID: '44444444-4444-4444-8444-444444444444',
        ...Object.fromEntries(others.map((other) => [other.env, good[other.env]])),
      }
      it(`can come from a file: ${name}_FILE`, () => {
        const changed = { ...environment, [`${name}_FILE`]: '/run/file' }
        const { settings } = read(changed, { '/run/file': `${good[env]}\n` })
        const values: readonly unknown[] = Object.values(settings).flat()
        const found = values.some(
          (value) => value instanceof Secret && value.reveal() === good[env],
        )
        assert.equal(found, true)
        assert.equal(JSON.stringify(settings).includes(good[env] ?? ''), false)
      })

      it(`says when the file of ${name}_FILE cannot be read, or is empty (I25)`, () => {
        const changed = { ...environment, [`${name}_FILE`]: '/run/CANARY' }
        assert.deepEqual(problemsOf(changed), [
          `${name} cannot be read from the file that ${name}_FILE names`,
        ])
        assert.deepEqual(problemsOf(changed, { '/run/CANARY': ' \n' }), [
          `${name} is empty in the file that ${name}_FILE names`,
        ])
      })
    }
  }

  it('is never printed with the settings (I08)', () => {
    const { settings } = read(entra)
    assert.equal(/the~secret/.test(JSON.stringify(settings) + inspect(settings)), false)
  })

  it('may hold several keys and tokens, in both spellings of base64', () => {
    const standard = Buffer.from(key, 'base64url').toString('base64')
    const { settings } = read({
      ENTRADA_SECRET_KEYS: `${newSecretKey()}, ${standard}`,
      ENTRADA_OPERATOR_TOKEN: `${OPERATOR_TOKEN},${OPERATOR_TOKEN}x`,
    })
    assert.equal(settings.secretKeys?.length, 2)
    assert.equal(settings.secretKeys?.[1]?.reveal(), key)
    assert.equal(settings.operatorTokens?.length, 2)
  })
})

describe('a name that is no setting', () => {
  const near: readonly (readonly [string, string])[] = [
    ['ENTRADA_SERVER_URI', 'ENTRADA_SERVER_URL'],
    ['ENTRADA_ENTRA_CLIENTID', 'ENTRADA_ENTRA_CLIENT_ID'],
    ['ENTRADA_ENTRA_TENANT', 'ENTRADA_ENTRA_TENANT_ID'],
    ['ENTRADA_OPERATOR', 'ENTRADA_OPERATORS'],
    ['ENTRADA_SECRET_KEY', 'ENTRADA_SECRET_KEYS'],
    ['DSTACK_ENTRA_CLIENT_SECRETS', 'DSTACK_ENTRA_CLIENT_SECRET'],
    ['ENTRADA_ENTRA_CLIENT_SECRET_FIL', 'ENTRADA_ENTRA_CLIENT_SECRET_FILE'],
    ['ENTRADA_LOG_LEVEL_FILE', 'ENTRADA_LOG_LEVEL'],
  ]
  for (const [name, meant] of near) {
    it(`is refused with the nearest match: ${name}`, () => {
      const problem = `${name} is not a setting. Did you mean ${meant}?`
      assert.deepEqual(problemsOf({ [name]: 'CANARY' }), [problem])
    })
  }

  it('is refused without a guess when nothing is near', () => {
    const name = 'ENTRADA_SOMETHING_ELSE_ALTOGETHER'
    assert.deepEqual(problemsOf({ [name]: 'CANARY' }), [`${name} is not a setting.`])
  })

  it('is left alone when it is not ours', () => {
    const others = {
      PATH: '/bin',
      DSTACK_TOKEN: 'x',
      MY_ENTRADA_X: 'x',
      ENTRADAX: 'x',
      entrada_x: 'x',
    }
    assert.deepEqual(read(others).warnings, [])
  })

  it('is refused when it is what somebody would guess', () => {
    assert.deepEqual(problemsOf({ ENTRADA_URL: 'https://sso.example.com' }), [
      'ENTRADA_URL is not a setting. Did you mean ENTRADA_SERVER_URL?',
    ])
  })

  const serviceLinks = {
    ENTRADA_SERVICE_HOST: '10.0.0.1',
    ENTRADA_SERVICE_PORT: '3000',
    ENTRADA_SERVICE_PORT_HTTP: '3000',
    ENTRADA_PORT: 'tcp://10.0.0.1:3000',
    ENTRADA_PORT_3000_TCP: 'tcp://10.0.0.1:3000',
    ENTRADA_PORT_3000_TCP_PROTO: 'tcp',
    ENTRADA_PORT_3000_TCP_PORT: '3000',
    ENTRADA_PORT_3000_TCP_ADDR: '10.0.0.1',
    ENTRADA_DB_SERVICE_HOST: 'fd00::1',
    ENTRADA_DB_PORT_53_UDP: 'udp://[fd00::1]:53',
    ENTRADA_DB_PORT: 'udp://10.0.0.1:53',
  }
  it('is ignored with a warning when Kubernetes made it', () => {
    assert.deepEqual(
      read(serviceLinks).warnings,
      Object.keys(serviceLinks).map(
        (name) => `${name} looks like a Kubernetes service link and is ignored`,
      ),
    )
  })

  it('is refused when it has such a name alone, and a value that Kubernetes never writes', () => {
    for (const [name, value] of [
      ['ENTRADA_PORT', '3000'],
      ['ENTRADA_PORT', ''],
      ['ENTRADA_SERVICE_PORT', 'http'],
      ['ENTRADA_SERVICE_HOST', 'https://sso.example.com'],
      ['ENTRADA_PORT_3000_TCP', '3000'],
      ['ENTRADA_PORT_3000_TCP_PROTO', 'http'],
    ] as const) {
      const [problem = ''] = problemsOf({ [name]: value })
      assert.ok(problem.startsWith(`${name} is not a setting.`), `${name}=${value}: ${problem}`)
    }
  })
})

describe('the file of role rules', () => {
  it('is checked with everything else, whether or not Entra is configured', async (t) => {
    const path = join(await temporaryFolder(t), 'roles.json')
    await writeFile(path, '{"rules":[{"group":"Engineers","role":"engineer"}],"unmatched":"drop"}')
    const readFiles = (environment: Readonly<Record<string, string>>) => () =>
      readSettings(environment, (name) => readFileSync(name, 'utf8'))
    assert.throws(
      readFiles({ ENTRADA_ROLE_RULES_FILE: path, ENTRADA_LISTEN: 'nowhere' }),
      (error) => {
        assert.ok(isEntradaError(error))
        const problems = String(error.detail.problems)
        for (const part of [/ENTRADA_LISTEN /, /rules\.0\.group: /, /unmatched: /]) {
          assert.match(problems, part)
        }
        return true
      },
    )
    assert.throws(readFiles({ ENTRADA_ROLE_RULES_FILE: `${path}.old` }), {
      code: 'settings_invalid',
      detail: { problems: ['ENTRADA_ROLE_RULES_FILE cannot be read: there is no such file'] },
    })
    await writeFile(path, '{"rules":[]}')
    assert.equal(readFiles({ ENTRADA_ROLE_RULES_FILE: path })().settings.roleRulesFile, path)
  })
})

describe('settings that go together', () => {
  it('do not let a session rest longer than it lives', () => {
    const seconds = { ENTRADA_SESSION_IDLE_SECONDS: '3601', ENTRADA_SESSION_MAX_SECONDS: '3600' }
    assert.deepEqual(problemsOf(seconds), [
      'ENTRADA_SESSION_IDLE_SECONDS must not be more than ENTRADA_SESSION_MAX_SECONDS',
    ])
    assert.deepEqual(problemsOf({ ...seconds, ENTRADA_SESSION_IDLE_SECONDS: '3600' }), [])
  })

  it('read the address to listen on', () => {
    const listen = (text: string) => read({ ENTRADA_LISTEN: text }).settings.listen
    assert.deepEqual(listen('0.0.0.0:8080'), { host: '0.0.0.0', port: 8080 })
    assert.deepEqual(listen('[::]:8080'), { host: '::', port: 8080 })
    assert.deepEqual(listen('sso.internal:8080'), { host: 'sso.internal', port: 8080 })
    assert.deepEqual(listen('8080'), { host: '127.0.0.1', port: 8080 })
  })

  it('read proxies and operators', () => {
    const { settings } = read({
      ENTRADA_TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.1,2001:db8::/32',
      ENTRADA_OPERATORS: 'app_role:Admin',
    })
    assert.deepEqual(settings.trustedProxies, ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32'])
    assert.deepEqual(settings.operators, [{ kind: 'app_role', value: 'Admin' }])
  })
})

describe('entraSettingNames', () => {
  it('names what configures the default connection, by either name', () => {
    const variables = {
      ...entra,
      DSTACK_ENTRA_TENANT_ID: 'x',
      ENTRADA_LISTEN: 'x',
      ENTRADA_ENTRA_AUTHORITY: ' ',
    }
    assert.deepEqual(entraSettingNames(variables), [
      ...Object.keys(entra),
      'DSTACK_ENTRA_TENANT_ID',
    ])
  })

  it('leaves out the policies, which fit any directory', () => {
    const policies = ['PROVISIONING', 'LINKING', 'GUESTS', 'GROUPS_OVERAGE', 'SIGN_OUT']
    const variables = Object.fromEntries(policies.map((name) => [`ENTRADA_ENTRA_${name}`, 'x']))
    assert.deepEqual(entraSettingNames(variables), [])
  })
})
