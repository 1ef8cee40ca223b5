/**
 * What the holder of a set-up link may change: a draft; only credentials of any other connection. What identifies the provider is changed
 * in the folder of its kind.
 */
import type { AdminCaller } from '../access/admin-caller.ts'
import type { ChangeServices } from '../audit/audit.ts'
import { changeConnection } from '../connections/change-connection.ts'
import { testFingerprint } from '../connections/test-fingerprint.ts'
import { EntradaError } from '../errors/errors.ts'
import { found } from '../errors/found.ts'
import type { Services } from '../services.ts'
import type { Connection, ConnectionCredential } from '../storage/records.ts'
import type { Setup } from './setup-session.ts'

const MOST_CREDENTIALS = 10

/** The link that a change comes through, and who it is audited as. */
export type ChangeOf = { readonly setup: Setup; readonly caller: AdminCaller }

/**
 * Adds a credential: the only one of a draft, or one that is not used until it is tested.
 *
 * @throws {EntradaError} `request_invalid`
 */
export async function putCredential(
  services: ChangeServices,
  { setup, caller }: ChangeOf,
  credential: ConnectionCredential,
): Promise<void> {
  const { link, connection } = setup
  if (link.kind === 'setup') {
    const change = (before: Connection) => ({ ...before, credentials: [credential] })
    return changeDraft(services, caller, { connection, change })
  }
  const change = (before: Connection): Connection => {
    const kept = before.credentials.filter(({ state }) => state !== 'pending')
    if (kept.length >= MOST_CREDENTIALS) {
      throw new EntradaError('request_invalid', { parameter: 'credentials' })
    }
    return { ...before, credentials: [...kept, { ...credential, state: 'pending' }] }
  }
  await changeConnection(services, caller, { id: connection.id, change })
}

/** Activates a tested credential; the others stay active. @throws {EntradaError} `credential_not_tested`, `record_not_found` */
export async function useCredential(
  services: ChangeServices & Pick<Services, 'sha256'>,
  { setup, caller }: ChangeOf,
  credentialId: string,
): Promise<void> {
  const change = (before: Connection): Connection => {
    const chosen = found(before.credentials.find(({ id }) => id === credentialId))
    if (chosen.testedAt === undefined) throw new EntradaError('credential_not_tested')
    const credentials = before.credentials.map((credential) =>
      credential.id === credentialId ? ({ ...credential, state: 'active' } as const) : credential,
    )
    const after = { ...before, credentials }
    const tested = { at: chosen.testedAt, fingerprint: testFingerprint(services, after) }
    return { ...after, settings: { ...after.settings, tested } }
  }
  await changeConnection(services, caller, { id: setup.connection.id, change })
}

/**
 * Changes a draft. If the connection was turned on meanwhile, the link may no longer change it.
 *
 * @throws {EntradaError} `setup_link_ended`
 */
export async function changeDraft(
  services: ChangeServices,
  caller: AdminCaller,
  {
    connection,
    change,
  }: { readonly connection: Connection; readonly change: (before: Connection) => Connection },
): Promise<void> {
  await changeConnection(services, caller, {
    id: connection.id,
    change: (before) => {
      if (before.status !== 'draft') throw new EntradaError('setup_link_ended')
      return change(before)
    },
  })
}
