import * as v from 'valibot'

/**
 * An object with these members and no others. Valibot goes through the table with `for … in`, which finds what another library of the
 * process has put on `Object.prototype` too: the table has no prototype.
 */
export function strictObject<const Entries extends v.ObjectEntries>(
  entries: Entries,
): v.StrictObjectSchema<Entries, undefined> {
  return v.strictObject(Object.assign(Object.create(null), entries) as Entries) // the same members
}
