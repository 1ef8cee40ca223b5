import * as v from 'valibot'

/**
 * Returns a schema for an object with these members and no others. Valibot iterates over the table with `for … in`, which would
 * find members that another library put on `Object.prototype`; so the table has no prototype.
 */
export function strictObject<const Entries extends v.ObjectEntries>(
  entries: Entries,
): v.StrictObjectSchema<Entries, undefined> {
  return v.strictObject(Object.assign(Object.create(null), entries) as Entries) // the same members
}
