/** Where groups come from, and what is kept of them. */
import type { ConnectionId } from './records.ts'

/** Where group ids come from. `graph`: always from Microsoft Graph, whatever the token says. */
export type GroupSource = {
  readonly from: 'claim' | 'graph'
  /** Also groups that hold the person's groups; only Graph can leave them out. */
  readonly nested: boolean
  /** Read names too, for display; needs `GroupMember.Read.All`. */
  readonly names: boolean
}

/** What Entra last said of a membership. `complete: false`: the groups are unknown now, not empty. */
export type GroupSnapshot = {
  readonly groups: readonly string[]
  readonly appRoles: readonly string[]
  readonly complete: boolean
  readonly takenAt: Date
  /** Where `groups` were read. `none`: no groups came, or never any that are known. */
  readonly source: 'claim' | 'graph' | 'none'
  /** By id, to be shown and never matched; of those whose name was read. */
  readonly names?: Readonly<Record<string, string>>
  /** Whose sign-in or check told it: an app role is one application's own. Absent: from before that was kept. */
  readonly connectionId?: ConnectionId
}
