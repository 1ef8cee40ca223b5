/**
 * What a form of the page says, as the JSON of the operation would. A field's name is the path to its value,
 * with its type behind a colon: `fault.times:number`, `groups:list`. Empty fields are left out.
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
  // Names that mean something to JavaScript itself are nobody's field.
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
