import type { Connection } from '../storage/records.ts'

/** The id of the one connection that the environment describes. Other connections cannot have it: it is a reserved word. */
export const ENVIRONMENT_CONNECTION_ID = 'default'

/** Returns whether the environment, or the options of the library, describe this connection. */
export function isOfEnvironment({ managedBy }: Pick<Connection, 'managedBy'>): boolean {
  return managedBy === 'environment'
}
