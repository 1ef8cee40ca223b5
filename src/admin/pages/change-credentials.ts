/** The forms for the credentials of a connection. Values can be entered, but are never shown. */

import {
  addClientSecret,
  removeCredential,
  setCredentialState,
} from '../../connections/credentials.ts'
import { EntradaError } from '../../errors/errors.ts'
import type { Exchange } from '../../http/exchange.ts'
import { Secret } from '../../keys/secret.ts'
import type { Services } from '../../services.ts'
import type { Connection } from '../../storage/records.ts'
import { checkMayChange, getViewedConnection } from './connection-access.ts'
import { connectionPage } from './connection-page.ts'
import { done, type Flash } from './flash.ts'
import { answerForm } from './form-parts.ts'
import { idIn, openForm, type SentForm } from './page-access.ts'

/** Answers POST …/credentials: adds a client secret. */
export async function addSecret(services: Services, exchange: Exchange): Promise<Response> {
  const sent = await openForm(services, exchange)
  return changing(services, exchange, sent, async (connection) => {
    const expiresAt = dayIn(sent.read('expires'), 'expires')
    const isPending = sent.read('state') === 'pending'
    const secret = {
      value: new Secret(sent.read('clientSecret')),
      state: isPending ? 'pending' : 'active',
      ...(expiresAt ? { expiresAt } : {}),
    } as const
    await addClientSecret(services, sent.by, { connectionId: connection.id, secret })
    return 'secret_added'
  })
}

/** Answers POST …/credentials/CREDENTIAL: `do` is `use`, `retire` or `remove`. */
export async function changeCredential(services: Services, exchange: Exchange): Promise<Response> {
  const sent = await openForm(services, exchange)
  return changing(services, exchange, sent, async ({ id: connectionId }) => {
    const credential = { connectionId, credentialId: idIn(exchange, 'credential') }
    switch (sent.read('do')) {
      case 'use':
        await setCredentialState(services, sent.by, { ...credential, state: 'active' })
        return 'credential_active'
      case 'retire':
        await setCredentialState(services, sent.by, { ...credential, state: 'retired' })
        return 'credential_retired'
      case 'remove':
        await removeCredential(services, sent.by, credential)
        return 'credential_removed'
      default:
        throw new EntradaError('request_invalid', { parameter: 'do' })
    }
  })
}

async function changing(
  services: Services,
  exchange: Exchange,
  { viewer, form }: SentForm,
  change: (connection: Connection) => Promise<Flash>,
): Promise<Response> {
  const connection = await getViewedConnection(services, exchange, viewer)
  checkMayChange(viewer, connection)
  return answerForm(form, {
    async carryOut() {
      const flash = await change(connection)
      return done(services, exchange, { flash, to: `/admin/connections/${connection.id}` })
    },
    again: (leftover, status) =>
      connectionPage(services, exchange, { viewer, connection, leftover, status }),
  })
}

/** Returns the end of that day, in UTC. @throws {EntradaError} `request_invalid` */
export function dayIn(text: string, parameter: string): Date | undefined {
  if (text === '') return undefined
  const at = new Date(`${text}T23:59:59.999Z`)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(at.getTime())) {
    throw new EntradaError('request_invalid', { parameter })
  }
  return at
}
