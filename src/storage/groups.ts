/** Sources of groups, and what is stored about them. */
import type { ConnectionId } from './records.ts'

/** The source of group ids. `graph` means always Microsoft Graph, whatever the token contains. */
export type GroupSource = {
  readonly from: 'claim' | 'graph'
  /** Include groups that contain the person's groups; only Graph can leave them out. */
  readonly nested: boolean
  /** Also read names, for display; this needs `GroupMember.Read.All`. */
  readonly names: boolean
}

/** What Entra last sent about a membership. `complete: false` means that the groups are unknown, not that there are none. */
export type GroupSnapshot = {
  readonly groups: readonly string[]
  readonly appRoles: readonly string[]
  readonly complete: boolean
  readonly takenAt: Date
  /** Where `groups` were read. `none` means that no groups arrived, or that they were never known. */
  readonly source: 'claim' | 'graph' | 'none'
  /** Names by group id, for display and never for matching; only groups whose name was read. */
  readonly names?: Readonly<Record<string, string>>
  /** The connection whose sign-in or check sent it: an app role belongs to one application. Absent in older records. */
  readonly connectionId?: ConnectionId
}
