import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseCsv } from './csv.ts'

const valuesOf = (text: string) => parseCsv(text).map(({ values }) => values)

describe('parseCsv', () => {
  it('reads quoted fields with commas, quotes and line breaks, and any line ending', () => {
    assert.deepEqual(valuesOf('a,b\r\n"1,2","say ""yes""\nthen"\r\n3,\r\n'), [
      { a: '1,2', b: 'say "yes"\nthen' },
      { a: '3', b: '' },
    ])
  })

  it('knows the line on which a row begins, past line breaks inside of it', () => {
    const rows = parseCsv('a,b\n"x\ny",1\n\nz,2')
    assert.deepEqual(
      rows.map(({ line }) => line),
      [2, 5],
    )
  })

  it('takes missing fields at the end for empty, and refuses too many', () => {
    assert.deepEqual(valuesOf('a,b\n1'), [{ a: '1', b: '' }])
    assert.throws(() => parseCsv('a,b\n1,2,3'), /line 2 has more fields/)
  })

  it('refuses what would be read in two ways', () => {
    assert.throws(() => parseCsv('a,a\n1,2'), /names a twice/)
    assert.throws(() => parseCsv('a,b\nx"y,2'), /line 2 has a quotation mark/)
    assert.throws(() => parseCsv('a,b\n"never closed,2'), /line 2 has a quotation mark/)
  })

  it('takes semicolons for separators where the first line has no comma', () => {
    assert.deepEqual(valuesOf('a;b\r\n1,5;"x;""y"""\r\n2;\r\n'), [
      { a: '1,5', b: 'x;"y"' },
      { a: '2', b: '' },
    ])
    assert.deepEqual(valuesOf('"a,1";b\n1;2'), [{ 'a,1': '1', b: '2' }])
    assert.deepEqual(valuesOf('a,b;c\n1,2'), [{ a: '1', 'b;c': '2' }])
  })

  it('finds nothing in an empty file', () => {
    assert.deepEqual(parseCsv(''), [])
    assert.deepEqual(parseCsv('a,b'), [])
  })

  it('reads back whatever is written by the rules', () => {
    const field = fc.string().filter((text) => text !== '')
    fc.assert(
      fc.property(fc.array(fc.tuple(field, field), { minLength: 1 }), (rows) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
        const text = ['a,b', ...rows.map((row) => row.map(quoted).join(','))].join('\n')
        assert.deepEqual(
          valuesOf(text),
          rows.map(([a, b]) => ({ a, b })),
        )
      }),
    )
  })
})
