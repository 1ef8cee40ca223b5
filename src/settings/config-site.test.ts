import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../../test/support/server-process.ts'
import { problemsOfSettings as problemsOf } from '../../test/support/settings.ts'
import { isEntradaError } from '../errors/errors.ts'
import { readSettings } from './config.ts'

describe('the file of access rules', () => {
  it('is checked with everything else, its hosts against the addresses that are configured', async (t) => {
    const path = join(await temporaryFolder(t), 'access.json')
    const readFiles = (environment: Readonly<Record<string, string>>) => () =>
      readSettings(environment, (name) => readFileSync(name, 'utf8'))
    const problemsWith = (environment: Readonly<Record<string, string>>): readonly string[] => {
      try {
        readFiles({ ENTRADA_ACCESS_RULES_FILE: path, ...environment })()
        return []
      } catch (error) {
        assert.ok(isEntradaError(error))
        return (error.detail.problems as unknown[]).map(String)
      }
    }
    await writeFile(path, '{"rules":[{"path":"/a//b","allow":"all"}],"otherwise":"everyone"}')
    const problems = problemsWith({ ENTRADA_LISTEN: 'nowhere' }).join('\n')
    for (const part of [
      /ENTRADA_LISTEN /,
      /rules\.0\.path: /,
      /rules\.0\.allow: /,
      /otherwise: /,
    ]) {
      assert.match(problems, part)
    }
    await writeFile(path, '{"rules":[{"host":"wiki.example.com","allow":"everyone"}]}')
    assert.match(problemsWith({}).join(), /rule 1: wiki\.example\.com is the host of no /)
    assert.deepEqual(
      problemsWith({
        ENTRADA_SERVER_URL: 'https://sso.example.com',
        ENTRADA_COOKIE_DOMAIN: 'example.com',
        ENTRADA_APPLICATION_URLS: 'https://wiki.example.com',
      }),
      [],
    )
    assert.throws(readFiles({ ENTRADA_ACCESS_RULES_FILE: `${path}.old` }), {
      detail: { problems: ['ENTRADA_ACCESS_RULES_FILE cannot be read: there is no such file'] },
    })
  })
})

describe('settings of applications on other hosts', () => {
  it('are a cookie domain and the applications that it is for', () => {
    const site = {
      ENTRADA_SERVER_URL: 'https://sso.example.com',
      ENTRADA_COOKIE_DOMAIN: 'Example.com',
      ENTRADA_APPLICATION_URLS: 'https://wiki.example.com, https://files.example.com:8443',
    }
    assert.deepEqual(problemsOf(site), [])
    const changed = (changes: Readonly<Record<string, string>>) =>
      problemsOf({ ...site, ...changes })
    const cases: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
      [{ ENTRADA_COOKIE_DOMAIN: '' }, /^ENTRADA_APPLICATION_URLS needs ENTRADA_COOKIE_DOMAIN/],
      [{ ENTRADA_APPLICATION_URLS: '' }, /^ENTRADA_COOKIE_DOMAIN without ENTRADA_APPLICATION_URLS/],
      [{ ENTRADA_SERVER_URL: 'https://sso.example.org' }, /sso\.example\.org is not under it/],
      [{ ENTRADA_APPLICATION_URLS: 'https://wiki.example.org' }, /wiki\.example\.org is not under/],
      [{ ENTRADA_APPLICATION_URLS: 'https://evilexample.com' }, /evilexample\.com is not under/],
      [
        { ENTRADA_APPLICATION_URLS: 'https://sso.example.com' },
        /an address of this server already/,
      ],
      [{ ENTRADA_COOKIE_DOMAIN: '*' }, /^ENTRADA_COOKIE_DOMAIN must be a domain/],
    ]
    for (const [changes, expected] of cases) {
      const problems = changed(changes)
      assert.equal(problems.length, 1, problems.join('\n'))
      assert.match(problems[0] ?? '', expected)
    }
    const local = {
      ENTRADA_SERVER_URL: 'https://sso.apps.localhost',
      ENTRADA_COOKIE_DOMAIN: 'apps.localhost',
    }
    assert.match(
      problemsOf({ ...local, ENTRADA_APPLICATION_URLS: 'http://wiki.apps.localhost' }).join(),
      /has another scheme than ENTRADA_SERVER_URL/,
    )
  })
})
