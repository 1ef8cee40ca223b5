/** Finds names in the environment that look like settings and are none. */

/** Kubernetes sets these variables in every container of a namespace with a service named `entrada`, or `entrada-…`. */
const SERVICE_LINK =
  /^ENTRADA(_[A-Z0-9_]+)?_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/
/** The values that Kubernetes writes: an address with its protocol, a port, a protocol, a host. */
const SERVICE_LINK_VALUES = [
  { name: /_PORT(_\d+_(TCP|UDP|SCTP))?$/, value: /^(tcp|udp|sctp):\/\/[\w.:[\]-]+$/ },
  { name: /_SERVICE_PORT(_[A-Z0-9_]+)?$|_(TCP|UDP|SCTP)_PORT$/, value: /^\d{1,5}$/ },
  { name: /_PROTO$/, value: /^(tcp|udp|sctp)$/ },
  { name: /_(SERVICE_HOST|ADDR)$/, value: /^[\w.:-]+$/ },
] as const

/** Returns a problem for each misspelt name, with the nearest name that exists, and a warning for each name that Kubernetes made. */
export function strayNames(
  environment: Readonly<Record<string, string | undefined>>,
  settingNames: ReadonlySet<string>,
): { readonly unknown: readonly string[]; readonly warnings: readonly string[] } {
  const unknown: string[] = []
  const warnings: string[] = []
  for (const [name, value = ''] of Object.entries(environment)) {
    if (settingNames.has(name)) continue
    if (isServiceLink(name, value.trim())) {
      warnings.push(`${name} looks like a Kubernetes service link and is ignored`)
    } else if (name.startsWith('ENTRADA_') || name.startsWith('DSTACK_ENTRA_')) {
      unknown.push(`${name} is not a setting.${didYouMean(name, settingNames)}`)
    }
  }
  return { unknown, warnings }
}

/** Checks the value too: `ENTRADA_PORT=8080` was written by an operator who expects it to work. */
function isServiceLink(name: string, value: string): boolean {
  return (
    SERVICE_LINK.test(name) &&
    SERVICE_LINK_VALUES.some((kind) => kind.name.test(name) && kind.value.test(value))
  )
}

/** Returns a sentence with the nearest name that exists, or empty text when none is within `farthest` letters. */
export function didYouMean(
  name: string,
  names: ReadonlySet<string>,
  farthest = Math.min(6, Math.ceil(name.length / 2)),
): string {
  const [nearest] = [...names]
    .map((candidate) => ({ candidate, distance: distanceBetween(name, candidate) }))
    .sort((a, b) => a.distance - b.distance)
  return nearest !== undefined && nearest.distance <= farthest
    ? ` Did you mean ${nearest.candidate}?`
    : ''
}

/** A missing word, as in ENTRADA_URL for ENTRADA_SERVER_URL, counts as one mistake and not as its number of letters. */
function distanceBetween(name: string, candidate: string): number {
  const [words, candidateWords] = [name.split('_'), candidate.split('_')]
  const hasAll = words.length > 1 && words.every((word) => candidateWords.includes(word))
  return hasAll ? candidateWords.length - words.length : editDistance(name, candidate)
}

/** Computes the Levenshtein distance, one row at a time. */
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
