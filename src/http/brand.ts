/** The brand that users see on the pages: name, logo, colour, and a contact for support. */
import { type Color, contrast, mix, parseColor, readableOn, toHex } from './contrast.ts'

export type BrandOptions = {
  /** The name that the pages show in place of "Entrada". */
  readonly name?: string
  /** The logo: an SVG or PNG of at most 256 KB. */
  readonly logo?: Uint8Array | string
  /** The colour of buttons and links, such as `#12766f`. Where it would be hard to read, a darker or lighter shade replaces it. */
  readonly color?: string
  /** The contact for support: an email address, or an https page. */
  readonly supportContact?: string
}

export type Brand = {
  readonly name: string
  readonly logo?: Logo
  readonly color?: Color
  readonly support?: SupportContact
}
export type Logo = {
  readonly type: 'image/svg+xml' | 'image/png'
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The logo is wide enough to contain the written name, so the pages do not write the name next to it. */
  readonly isWordmark: boolean
}
export type SupportContact = { readonly href: string; readonly text: string }

export const MAX_LOGO_BYTES = 256 * 1024
const WORDMARK_RATIO = 2.5
const black: Color = [0, 0, 0]
const white: Color = [255, 255, 255]

/** Background colours of `assets.ts` on which the brand colour is written: page, sheet and note. */
const lightGrounds: readonly Color[] = [[0xf4, 0xf1, 0xea], white, [0xff, 0xe9, 0xb8]]
const darkGrounds: readonly Color[] = [
  [0x11, 0x16, 0x18],
  [0x1b, 0x21, 0x24],
  [0x4a, 0x3a, 0x10],
]

/**
 * Creates the brand from its options.
 *
 * @throws {Error} as {@link brandName}; `check-options.ts` reports the same problems earlier
 */
export function createBrand({ name, logo, color, supportContact: contact }: BrandOptions): Brand {
  return {
    name: brandName(name ?? 'Entrada'),
    ...(logo === undefined ? {} : { logo: brandLogo(logo) }),
    ...(color === undefined ? {} : { color: brandColor(color) }),
    ...(contact === undefined ? {} : { support: supportContact(contact) }),
  }
}

/** Parses the name of the brand. @throws {Error} whose message completes the sentence "… must be" and does not repeat the value */
export function brandName(text: string): string {
  const name = text.trim()
  if (name === '' || name.length > 60 || /[\p{Cc}\p{Cf}]/u.test(name)) {
    throw new Error('must be 1 to 60 characters on one line')
  }
  return name
}

/** Parses the colour of the brand. @throws {Error} as {@link brandName} */
export function brandColor(text: string): Color {
  const color = parseColor(text)
  if (color === undefined) throw new Error('must be a colour such as #12766f')
  return color
}

/** Parses the contact for support. @throws {Error} as {@link brandName} */
export function supportContact(text: string): SupportContact {
  const contact = text.trim()
  const address = contact.replace(/^mailto:/i, '')
  if (/^[^\s@?&"<>,;:]{1,64}@[a-z0-9.-]{1,253}\.[a-z]{2,63}$/i.test(address)) {
    return { href: `mailto:${address}`, text: address }
  }
  const url = URL.parse(contact)
  if (url?.protocol !== 'https:' || url.username || url.password || contact.length > 500) {
    throw new Error('must be an email address, or an address that starts with https://')
  }
  const path = url.pathname === '/' ? '' : url.pathname
  return { href: url.href, text: url.host + path }
}

/** Parses the logo. Its content decides the format, not its file name. @throws {Error} as {@link brandName} */
export function brandLogo(file: Uint8Array | string): Logo {
  const bytes = typeof file === 'string' ? new TextEncoder().encode(file) : new Uint8Array(file)
  if (bytes.length > MAX_LOGO_BYTES) throw new Error('must be at most 256 KB')
  const size = pngSize(bytes)
  if (size !== undefined) return { type: 'image/png', bytes, isWordmark: isWide(size) }
  const text = new TextDecoder().decode(bytes.subarray(0, 4096))
  const [root] = /<svg[\s>][^>]*>?/i.exec(text) ?? []
  if (root === undefined || !/^\s*(\ufeff)?<(\?xml|!--|!doctype svg|svg)/i.test(text)) {
    throw new Error('must be an SVG or PNG')
  }
  return { type: 'image/svg+xml', bytes, isWordmark: isWide(svgSize(root)) }
}

/** Returns the rules that set the brand colour: on buttons with text on it, and as text in light and dark mode. */
export function brandStylesheet({ color }: Brand): string {
  if (color === undefined) return ''
  const light = readableOn(color, lightGrounds, { toward: black })
  const dark = readableOn(color, darkGrounds, { toward: white })
  const onButton = contrast(color, white) >= 4.5 ? white : black
  const away = onButton === white ? black : white
  const button = `--button: ${toHex(color)}; --button-hover: ${toHex(mix(color, away, 0.15))}; --on-button: ${toHex(onButton)};`
  return `:root { --accent: ${toHex(light)}; --accent-strong: ${toHex(mix(light, black, 0.3))}; ${button} }
@media (prefers-color-scheme: dark) { :root { --accent: ${toHex(dark)}; --accent-strong: ${toHex(mix(dark, white, 0.3))}; ${button} } }
`
}

type Size = { readonly width: number; readonly height: number }

function isWide(size: Size | undefined): boolean {
  return size !== undefined && size.width / size.height >= WORDMARK_RATIO
}

/** Reads width and height of a PNG, or returns `undefined`. @see https://www.w3.org/TR/png-3/#11IHDR */
function pngSize(bytes: Uint8Array<ArrayBuffer>): Size | undefined {
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
  if (bytes.length < 24 || signature.some((byte, index) => bytes[index] !== byte)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return { width: view.getUint32(16), height: view.getUint32(20) || 1 }
}

function svgSize(root: string): Size | undefined {
  const [, box] = /\bviewBox\s*=\s*["']([^"']+)["']/i.exec(root) ?? []
  const [, , width, height] = (box ?? '')
    .trim()
    .split(/[\s,]+/)
    .map(Number)
  if (width && height && height > 0) return { width, height }
  const side = (name: string) =>
    Number(new RegExp(`\\s${name}\\s*=\\s*["']([\\d.]+)(px)?["']`, 'i').exec(root)?.[1])
  const sides = { width: side('width'), height: side('height') }
  return sides.width > 0 && sides.height > 0 ? sides : undefined
}
