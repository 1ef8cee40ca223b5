import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { settingsPage } from '../../scripts/reference-pages.ts'
import { examineAs } from '../../test/support/examined.ts'
import { readTestSettings } from '../../test/support/settings.ts'
import { printHelp } from '../cli/help.ts'
import { isEntradaError } from '../errors/errors.ts'
import { newSecretKey } from '../keys/key-ring.ts'
import { checkOptions } from './check-options.ts'
import { describeSettings, inspectSettings, type Settings, toOptions } from './config.ts'
import type { EntradaOptions } from './options.ts'
import { type SettingRows, wholeNumber } from './setting-values.ts'
import { settingsTable } from './settings-table.ts'

/** The table with one row more, which nothing else in the program mentions. */
const table: SettingRows = {
  ...settingsTable,
  turns: {
    env: 'ENTRADA_SESSION_TURNS',
    option: 'session.turns',
    value: wholeNumber({ from: 2, to: 9, unit: ' of turns' }),
    fallback: '4',
    help: 'How often a session turns.',
  },
}

const inspect = (environment: Readonly<Record<string, string>>) =>
  inspectSettings(environment, () => '', table)

const right = {
  serverUrl: 'https://sso.example.com',
  database: 'entrada.db',
  secretKeys: [newSecretKey()],
}

function problemsOf(session: object): unknown {
  try {
    // The added member is in no type.
    checkOptions({ ...right, session } as EntradaOptions, table)
    return []
  } catch (error) {
    assert.ok(isEntradaError(error))
    return error.detail.problems
  }
}

describe('a row that is added to the table of settings', () => {
  it('is read from the environment, within its limits, and has its fallback there', () => {
    assert.partialDeepStrictEqual(inspect({}).settings, { turns: 4 })
    assert.partialDeepStrictEqual(inspect({ ENTRADA_SESSION_TURNS: '9' }).settings, { turns: 9 })
    assert.deepEqual(inspect({ ENTRADA_SESSION_TURNS: '10' }).problems, [
      'ENTRADA_SESSION_TURNS must be a whole number of turns from 2 to 9',
    ])
  })

  it('reaches the options of the server at the path of the row', () => {
    const { settings } = inspect({ ENTRADA_SESSION_TURNS: '9' })
    const { session } = toOptions(settings as Settings, table) // without problems, every row has its value
    assert.deepEqual(session, { idleSeconds: 43_200, maxSeconds: 86_400, turns: 9 })
  })

  it('is checked as an option of the library, within the same limits and by its path', () => {
    const session = { idleSeconds: 600, maxSeconds: 600 }
    assert.deepEqual(problemsOf({ ...session, turns: 9 }), [])
    assert.deepEqual(problemsOf({ ...session, turns: 10 }), [
      'session.turns must be a whole number of turns from 2 to 9',
    ])
    assert.deepEqual(problemsOf({ ...session, turn: 9 }), [
      'session.turn is not an option. Did you mean turns?',
    ])
  })

  it('is in the reference and in the help', () => {
    const page = settingsPage(describeSettings(table))
    assert.match(page, /^\| `ENTRADA_SESSION_TURNS` \| `4` \| How often a session turns\. \|$/m)
    const lines: string[] = []
    printHelp({ print: (line) => void lines.push(line) }, [], describeSettings(table))
    assert.ok(lines.includes('  ENTRADA_SESSION_TURNS'))
  })

  it('is what a misspelt name may mean, also for the doctor', async () => {
    const environment = { ENTRADA_SESSION_TURN: '9' }
    const problem = 'ENTRADA_SESSION_TURN is not a setting. Did you mean ENTRADA_SESSION_TURNS?'
    assert.deepEqual(inspect(environment).problems, [problem])
    const { text } = await examineAs(environment, { inspected: inspect(environment) }, ['settings'])
    assert.ok(text.includes(problem), text)
  })
})

describe('the settings that are options of the library', () => {
  it('are accepted by the check of the options, and come out of it unchanged', () => {
    const { settings } = readTestSettings({
      ENTRADA_SERVER_URL: 'https://sso.example.com',
      ENTRADA_ENTRA_EXTRA_URLS: 'https://b.example.com',
      ENTRADA_SECRET_KEYS: newSecretKey(),
      ENTRADA_BRAND_NAME: 'Contoso',
      ENTRADA_IDENTITY_TOKENS: 'on',
      ENTRADA_WEBHOOKS_PRIVATE: 'allow',
      ENTRADA_TRUSTED_PROXIES: '10.0.0.0/8',
      HTTPS_PROXY: 'http://proxy.example.com:3128',
    })
    const { entra: _, sharedApplication: _shared, ...configured } = toOptions(settings)
    const options = { ...configured, database: ':memory:', secretKeys: settings.secretKeys ?? [] }
    const { log: _log, ...checked } = checkOptions(options)
    assert.deepEqual(checked, options)
    assert.partialDeepStrictEqual(checked, {
      brand: { name: 'Contoso' },
      identityTokens: true,
      webhooksToPrivateAddresses: true,
      session: { idleSeconds: 43_200, maxSeconds: 86_400 },
    })
  })
})
