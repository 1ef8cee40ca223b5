/** The last step of a restore: access that the backup would restore is removed again. */

import type { AdminCaller } from '../access/admin-caller.ts'
import { revokeApiKey } from '../access/api-keys.ts'
import { audit, type ChangeServices } from '../audit/audit.ts'
import { turnOff } from '../connections/change-connection.ts'
import { isEntradaError } from '../errors/errors.ts'
import type { Services } from '../services.ts'
import { withdrawSetupLink } from '../setup/setup-link.ts'
import { createAdministration } from './administration.ts'
import { endSessionsIn } from './end-sessions-in.ts'
import { changeMembership } from './memberships.ts'
import type { TakenAway } from './taken-away.ts'

export type RestoreChoices = {
  readonly keepSessions: boolean
  /** How many sessions had already been ended in the file, for the report. */
  readonly endedBefore?: number
  /** Reports what was removed since the backup, but does not remove it again. */
  readonly keepAccess: boolean
}

export type FinishedRestore = {
  readonly sessionsEnded: number
  /** Absent when there was no readable database to compare with. */
  readonly takenAway?: TakenAway
  readonly applied: boolean
}

/**
 * Ends the sessions of a restored database, and removes again the access that was removed between the backup and the restore. Users
 * who had been removed are only disabled, so that an operator decides. It may be run again.
 */
export async function finishRestore(
  services: Services,
  caller: AdminCaller,
  {
    takenAway,
    keepSessions,
    keepAccess,
    endedBefore = 0,
  }: RestoreChoices & { readonly takenAway: TakenAway | undefined },
): Promise<FinishedRestore> {
  const ended = keepSessions ? 0 : await endSessionsIn(services, caller, { of: 'deployment' })
  const sessionsEnded = endedBefore + ended
  const applied = takenAway !== undefined && !keepAccess
  if (applied) await takeAwayAgain(services, caller, takenAway)
  const finished = { sessionsEnded, applied, ...(takenAway ? { takenAway } : {}) }
  await auditRestore(services, caller, finished)
  return finished
}

async function takeAwayAgain(
  services: Services,
  caller: AdminCaller,
  { users, memberships, roles, apiKeys, connections, setupLinks }: TakenAway,
): Promise<void> {
  const administration = createAdministration(async () => services)
  for (const { id } of users) await administration.disableUser(caller, id)
  for (const { id } of memberships) {
    await changeMembership(services, caller, { id, change: { kind: 'disable' } })
  }
  for (const { membershipId: id, role } of roles) {
    await changeMembership(services, caller, { id, change: { kind: 'take_role', role } })
  }
  for (const { id } of apiKeys) await revokeApiKey(services, caller, id)
  for (const { id } of connections) await turnOffUnlessManaged(services, caller, id)
  for (const { id: linkId, connectionId } of setupLinks) {
    await withdrawSetupLink(services, caller, { connectionId, linkId })
  }
}

/**
 * The environment's connection follows its settings, and a connection that its organization requires stays on; both are reported.
 */
async function turnOffUnlessManaged(
  services: ChangeServices,
  caller: AdminCaller,
  id: string,
): Promise<void> {
  try {
    const managedBy = (await services.storage.findConnection(id))?.managedBy
    const writesAs = managedBy === 'file' ? 'file' : 'api'
    await turnOff(services, { ...caller, writesAs }, id)
  } catch (error) {
    const isExpected = isEntradaError(error) && keepsOn.has(error.code)
    if (!isExpected) throw error
  }
}

const keepsOn: ReadonlySet<string> = new Set(['connection_read_only', 'sso_connection_needed'])

async function auditRestore(
  services: ChangeServices,
  caller: AdminCaller,
  { sessionsEnded, applied, takenAway }: FinishedRestore,
): Promise<void> {
  const detail = {
    sessionsEnded,
    applied,
    users: takenAway?.users.length ?? 0,
    apiKeys: takenAway?.apiKeys.length ?? 0,
  }
  const event = { type: 'database.restored', detail } as const
  await services.storage.atomically(
    (transaction) => audit(services, transaction, { caller, event }),
    { scope: 'nothing' },
  )
}
