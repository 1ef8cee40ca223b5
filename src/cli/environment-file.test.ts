import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parseEnvironmentFile } from './environment-file.ts'

const cases: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  ['spaces within a value', 'A=Contoso Ltd\nB=x', { A: 'Contoso Ltd', B: 'x' }],
  ['no command substitution', 'A=$(touch /tmp/x)`id`$HOME', { A: '$(touch /tmp/x)`id`$HOME' }],
  ['a number sign within a value', 'A=pass#word ;x', { A: 'pass#word ;x' }],
  ['comments and empty lines', '# A=1\n\n ; B=2\nC=3', { C: '3' }],
  ['single quotes, to the letter', `A='a "b" \\n c'`, { A: 'a "b" \\n c' }],
  ['double quotes with escapes', 'A="a \\"b\\" \\$c \\\\ \\n"', { A: 'a "b" $c \\ \\n' }],
  ['quoted values over several lines', 'A="one\ntwo"\nB=3', { A: 'one\ntwo', B: '3' }],
  ['continued lines', 'A=one\\\ntwo\nB=3', { A: 'onetwo', B: '3' }],
  ['spaces around', '  A =  x y  \nB=', { A: 'x y', B: '' }],
  ['the last of two values', 'A=1\nA=2', { A: '2' }],
  ['lines that assign nothing', 'export A\nB-C=1\nD=2', { D: '2' }],
  ['an equals sign within a value', 'A=b=c', { A: 'b=c' }],
  ['line ends of Windows', 'A=1\r\nB=2\r\n', { A: '1', B: '2' }],
]

describe('parseEnvironmentFile', () => {
  for (const [name, text, expected] of cases) {
    it(`reads an environment file as systemd does: ${name} (O17)`, () => {
      assert.deepEqual(Object.fromEntries(parseEnvironmentFile(text)), expected)
    })
  }

  it('agrees with the systemd of this machine on every value of these files (O17)', (t) => {
    if (spawnSync('systemd-run', ['--version']).error) return t.skip('no systemd-run here')
    if (spawnSync('systemctl', ['is-system-running']).stdout.toString().trim() !== 'running') {
      return t.skip('systemd does not run on this machine')
    }
    const folder = mkdtempSync(join(tmpdir(), 'environment-file-'))
    t.after(() => rmSync(folder, { recursive: true }))
    for (const [, text, expected] of cases) {
      writeFileSync(join(folder, 'file'), text)
      const unit = ['--pipe', '--wait', '--quiet', '-p', `EnvironmentFile=${join(folder, 'file')}`]
      const output = execFileSync('systemd-run', [...unit, 'env', '-0'], { encoding: 'utf8' })
      const variables = Object.fromEntries(output.split('\0').map((line) => line.split(/=(.*)/s)))
      for (const [variable, value] of Object.entries(expected)) {
        assert.equal(variables[variable], value)
      }
    }
  })
})
