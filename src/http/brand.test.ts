import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { brandLogo, brandStylesheet, createBrand, MAX_LOGO_BYTES, supportContact } from './brand.ts'
import { type Color, contrast, parseColor } from './contrast.ts'

const anyColor = fc.tuple(
  ...([0, 1, 2].map(() => fc.integer({ min: 0, max: 255 })) as [
    fc.Arbitrary<number>,
    fc.Arbitrary<number>,
    fc.Arbitrary<number>,
  ]),
)

function named(stylesheet: string, name: string): readonly Color[] {
  const found = [...stylesheet.matchAll(new RegExp(`--${name}: (#[0-9a-f]{6});`, 'g'))]
  return found.map(([, hex]) => parseColor(hex ?? '') ?? [0, 0, 0])
}

describe('brandStylesheet', () => {
  it('can be read whatever the colour: on buttons, and as text in light and dark (WCAG 2.2 §1.4.3)', () => {
    fc.assert(
      fc.property(anyColor, (color) => {
        const stylesheet = brandStylesheet({ name: 'Contoso', color })
        const [light, dark] = named(stylesheet, 'accent')
        const [button] = named(stylesheet, 'button')
        const [on] = named(stylesheet, 'on-button')
        const [hover] = named(stylesheet, 'button-hover')
        assert.ok(light && dark && button && on && hover)
        assert.ok(contrast(button, on) >= 4.5)
        assert.ok(contrast(hover, on) >= 4.5)
        for (const ground of ['#f4f1ea', '#ffffff', '#ffe9b8']) {
          assert.ok(contrast(light, parseColor(ground) ?? light) >= 4.5)
        }
        for (const ground of ['#111618', '#1b2124', '#4a3a10']) {
          assert.ok(contrast(dark, parseColor(ground) ?? dark) >= 4.5)
        }
      }),
    )
  })

  it('leaves a colour alone that can be read', () => {
    const [light] = named(brandStylesheet(createBrand({ color: '#0b5c58' })), 'accent')
    assert.deepEqual(light, parseColor('#0b5c58'))
  })

  it('is empty without a colour', () => assert.equal(brandStylesheet(createBrand({})), ''))
})

describe('contrast', () => {
  it('is what WCAG says it is', () => {
    assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21)
    assert.equal(contrast([255, 255, 255], [255, 255, 255]), 1)
    // #767676 is the lightest grey that text on white may have.
    assert.ok(contrast([0x76, 0x76, 0x76], [255, 255, 255]) >= 4.5)
    assert.ok(contrast([0x77, 0x77, 0x77], [255, 255, 255]) < 4.5)
  })
})

describe('brandLogo', () => {
  const png = Uint8Array.from(
    '89504e470d0a1a0a0000000d49484452000000fa0000003208060000000000'.match(/../g) ?? [],
    (byte) => Number.parseInt(byte, 16),
  )

  it('knows PNG and SVG by what they hold, and a wordmark by its shape', () => {
    const square = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"></svg>'
    const wide = '<?xml version="1.0"?><svg width="250px" height="100"></svg>'
    assert.deepEqual(
      [png, square, wide].map((file) => {
        const { type, isWordmark } = brandLogo(file)
        return [type, isWordmark]
      }),
      [
        ['image/png', true],
        ['image/svg+xml', false],
        ['image/svg+xml', true],
      ],
    )
  })

  const refused: readonly (readonly [string, Uint8Array | string])[] = [
    ['nothing', ''],
    ['a page that holds an SVG', '<!doctype html><body><svg viewBox="0 0 1 1"></svg>'],
    ['a JPEG', Uint8Array.from([0xff, 0xd8, 0xff, 0xe0])],
    ['a PNG that was cut', png.subarray(0, 12)],
    ['an SVG as large as a film', `<svg>${' '.repeat(MAX_LOGO_BYTES)}</svg>`],
  ]
  for (const [what, file] of refused) {
    it(`refuses ${what}`, () => assert.throws(() => brandLogo(file), /^Error: must be/))
  }
})

describe('supportContact', () => {
  it('takes an email address or an https page', () => {
    assert.deepEqual(supportContact(' help@contoso.example '), {
      href: 'mailto:help@contoso.example',
      text: 'help@contoso.example',
    })
    assert.equal(supportContact('mailto:help@contoso.example').text, 'help@contoso.example')
    assert.deepEqual(supportContact('https://help.contoso.example/it'), {
      href: 'https://help.contoso.example/it',
      text: 'help.contoso.example/it',
    })
  })

  for (const text of [
    '',
    'help',
    'http://help.contoso.example',
    'javascript:alert(1)//@a.example',
    'help@contoso.example?bcc=x@evil.example',
    'https://user:password@contoso.example',
    'a@b.example,c@d.example',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(() => supportContact(text), /^Error: must be/))
  }
})
