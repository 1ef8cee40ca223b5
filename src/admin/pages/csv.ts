/**
 * Renders one cell. Text that a spreadsheet would take for a formula starts with an apostrophe, and every cell is quoted.
 *
 * @see RFC 4180 §2; OWASP, CSV Injection
 */
export function csvCell(text: string): string {
  const harmless = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text
  return `"${harmless.replaceAll('"', '""')}"`
}

/** Renders one line of a CSV file. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}
