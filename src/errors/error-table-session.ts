/** Reasons why a session ended, which its browser gets at the next request; part of `error-table.ts`. */
import type { ErrorEntry } from './error-table.ts'

export const sessionEndErrors = {
  sign_in_again: {
    status: 401,
    shown: 'Your session was ended because Microsoft asks you to sign in again.',
    fix: 'A check of the session against Entra ended it: the account was disabled, its sessions were revoked, its password or a policy changed, or no role is left for it. The audit event `session.ended` has the code.',
    startAgain: 'same_account',
  },
  access_changed: {
    status: 401,
    shown:
      'Your session was ended because access to this service was changed. Please sign in again.',
    fix: 'The connection was changed so that a sign-in of this person would be refused, or would give other roles: its directories, role rules, default role, guests, personal accounts or email domains. The audit event `connection.changed` contains who changed what, and how many sessions ended.',
    startAgain: 'same_account',
  },
  recheck_other_person: {
    status: 401,
    shown:
      'Your session was ended because Microsoft answered for another account. Please sign in again.',
    fix: 'A check of the session against Entra came back with a verified token of another person; the audit event names the claim that differs. A refresh token belongs to one person, so the identity provider or the database was altered: find out which before people sign in again.',
    startAgain: 'other_account',
  },
  sso_session_ended: {
    status: 401,
    shown: 'Your organization now signs in at its own address only. Please sign in again.',
    fix: 'Single sign-on through one connection is required for this organization, and this session was started through another one.',
    startAgain: 'same_account',
  },
} as const satisfies Record<string, ErrorEntry>
