/** A table's entry under a name that came from outside: `constructor` and what else is on the prototype of every object is not in it. */
export function findOwn<Entry>(
  table: Readonly<Record<PropertyKey, Entry>>,
  name: PropertyKey,
): Entry | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
