/**
 * One cell. What a spreadsheet would take for a formula gets an apostrophe in front, and everything is quoted.
 *
 * @see RFC 4180 §2; OWASP, CSV Injection
 */
export function csvCell(text: string): string {
  const harmless = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text
  return `"${harmless.replaceAll('"', '""')}"`
}

export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}
