/** Finds colours that are readable by the rules of WCAG. Pure. */

/** Red, green and blue, each from 0 to 255. */
export type Color = readonly [number, number, number]

/** Parses `#12766f` or `#176`; returns `undefined` for anything else. */
export function parseColor(text: string): Color | undefined {
  const [, short, long] = /^#(?:([0-9a-f]{3})|([0-9a-f]{6}))$/i.exec(text.trim()) ?? []
  const digits = long ?? (short && [...short].map((digit) => digit + digit).join(''))
  if (digits === undefined) return undefined
  const value = Number.parseInt(digits, 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

/** Returns the colour as `#rrggbb`. */
export function toHex(color: Color): string {
  return `#${color.map((part) => part.toString(16).padStart(2, '0')).join('')}`
}

/** Returns the contrast of two colours, from 1 (the same) to 21 (black on white). @see WCAG 2.2 §1.4.3 */
export function contrast(color: Color, other: Color): number {
  const [dark = 0, light = 0] = [luminance(color), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

/** Returns the colour, moved only as far towards black or white as is needed to be readable on all of these backgrounds. */
export function readableOn(
  color: Color,
  grounds: readonly Color[],
  { toward, atLeast = 4.5 }: { readonly toward: Color; readonly atLeast?: number },
): Color {
  for (let share = 0; share < 1; share += 0.02) {
    const candidate = mix(color, toward, share)
    if (grounds.every((ground) => contrast(candidate, ground) >= atLeast)) return candidate
  }
  return toward
}

/** Mixes the given share of another colour into a colour. */
export function mix(color: Color, other: Color, share: number): Color {
  const part = (index: 0 | 1 | 2) => Math.round(color[index] * (1 - share) + other[index] * share)
  return [part(0), part(1), part(2)]
}

/** Returns the relative luminance of a colour. @see https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(color: Color): number {
  const [red = 0, green = 0, blue = 0] = color.map((part) => {
    const value = part / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
