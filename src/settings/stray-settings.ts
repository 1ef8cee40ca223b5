/** Names in the environment that look like settings and are none. */

/** Kubernetes puts these into every container of a namespace with a service named `entrada`, or `entrada-…`. */
const SERVICE_LINK =
  /^ENTRADA(_[A-Z0-9_]+)?_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/
/** What it writes there: an address with its protocol, a port, a protocol, a host. */
const SERVICE_LINK_VALUES = [
  { name: /_PORT(_\d+_(TCP|UDP|SCTP))?$/, value: /^(tcp|udp|sctp):\/\/[\w.:[\]-]+$/ },
  { name: /_SERVICE_PORT(_[A-Z0-9_]+)?$|_(TCP|UDP|SCTP)_PORT$/, value: /^\d{1,5}$/ },
  { name: /_PROTO$/, value: /^(tcp|udp|sctp)$/ },
  { name: /_(SERVICE_HOST|ADDR)$/, value: /^[\w.:-]+$/ },
] as const

/** A misspelt name is an error, with the nearest one that exists; what Kubernetes made is a warning. */
export function strayNames(
  given: Readonly<Record<string, string | undefined>>,
  known: ReadonlySet<string>,
): { readonly unknown: readonly string[]; readonly warnings: readonly string[] } {
  const unknown: string[] = []
  const warnings: string[] = []
  for (const [name, value = ''] of Object.entries(given)) {
    if (known.has(name)) continue
    if (isServiceLink(name, value.trim())) {
      warnings.push(`${name} looks like a Kubernetes service link and is ignored`)
    } else if (name.startsWith('ENTRADA_') || name.startsWith('DSTACK_ENTRA_')) {
      unknown.push(`${name} is not a setting.${didYouMean(name, known)}`)
    }
  }
  return { unknown, warnings }
}

/** By its value too: `ENTRADA_PORT=8080` was written by somebody who means it. */
function isServiceLink(name: string, value: string): boolean {
  return (
    SERVICE_LINK.test(name) &&
    SERVICE_LINK_VALUES.some((one) => one.name.test(name) && one.value.test(value))
  )
}

/** A sentence with the nearest name that exists, or nothing when none is as near as `farthest` letters. */
export function didYouMean(
  name: string,
  known: ReadonlySet<string>,
  farthest = Math.min(6, Math.ceil(name.length / 2)),
): string {
  const [nearest] = [...known]
    .map((candidate) => ({ candidate, distance: distanceBetween(name, candidate) }))
    .sort((a, b) => a.distance - b.distance)
  return nearest !== undefined && nearest.distance <= farthest
    ? ` Did you mean ${nearest.candidate}?`
    : ''
}

/** A word left out, as in ENTRADA_URL for ENTRADA_SERVER_URL, is a smaller mistake than its letters are many. */
function distanceBetween(name: string, candidate: string): number {
  const [given, words] = [name.split('_'), candidate.split('_')]
  const holdsAll = given.length > 1 && given.every((word) => words.includes(word))
  return holdsAll ? words.length - given.length : editDistance(name, candidate)
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
