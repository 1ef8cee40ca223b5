import type { FinishedRestore } from '../admin/finish-restore.ts'
import type { TakenAway } from '../admin/taken-away.ts'

/** Returns the lines that `restore` prints about sessions and about access that was removed since the backup. */
export function describeRestore({
  sessionsEnded,
  takenAway,
  applied,
}: FinishedRestore): readonly string[] {
  const sessions = `sessions of the backup that ended: ${sessionsEnded}`
  return takenAway === undefined ? [sessions] : [sessions, ...describeTakenAway(takenAway, applied)]
}

const because = {
  disabled: 'disabled since the backup',
  removed: 'removed since the backup',
  revoked: 'revoked since the backup',
  turned_off: 'turned off since the backup',
} as const

function describeTakenAway(takenAway: TakenAway, applied: boolean): readonly string[] {
  const { users, memberships, roles, apiKeys, connections, setupLinks } = takenAway
  const lines = [
    ...users.map(({ id, name, why }) => `user ${id} (${name}): ${because[why]}`),
    ...memberships.map(({ id, name, why }) => `membership ${id} (${name}): ${because[why]}`),
    ...roles.map(
      ({ membershipId, name, role }) =>
        `role ${role} of ${membershipId} (${name}): taken since the backup`,
    ),
    ...apiKeys.map(({ id, name, why }) => `API key ${id} (${name}): ${because[why]}`),
    ...connections.map(({ id, name, why }) => `connection ${id} (${name}): ${because[why]}`),
    ...setupLinks.map(
      ({ id, connectionId }) => `set-up link ${id} of ${connectionId}: closed since the backup`,
    ),
  ]
  const heading = applied
    ? 'disabled, revoked and turned off again:'
    : 'not applied, as --keep-access asks:'
  return [
    ...(lines.length > 0 ? [heading, ...lines.map((line) => `  ${line}`)] : []),
    ...takenAway.changedConnections.map(
      ({ id, name, members }) =>
        `look at connection ${id} (${name}): changed since the backup: ${members.join(', ')}`,
    ),
    ...(takenAway.newerUsers > 0
      ? [`users who came since the backup, and will be new ones: ${takenAway.newerUsers}`]
      : []),
  ]
}
