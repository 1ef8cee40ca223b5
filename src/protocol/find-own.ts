/**
 * Returns a table's entry under a name that came from outside. `constructor` and other members of every object's prototype are not
 * found.
 */
export function findOwn<Entry>(
  table: Readonly<Record<PropertyKey, Entry>>,
  name: PropertyKey,
): Entry | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
