/** Names in the environment that look like settings and are none. */

/** Names that belong to us without being settings. */
const NOT_SETTINGS = new Set(['ENTRADA_URL'])
/** Kubernetes puts these into every container of a namespace with a service named `entrada`. */
const SERVICE_LINK =
  /^ENTRADA(_[A-Z0-9_]+)?_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$|^ENTRADA_PORT$/

/** A misspelt name is an error, with the nearest one that exists; what Kubernetes made is a warning. */
export function strayNames(
  given: readonly string[],
  known: ReadonlySet<string>,
): { readonly unknown: readonly string[]; readonly warnings: readonly string[] } {
  const unknown: string[] = []
  const warnings: string[] = []
  for (const name of given) {
    if (known.has(name) || NOT_SETTINGS.has(name)) continue
    if (SERVICE_LINK.test(name)) {
      warnings.push(`${name} looks like a Kubernetes service link and is ignored`)
    } else if (name.startsWith('ENTRADA_') || name.startsWith('DSTACK_ENTRA_')) {
      unknown.push(`${name} is not a setting.${didYouMean(name, known)}`)
    }
  }
  return { unknown, warnings }
}

function didYouMean(name: string, known: ReadonlySet<string>): string {
  const [nearest] = [...known]
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance)
  return nearest !== undefined && nearest.distance <= 6 ? ` Did you mean ${nearest.candidate}?` : ''
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const substituted = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(substituted, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
