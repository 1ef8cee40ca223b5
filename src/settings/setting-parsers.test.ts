import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { problemsOfSettings as problemsOf } from '../../test/support/settings.ts'
import { newSecretKey } from '../keys/key-ring.ts'
import { isLoopbackHost } from '../protocol/public-url.ts'
import { describeSettings } from './config.ts'
import { settingsTable } from './settings-table.ts'

const TENANT = '11111111-1111-4111-8111-111111111111'
const CLIENT = '33333333-3333-4333-8333-333333333333'
const OPERATOR_TOKEN = 'operator-token-0123456789-abcdefghijklmnopqr'
const entra = {
  ENTRADA_ENTRA_TENANT_ID: TENANT,
  ENTRADA_ENTRA_CLIENT_ID: CLIENT,
  ENTRADA_ENTRA_CLIENT_SECRET: 'the~secret.value',
}

/** The other settings that a single setting may need. */
const complete = {
  ...entra,
  ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
  ENTRADA_SECRET_KEYS: newSecretKey(),
}

const malformed: Readonly<Record<string, readonly string[]>> = {
  ENTRADA_SERVER_URL: [
    'CANARY',
    'ftp://CANARY',
    'http://canary.example',
    'https://canary.example/CANARY',
    'https://CANARY@x.example',
    'https://x.example?CANARY',
    'https://x.example#CANARY',
    'javascript:CANARY',
    '//canary.example',
    'http://localhost.CANARY.example',
  ],
  ENTRADA_LISTEN: [
    'CANARY',
    '127.0.0.1',
    '127.0.0.1:65536',
    ':3000',
    'CANARY:port',
    'a b:3000',
    '::1:3000',
    '127.0.0.1:3000/CANARY',
    '-1',
    '1e3',
  ],
  ENTRADA_METRICS_LISTEN: [
    'CANARY',
    '127.0.0.1',
    'CANARY:9464',
    '0.0.0.0:9464',
    '[::]:9464',
    '192.0.2.1:9464',
    '172.32.0.1:9464',
    '[2001:db8::1]:9464',
  ],
  ENTRADA_AUDIT_RETENTION_DAYS: ['CANARY', '0', '-1', '1.5', '10000', '30 CANARY'],
  ENTRADA_RATE_LIMIT_SIGN_INS: ['CANARY', '0', '59', '-600', '1e4', '10000000', '600 CANARY'],
  ENTRADA_DRAIN_SECONDS: ['CANARY', '-1', '301', '1.5', '10 CANARY'],
  ENTRADA_ENTRA_TENANT_ID: [
    'CANARY',
    'common',
    'Organizations',
    'consumers',
    '9188040D-6C67-4C5B-B112-36A304B66DAD',
    'https://login.microsoftonline.com/CANARY',
    `${TENANT}/CANARY`,
    'CANARY..com',
    'a@canary.com',
  ],
  ENTRADA_ENTRA_CLIENT_ID: ['CANARY', `{${CLIENT}}`, `${CLIENT}CANARY`, 'api://CANARY'],
  ENTRADA_ENTRA_CLIENT_SECRET: [
    'ca4a4700-0000-4000-8000-000000000001',
    'CA4A4700-0000-4000-8000-000000000001',
    'good~secret, ca4a4700-0000-4000-8000-000000000001',
  ],
  ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES: [
    'CANARY',
    '2027-02-30',
    '2027-13-01',
    '22.11.2027',
    '2027-11-22T25:00:00Z',
    '2027-11-22, 2028-11-22',
    'never',
  ],
  ENTRADA_ENTRA_EXTRA_URLS: [
    'CANARY',
    'https://x.example, http://canary.example',
    'https://x.example https://CANARY',
  ],
  ENTRADA_ENTRA_AUTHORITY: [
    'CANARY',
    'http://login.canary.example',
    'https://login.microsoftonline.com/CANARY',
    'login.microsoftonline.us',
  ],
  ENTRADA_ENTRA_PROVISIONING: ['CANARY', 'CREATE', 'on', 'toString'],
  ENTRADA_ENTRA_LINKING: ['CANARY', 'always', 'email'],
  ENTRADA_ENTRA_GUESTS: ['CANARY', 'true'],
  ENTRADA_ENTRA_GROUPS_OVERAGE: ['CANARY', 'GRAPH', 'graph,keep_last'],
  ENTRADA_ENTRA_GROUPS_FROM: ['CANARY', 'Graph', 'names'],
  ENTRADA_ENTRA_RECHECK_MINUTES: ['CANARY', '0', '-5', '1.5', '5m', '99999999'],
  ENTRADA_WEBHOOKS_PRIVATE: ['CANARY', 'true', 'ALLOW'],
  ENTRADA_BRAND_NAME: ['CANARY'.repeat(50), 'CANARY\nCANARY', 'CANARY\u202e'],
  ENTRADA_BRAND_COLOR: ['CANARY', '#ca', 'rgb(1,2,3)', '#ca4a47; CANARY'],
  ENTRADA_SUPPORT_CONTACT: ['CANARY', 'javascript:CANARY', 'http://canary.example'],
  ENTRADA_ENTRA_SIGN_OUT: ['CANARY', 'global'],
  ENTRADA_OPERATORS: ['CANARY', 'group:CANARY', `user:${TENANT}/CANARY`, 'canary@contoso.com'],
  ENTRADA_OPERATOR_TOKEN: [
    'CANARY',
    'CANARY'.repeat(10),
    `${OPERATOR_TOKEN},CANARY`,
    ',',
    'a'.repeat(64),
  ],
  ENTRADA_SECRET_KEYS: [
    'CANARY',
    `${newSecretKey()},CANARY`,
    newSecretKey().slice(1),
    `${newSecretKey()}A`,
    'A'.repeat(43),
    ',',
    `${newSecretKey()} ${newSecretKey()}`,
  ],
  ENTRADA_DATABASE_URL: [
    'CANARY',
    'mysql://u:CANARY@db/x',
    'postgres://u:CANARY@db',
    'postgres://u:CANARY@db/',
    'postgres://u@db/x?sslmode=CANARY',
  ],
  ENTRADA_DATABASE_CONNECTIONS: ['CANARY', '0', '1', '-5', '1.5', '99999'],
  ENTRADA_SESSION_IDLE_SECONDS: [
    'CANARY',
    '0',
    '59',
    '-60',
    '1.5e3',
    '3600.5',
    '12h',
    '0x100',
    '9999999999',
    'Infinity',
    '१२३',
  ],
  ENTRADA_SESSION_MAX_SECONDS: ['CANARY', '', '3600s'].filter(Boolean),
  ENTRADA_TRUSTED_PROXIES: [
    'CANARY',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0',
    '::1/129',
    '*',
    '10.0.0.0/-1',
    'canary.example',
  ],
  ENTRADA_IDENTITY_TOKENS: ['CANARY', 'true', 'ON'],
  ENTRADA_DANGEROUSLY_FORWARD_UNPROVEN: ['CANARY', 'true', 'ON'],
  ENTRADA_COOKIE_DOMAIN: [
    'CANARY',
    '.canary.example',
    'canary.example.',
    'https://canary.example',
    'canary.example:443',
    'canary..example',
    '*.canary.example',
    '192.0.2.1',
    '[::1]',
    'canary.example; Path=/x',
    'canary.example, sso.example',
  ],
  ENTRADA_APPLICATION_URLS: [
    'CANARY',
    'http://canary.example',
    'https://x.example/CANARY',
    'https://*.canary.example, CANARY',
  ],
  ENTRADA_LOG_LEVEL: ['CANARY', 'INFO', 'trace'],
  HTTPS_PROXY: ['socks5://CANARY@x.example', 'http://user:12/CANARY@x.example', 'http://CANARY:x'],
  HTTP_PROXY: ['ftp://CANARY', 'http://x.example/CANARY', 'x.example?CANARY'],
}

describe('a malformed setting', () => {
  for (const [name, values] of Object.entries(malformed)) {
    it(`names ${name} and never repeats the value (I25)`, () => {
      for (const value of values) {
        const problems = problemsOf({ ...complete, [name]: value })
        assert.equal(problems.length, 1, `${value}: ${problems}`)
        assert.equal(problems[0]?.startsWith(`${name} `), true, problems[0])
        assert.equal(/canary|ca4a4700/i.test(problems.join()), false, problems[0])
      }
    })
  }

  it('is refused with both of its bounds (O9)', () => {
    const messageFor = (parse: (value: string) => unknown, value: string) => {
      try {
        return parse(value)
      } catch (error) {
        return error instanceof Error ? error.message : error
      }
    }
    const { sessionIdleSeconds, databaseConnections, signInsPerMinute, ...others } = settingsTable
    for (const [setting, from, to] of [
      [sessionIdleSeconds, 60, 999_999_999],
      [databaseConnections, 2, 9_999],
      [signInsPerMinute, 60, 999_999],
      [others.auditRetentionDays, 1, 9_999],
      [others.entraRecheckMinutes, 5, 1440],
    ] as const) {
      const parse = setting.value.fromText
      assert.equal(parse(String(from)), from)
      assert.equal(parse(String(to)), to)
      for (const value of [from - 1, to + 1, 1e15, -1, 1.5]) {
        assert.match(String(messageFor(parse, String(value))), new RegExp(`from ${from} to ${to}$`))
      }
    }
  })

  it('is tried for every setting that can be malformed', () => {
    const anyText = [
      'ENTRADA_DATA_DIR',
      // Entries that match nothing are kept, which outgoing/proxies.test.ts tries.
      'NO_PROXY',
      // What such a file holds is tried in cli/environment-file.test.ts.
      'ENTRADA_ENVIRONMENT_FILE',
      'ENTRADA_ROLE_RULES_FILE',
      // What it holds is tried in access-rules-file.test.ts.
      'ENTRADA_ACCESS_RULES_FILE',
      // What these files hold is tried in credential-settings.test.ts.
      'ENTRADA_ENTRA_CLIENT_CERTIFICATE_FILE',
      'ENTRADA_ENTRA_CLIENT_CERTIFICATE_KEY_FILE',
      'ENTRADA_ENTRA_FEDERATED_TOKEN_FILE',
      'ENTRADA_SHARED_CLIENT_CERTIFICATE_FILE',
      'ENTRADA_SHARED_CLIENT_CERTIFICATE_KEY_FILE',
      'ENTRADA_FEDERATED_TOKEN_FILE',
      // Tried in test/brand.test.ts.
      'ENTRADA_BRAND_LOGO_FILE',
      // Parsed as those of the default connection, above; what goes with what is tried in shared-settings.test.ts.
      'ENTRADA_SHARED_CLIENT_ID',
      'ENTRADA_SHARED_CLIENT_SECRET',
      'ENTRADA_SHARED_CLIENT_SECRET_EXPIRES',
    ]
    const tried = [...anyText, ...Object.keys(malformed)]
    const untried = describeSettings().filter(({ env }) => !tried.includes(env))
    assert.deepEqual(
      untried.map(({ env }) => env),
      [],
      'add values to `malformed` above',
    )
  })

  it('that looks like the id of a secret is told where the value is', () => {
    const [problem] = problemsOf({ ...entra, ENTRADA_ENTRA_CLIENT_SECRET: CLIENT })
    assert.match(
      problem ?? '',
      /shaped like the secret's ID; the secret value is in the column next to it/,
    )
  })
})

describe('isLoopbackHost', () => {
  for (const host of [
    'localhost',
    'sso.localhost',
    'login.entra.localhost',
    '127.0.0.1',
    '127.9.9.9',
    '[::1]',
  ]) {
    it(`knows ${host}`, () => assert.equal(isLoopbackHost(host), true))
  }
  for (const host of [
    'localhost.evil.example',
    'evillocalhost',
    '127.0.0.1.evil.example',
    '0.0.0.0',
    '128.0.0.1',
    '[::2]',
    '',
    '.localhost',
  ]) {
    it(`does not take "${host}" for this machine`, () => assert.equal(isLoopbackHost(host), false))
  }
})
