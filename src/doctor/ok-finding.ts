/** Returns the row of a finding that something is as it should be. */
export function ok<const What extends string>(what: What) {
  return { severity: 'ok', what } as const
}
