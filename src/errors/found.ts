import { EntradaError } from './errors.ts'

/** Returns the record that a look-up returned. @throws {EntradaError} `record_not_found` if there is none */
export function found<T>(record: T | undefined): T {
  if (record === undefined) throw new EntradaError('record_not_found')
  return record
}
