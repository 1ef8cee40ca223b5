/** The forms of the set-up page that add a credential. */
import {
  newCertificateCredential,
  newClientSecretCredential,
  newFederatedCredential,
} from '../../connections/credentials.ts'
import { EntradaError } from '../../errors/errors.ts'
import { single } from '../../http/form.ts'
import { Secret } from '../../keys/secret.ts'
import type { Services } from '../../services.ts'
import type { Action } from '../set-up-kinds.ts'
import { putCredential } from '../setup-changes.ts'
import { findFederatedIdentity } from './federated-identity.ts'

export const credentialActions: Readonly<Record<string, Action>> = {
  async certificate(services, _exchange, of) {
    await services.limits.spend('setup_certificate', of.setup.link.id)
    const credential = await newCertificateCredential(services, of.setup.connection.id)
    await putCredential(services, of, credential)
  },
  async secret(services, _exchange, { form, ...of }) {
    const value = new Secret(single(form, 'client_secret') ?? '')
    const expiresAt = parseDay(services, single(form, 'expires_at') ?? '')
    const secret = { value, ...(expiresAt ? { expiresAt } : {}) }
    const connectionId = of.setup.connection.id
    await putCredential(services, of, newClientSecretCredential(services, { connectionId, secret }))
  },
  async federated(services, _exchange, of) {
    if (findFederatedIdentity(services) === undefined)
      throw new EntradaError('entra_not_configured')
    await putCredential(services, of, newFederatedCredential(services))
  },
}

/** Returns the beginning of that day, because a warning is better a day early. @throws {EntradaError} `request_invalid` */
function parseDay({ now }: Pick<Services, 'now'>, text: string): Date | undefined {
  if (text.trim() === '') return undefined
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text.trim())
    ? new Date(`${text.trim()}T00:00:00Z`)
    : undefined
  const isRight = day?.toJSON()?.startsWith(text.trim()) === true && day > now()
  if (!isRight) throw new EntradaError('request_invalid', { parameter: 'expiresAt' })
  return day
}
