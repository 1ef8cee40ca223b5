import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { certificateOf, newPemPair } from '../../test/support/key-pairs.ts'
import { problemsOfSettings as problemsOf, readTestSettings } from '../../test/support/settings.ts'
import { readCredentials } from './config.ts'

const application = {
  ENTRADA_ENTRA_TENANT_ID: '11111111-1111-4111-8111-111111111111',
  ENTRADA_ENTRA_CLIENT_ID: '33333333-3333-4333-8333-333333333333',
}
const certificateFiles = {
  ENTRADA_ENTRA_CLIENT_CERTIFICATE_FILE: 'cert.pem',
  ENTRADA_ENTRA_CLIENT_CERTIFICATE_KEY_FILE: 'cert.key',
}
const certificateSettings = { ...application, ...certificateFiles }
const federated = { ENTRADA_ENTRA_FEDERATED_TOKEN_FILE: 'token' }
const pair = newPemPair()
const goodFiles = { 'cert.pem': pair.certificate, 'cert.key': pair.privateKey }

function kindsOf(environment: Record<string, string>, files: Record<string, string>) {
  return readCredentials(environment, (path) => files[path] ?? '').map(({ kind }) => kind)
}

describe('the credential settings', () => {
  it('take a secret, a certificate or a federated token, or all of them', () => {
    const secret = { ENTRADA_ENTRA_CLIENT_SECRET: 'the~secret.value' }
    const ways = [
      secret,
      certificateFiles,
      federated,
      { ...secret, ...certificateFiles, ...federated },
    ]
    for (const way of ways) {
      assert.deepEqual(problemsOf({ ...application, ...way }, goodFiles), [])
    }
    const all = { ...secret, ...certificateFiles, ...federated }
    assert.deepEqual(kindsOf(all, goodFiles).sort(), [
      'certificate',
      'client_secret',
      'federated_token_file',
    ])
  })

  it('miss one of the three by name', () => {
    const [problem, ...more] = problemsOf(application)
    assert.deepEqual(more, [])
    assert.match(
      problem ?? '',
      /^ENTRADA_ENTRA_CLIENT_SECRET is missing\. .*CERTIFICATE_FILE.*TOKEN/,
    )
  })

  it('miss tenant and application where only a credential is given', () => {
    for (const way of [federated, certificateFiles]) {
      const problems = problemsOf(way, goodFiles)
      assert.deepEqual(
        problems.map((problem) => problem.split(' ')[0]),
        ['ENTRADA_ENTRA_TENANT_ID', 'ENTRADA_ENTRA_CLIENT_ID'],
      )
    }
  })

  it('do not need the federated token to be there yet', () => {
    assert.deepEqual(problemsOf({ ...application, ...federated }), [])
  })
})

describe('several secrets', () => {
  const secretsIn = (text: string) => {
    const { settings } = readTestSettings({ ...application, ENTRADA_ENTRA_CLIENT_SECRET: text })
    return settings.entraClientSecrets?.map((secret) => secret.reveal())
  }

  it('stand beside each other with commas, white space or lines between them, each once', () => {
    assert.deepEqual(secretsIn('one~a, two~b'), ['one~a', 'two~b'])
    assert.deepEqual(secretsIn('one~a\ntwo~b\r\n\n one~a'), ['one~a', 'two~b'])
  })

  it('may have any other character that Entra puts into one', () => {
    const old = '.=\\-:[_@*]+?/aZ09'
    assert.deepEqual(secretsIn(`${old},abC8Q~d_E-f.G~`), [old, 'abC8Q~d_E-f.G~'])
  })

  it('have as many dates, in the same order', () => {
    const two = { ...application, ENTRADA_ENTRA_CLIENT_SECRET: 'one two' }
    const dated = (dates: string) => ({ ...two, ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES: dates })
    assert.deepEqual(problemsOf(dated('2027-11-22, -')), [])
    assert.deepEqual(problemsOf(dated('2027-11-22T10:00:00Z 2028-11-22')), [])
    for (const dates of ['2027-11-22', '2027-11-22 2028-11-22 2029-11-22']) {
      const [problem, ...more] = problemsOf(dated(dates))
      assert.deepEqual(more, [])
      assert.match(
        problem ?? '',
        /^ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES must hold one date for each/,
      )
    }
  })

  it('are what dates are for', () => {
    const dates = { ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES: '2027-11-22' }
    assert.deepEqual(problemsOf({ ...application, ...federated, ...dates }), [
      'ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES is given without ENTRADA_ENTRA_CLIENT_SECRET',
    ])
  })
})

describe('a certificate', () => {
  it('and its key may be in one file', () => {
    const settings = {
      ...certificateSettings,
      ENTRADA_ENTRA_CLIENT_CERTIFICATE_KEY_FILE: 'cert.pem',
    }
    for (const content of [
      pair.certificate + pair.privateKey,
      pair.privateKey + pair.certificate,
    ]) {
      assert.deepEqual(problemsOf(settings, { 'cert.pem': content }), [])
    }
  })

  for (const name of Object.keys(certificateFiles) as (keyof typeof certificateFiles)[]) {
    it(`needs ${name} beside the other`, () => {
      const { [name]: _, ...others } = certificateSettings
      const [other = ''] = Object.keys(certificateFiles).filter((candidate) => candidate !== name)
      assert.deepEqual(problemsOf(others, goodFiles), [
        `${name} is missing, and ${other} is of no use without it`,
      ])
    })
  }

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const passphrase = {
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  } as const
  const oldPassphrase = { ...passphrase, type: 'pkcs1' } as const
  const certificateName = 'ENTRADA_ENTRA_CLIENT_CERTIFICATE_FILE'
  const keyName = 'ENTRADA_ENTRA_CLIENT_CERTIFICATE_KEY_FILE'
  const wrong = [
    [
      'no certificate',
      { 'cert.pem': 'CANARY' },
      `${certificateName} does not hold a certificate (PEM)`,
    ],
    [
      'the key in its place',
      { 'cert.pem': pair.privateKey },
      `${certificateName} does not hold a certificate (PEM)`,
    ],
    ['no file', { 'cert.pem': undefined }, `${certificateName} names a file that cannot be read`],
    [
      'a key of 1024 bits',
      { 'cert.pem': certificateOf(small) },
      `${certificateName} holds a certificate of a key with less than 2048 bits`,
    ],
    ['no key', { 'cert.key': 'CANARY' }, `${keyName} does not hold a private key (PEM)`],
    ['no key file', { 'cert.key': undefined }, `${keyName} names a file that cannot be read`],
    [
      'the key of another',
      { 'cert.key': String(rsa.privateKey.export({ type: 'pkcs8', format: 'pem' })) },
      `${keyName} does not belong to the certificate in ${certificateName}`,
    ],
    [
      'an encrypted key',
      { 'cert.key': String(rsa.privateKey.export(passphrase)) },
      /^ENTRADA_ENTRA_CLIENT_CERTIFICATE_KEY_FILE is encrypted.*openssl pkey/,
    ],
    [
      'a key encrypted in the old way',
      { 'cert.key': String(rsa.privateKey.export(oldPassphrase)) },
      /^ENTRADA_ENTRA_CLIENT_CERTIFICATE_KEY_FILE is encrypted/,
    ],
  ] as const
  for (const [what, change, expected] of wrong) {
    it(`is refused in one line when there is ${what}`, () => {
      const files = Object.fromEntries(
        Object.entries({ ...goodFiles, ...change }).filter(([, content]) => content !== undefined),
      )
      const [problem = '', ...more] = problemsOf(certificateSettings, files as typeof goodFiles)
      assert.deepEqual(more, [])
      if (typeof expected === 'string') assert.equal(problem, expected)
      else assert.match(problem, expected)
      assert.doesNotMatch(problem, /CANARY|\n/)
    })
  }

  it('that has ended does not keep the server from starting', () => {
    const ended = newPemPair({ days: -1 })
    const files = { 'cert.pem': ended.certificate, 'cert.key': ended.privateKey }
    assert.deepEqual(problemsOf(certificateSettings, files), [])
  })
})
