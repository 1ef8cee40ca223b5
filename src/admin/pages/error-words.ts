/** What a code says to the user and to the operator. A code of another release, unless it was only renamed, says nothing. */
import { html } from 'hono/html'
import { type ErrorCode, type ErrorEntry, errorTable } from '../../errors/errors.ts'
import { currentCode } from '../../errors/former-codes.ts'
import type { Html } from '../../http/responses.ts'
import { findOwn } from '../../protocol/find-own.ts'
import type { Connection } from '../../storage/records.ts'

/** In place of the remedies that speak of the settings of the environment. */
const remediesOfCustomers: Partial<Record<ErrorCode, string>> = {
  client_credentials_refused:
    'Entra refused the client id or every credential of this connection (`invalid_client`). Usually the secret has expired, or its id was pasted in place of its value. Add a new secret here, try it with a test, and retire the old one.',
  client_credential_unreadable:
    'The federated token of this server is missing, empty or no token, and no other credential of the connection worked.',
  entra_tenant_not_found:
    'Entra knows no directory under the tenant of this connection. Compare it with the directory id in the customer’s Entra admin center.',
  guest_not_allowed:
    'The person is a guest (B2B) in the directory. Allow guests in the policies of the connection, or give them an account of their own.',
  provisioning_off:
    'The policies of the connection refuse everybody who comes for the first time. Change "First sign-in" there.',
  no_role_matched:
    'No role rule of the connection matched the groups and app roles of this person, and its policies refuse whom no rule matches. The step "Microsoft said who it is" below lists what came.',
  groups_claim_missing:
    'The rules of the connection need groups, and Entra sent no groups claim. The customer adds it in Entra: Token configuration > Add groups claim > Groups assigned to the application. If it is there already, this person is in none of the groups that it may name.',
  groups_not_known:
    'The person is in more groups than fit into the ID token (overage), and the rules need groups. In Entra, under Token configuration > groups claim, choose "Groups assigned to the application"; or use app roles; or change the policy for it.',
}

/** Returns the row of the error table for a stored code, also under its former name. */
export function entryOf(code: string): ErrorEntry | undefined {
  const table: Readonly<Record<string, ErrorEntry>> = errorTable
  return findOwn(table, currentCode(code))
}

export function sentenceOf(code: string | undefined): string {
  return code === undefined ? '' : (entryOf(code)?.shown ?? code)
}

/** What mends it, for a connection that is changed here, or for that of the environment. */
export function remedyFor(
  code: string,
  connection: Pick<Connection, 'managedBy'> | undefined,
): string {
  const remedies: Readonly<Record<string, string>> = remediesOfCustomers
  const own = findOwn(remedies, code)
  const isCustomers = connection !== undefined && connection.managedBy !== 'environment'
  return (isCustomers ? own : undefined) ?? entryOf(code)?.fix ?? ''
}

/** As far as the first full stop: for lists. */
export function firstSentence(text: string): string {
  return /^.*?\.(?= |$)/.exec(text)?.[0] ?? text
}

/** The tables mark names and values with backticks. */
export function withCode(text: string): Html {
  const parts = text.split('`')
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`
}
