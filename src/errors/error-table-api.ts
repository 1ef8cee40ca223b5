/** The refusals of the JSON API that no page shows; part of `error-table.ts`. */
import type { ErrorEntry } from './error-table.ts'

export const apiErrors = {
  record_changed: {
    status: 412,
    shown: 'This has been changed by another user in the meantime.',
    fix: 'The record has changed since the version that `If-Match` names. Read it again and repeat the change.',
  },
  access_not_granted: {
    status: 403,
    shown: 'You may not do this.',
    fix: 'The operation needs the right named by `scope`, which this key or role does not have; docs/api.md lists the rights.',
  },
  api_key_invalid: {
    status: 401,
    shown: 'That API key is not valid.',
    fix: 'It is mistyped, revoked or expired; the log has the `reason`. `entrada api-key list` shows the valid ones.',
  },
  idempotency_key_reused: {
    status: 422,
    shown: 'This key was used for another request.',
    fix: 'An `Idempotency-Key` belongs to one request, including its body, for 24 hours. Use a new key for a new request.',
  },
  own_access_kept: {
    status: 409,
    shown: 'You would lock yourself out.',
    fix: 'Ask another administrator of the organization, or the operator of this deployment.',
  },
  last_administrator: {
    status: 409,
    shown: 'This is the last administrator of the organization.',
    fix: 'Make another user `organization_admin` first. An operator of this deployment can also do it directly.',
  },
} as const satisfies Record<string, ErrorEntry>
