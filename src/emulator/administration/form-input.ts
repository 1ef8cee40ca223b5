/**
 * Converts a form of the page to the JSON of the operation. The name of a field is the path to its value, followed by a colon and
 * its type: `fault.times:number`, `groups:list`. Empty fields are left out.
 */
export function toInput(form: URLSearchParams): Record<string, unknown> {
  const input: Record<string, unknown> = {}
  for (const [field, text] of form) {
    const [path = '', type = 'text'] = field.split(':')
    const value = toValue(text.trim(), type)
    if (value !== undefined) setAt(input, path.split('.'), value)
  }
  return input
}

function toValue(text: string, type: string): unknown {
  if (type === 'list')
    return text
      .split(/[\n,]+/)
      .map((line) => line.trim())
      .filter(Boolean)
  if (text === '') return undefined
  if (type === 'boolean') return text === 'true'
  if (type === 'number') return Number.isFinite(Number(text)) ? Number(text) : text
  return text
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path
  // Names that have a meaning in JavaScript itself are never the name of a field.
  if (['__proto__', 'constructor', 'prototype'].includes(name)) return
  if (rest.length === 0) {
    target[name] = value
    return
  }
  const inner = target[name]
  const next = typeof inner === 'object' && inner !== null ? { ...inner } : {}
  setAt(next, rest, value)
  target[name] = next
}
