/** docs/inputs.md lists what is read. Here it is held against the code, both ways. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { claimRules } from '../src/identity-provider/entra/protocol/claim-rules.ts'

const guide = readFileSync('docs/inputs.md', 'utf8')

/** What the server and the library read. The emulator, the client and the command line's own answers are other programs. */
const source = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .filter((path) => !/^(emulator|client|cli|doctor|testing)\/|conformance/.test(path))
  .map((path) => readFileSync(`src/${path}`, 'utf8').replace(/\/\*[\s\S]*?\*\//g, ''))
  .join('\n')

/** Returns the names in one column of the tables of a section; the first column by default. */
function namesIn(title: string, { column = 0, table }: { column?: number; table?: string } = {}) {
  const [, section = ''] = guide.split(`\n## ${title}\n`)
  const [text = ''] = section.split('\n## ')
  const rows = text.split('\n').filter((line) => line.startsWith('|'))
  const cells = rows.map((line) => line.split('|').map((cell) => cell.trim()))
  const from = table ? cells.findIndex((cell) => cell[1] === table) : 0
  const names: string[] = []
  for (const cell of cells.slice(from)) {
    const [, name] = /^`([^`]+)`/.exec(cell[column + 1] ?? '') ?? []
    if (name !== undefined) names.push(name)
  }
  return names
}

function inCode(...patterns: readonly RegExp[]): string[] {
  const found = patterns.flatMap((pattern) => [...source.matchAll(pattern)])
  return [...new Set(found.map(([, name = '']) => name))].sort()
}

function assertSame(listed: readonly string[], read: readonly string[]): void {
  assert.deepEqual([...new Set(listed)].sort(), [...new Set(read)].sort())
  assert.equal(new Set(listed).size, listed.length, 'a row twice')
}

describe('docs/inputs.md', () => {
  it('lists every header that is read, and no other (S11)', () => {
    const read = inCode(
      /(?:\bheaders\.get\(|singleHeader\([\w.]+,\s*|\bheader\()\s*'([\w-]+)'/g,
      /'(x-(?:original|forwarded)-\w+|forwarded|x-real-ip|via)'/g,
    )
    const ofAnswers = ['cache-control', 'location', 'retry-after', 'x-forwarded-port']
    assertSame(
      namesIn('Headers of a request'),
      read.filter((name) => !ofAnswers.includes(name)),
    )
  })

  it('lists every parameter that is read, and no other (S11)', () => {
    const read = inCode(
      /\bsingle\([^;]*?,\s*'(\w+)'\s*\)/g,
      /\bquery\.(?:getAll|get)\('(\w+)'\)/g,
      /URLSearchParams\(query\)\.getAll\('(\w+)'\)/g,
      /^ {2}'(state|code|error|error_description|error_uri|connection|iss)',$/gm,
    )
    assertSame(namesIn('Parameters'), read)
  })

  it('lists every claim and header member of an ID token that is read, and no other (S15)', () => {
    const required = ['iss', 'aud', 'sub', 'tid', 'oid', 'ver', 'exp', 'iat', 'nbf', 'nonce']
    const claims = namesIn('The ID token', { table: 'claim' })
    assertSame(claims, [...required, ...Object.keys(claimRules)])
    const members = namesIn('The ID token').slice(0, -claims.length)
    const [, header = ''] = /const \{ (alg[^}]+) \} = header/.exec(source) ?? []
    assertSame(members, header.split(', '))
  })

  it('lists every member of an answer that is read', () => {
    const read = inCode(
      /textIn\(answer, '(\w+)'\)/g,
      /\b(?:discoveryText|optionalDiscoveryText)\(wire, '(\w+)'/g,
      /\b(?:toText|toErrorWord|toGuid|toTimestamp|toClaimsChallenge)\(read\('(\w+)'\)/g,
      /body\['(@odata\.\w+)'\]/g,
    )
    const listed = new Set(namesIn('Answers of Entra', { column: 1 }))
    assert.ok(read.length > 15, read.join())
    assert.deepEqual(
      read.filter((name) => !listed.has(name)),
      [],
    )
  })

  it('has one reader for each kind: no JSON from outside, header or cookie is read past it', () => {
    const parsing = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|^emulator\/|conformance/.test(path))
      .filter((path) =>
        /\bJSON\.parse\(|\.json\(\)/.test(
          readFileSync(`src/${path}`, 'utf8').replace(/\/\*[\s\S]*?\*\/|'[^'\n]*'/g, ''),
        ),
      )
    assert.deepEqual(parsing.sort(), [
      // What this program wrote itself: into its database, or sealed into a cookie.
      'api/answer-once.ts',
      'audit/audit-verification.ts',
      // The command line and the client read responses of the server that they are configured to trust.
      'cli/emulator.ts',
      'cli/kept-directory.ts',
      'client/client.ts',
      // The one reader.
      'protocol/strict-json.ts',
      'setup/test-result.ts',
      'sign-in/attempt.ts',
      'storage/columns.ts',
      'storage/migrations/0007-domains.ts',
      'storage/record-columns.ts',
    ])
  })
})
