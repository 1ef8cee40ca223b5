/** Addresses that contain credentials: no part of a password is printed, even if it is not percent-encoded. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createEntrada, EntradaError } from '../src/index.ts'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { createLog } from '../src/log/log.ts'
import { examineWith } from './support/examined.ts'
import { OPERATOR_TOKEN } from './support/rig.ts'
import { freePort, temporaryFolder } from './support/server-process.ts'
import { run } from './support/transcript.ts'

/** Of words that no message has. */
const passwords = [
  'zan@der/marlin',
  'zander/marlin',
  'zander#marlin',
  'zander?marlin',
  'zander:marlin/tuna',
  '1234/marlin',
  'zander%marlin',
  'zander%zzmarlin',
]
const PARTS = /zan|der@|der\/|marlin|tuna|1234/

const settings = (url: string) => ({
  ENTRADA_DATABASE_URL: url,
  ENTRADA_SECRET_KEYS: newSecretKey(),
  ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
})

describe('a database address whose password is not percent-encoded', () => {
  for (const password of passwords) {
    const url = `postgres://entrada:${password}@db.invalid/entrada`

    it(`is refused at the start with what to do, and repeated nowhere: ${password} (O4)`, async () => {
      for (const argv of [['serve'], ['migrate'], ['user', 'list']]) {
        const { exitCode, lines } = await run(argv, settings(url))
        const text = lines.join('\n')
        assert.equal(exitCode, 1)
        assert.match(text, /ENTRADA_DATABASE_URL .*percent-encode @ \/ # : in the password/)
        assert.doesNotMatch(text, PARTS)
      }
    })

    it(`is a named finding of the doctor, without a part of it: ${password} (O4)`, async () => {
      const { find, text } = await examineWith(settings(url))
      assert.match(find('setting_wrong').what, /percent-encode/)
      assert.doesNotMatch(text, PARTS)
    })

    it(`is refused by the library without repeating it: ${password} (O4)`, () => {
      assert.throws(
        () =>
          createEntrada({
            serverUrl: 'https://sso.example.com',
            database: url,
            secretKeys: [newSecretKey()],
          }),
        (error: unknown) => {
          assert.ok(error instanceof EntradaError)
          const text = JSON.stringify([error.message, error.stack, error.detail])
          assert.match(text, /database .*percent-encode/)
          return !PARTS.test(text)
        },
      )
    })
  }

  for (const password of ['zan@der', 'zan:der', 'a%40b%2Fc%23d']) {
    it(`is taken where it can be read in one way only: ${password} (O4)`, async () => {
      const url = `postgres://entrada:${password}@localhost:1/entrada`
      const { find, text } = await examineWith(settings(url), '--only', 'database')
      assert.match(find('database_unreachable').what, /localhost:1\/entrada .*ECONNREFUSED/)
      assert.ok(!text.includes(password))
    })
  }
})

describe('an address with credentials in the wrong place', () => {
  const secret = 'https://robot:zander@hooks.example.com/in'

  it('is not repeated by the command line when it refuses it (O4)', async (t) => {
    const environment = {
      ENTRADA_DATA_DIR: await temporaryFolder(t),
      ENTRADA_SERVER_URL: `http://localhost:${await freePort()}`,
    }
    await run(['serve'], { ...environment, ENTRADA_LOG_LEVEL: 'silent' })
    const { exitCode, lines } = await run(['webhook', 'create', secret], environment)
    assert.notEqual(exitCode, 0)
    assert.doesNotMatch(lines.join('\n'), PARTS)
  })

  it('is not repeated where a folder or a public address is expected (O4)', async () => {
    for (const name of ['ENTRADA_DATA_DIR', 'ENTRADA_SERVER_URL', 'ENTRADA_ENTRA_AUTHORITY']) {
      const { exitCode, lines } = await run(['serve'], { [name]: secret })
      assert.equal(exitCode, 1)
      assert.match(lines.join('\n'), new RegExp(`${name} must be`))
      assert.doesNotMatch(lines.join('\n'), PARTS)
    }
  })

  it('loses them in the log, in every field and in the message of an error (O4)', () => {
    const written: string[] = []
    const log = createLog('info', { write: (line) => void written.push(line) })
    const url = 'postgres://entrada:zan@der/marlin@db.example.com/entrada'
    const error = new Error(`cannot use ${url}`, { cause: new Error(url) })
    log.error('something_failed', { url, list: [url], deep: { address: url }, error })
    log.info('long', { text: `${'x'.repeat(1_980)} ${url}` })
    assert.doesNotMatch(written.join(''), PARTS)
    assert.match(written[0] ?? '', /\[hidden\]@db\.example\.com/)
  })
})
