import { type KeyRotation, type KeyUse, rotateKeys } from '../admin/rotate-keys.ts'
import { newSecretKey } from '../keys/key-ring.ts'
import { readSettings } from '../settings/config.ts'
import { checkDatabaseExists } from './admin-connection.ts'
import { apiOptions, type Command } from './command.ts'
import { keyForgetCommand } from './key-forget.ts'
import { placeOf, withServices } from './local-services.ts'
import { printAnswer } from './print-answer.ts'

export const keyCommands: readonly Command[] = [
  {
    name: 'key create',
    summary: 'Print a new key for the key ring, and nothing else.',
    async run({ print }) {
      print(newSecretKey())
      return 0
    },
  },
  {
    name: 'key rotate',
    summary:
      'Encrypt again with the first key everything that other keys encrypted. Servers may be running.',
    options: apiOptions,
    // On the database itself: the keys never leave this machine, and the key ring of this command decides.
    async run(context, args) {
      const { settings } = readSettings(context.environment, context.readTextFile)
      checkDatabaseExists(settings, placeOf(settings, args).mode)
      return withServices(context, { settings, args }, async (services) => {
        const rotation = await rotateKeys(services, { kind: 'operator', id: 'command_line' })
        const lines = describeRotation(rotation, context.now())
        return printAnswer(context, args, { json: rotation, lines })
      })
    },
  },
  keyForgetCommand,
]

function describeRotation(
  { sealingKeyId, resealed, keys, auditChain }: KeyRotation,
  now: Date,
): readonly string[] {
  const meaningOf = ({ keyId, removableFrom }: KeyUse) => {
    if (keyId === sealingKeyId) return 'sealed under it; the first key'
    if (removableFrom === undefined) return 'left; run this again'
    if (removableFrom <= now) return 'left; it may be removed'
    return `left; it may be removed from ${removableFrom.toISOString()} on`
  }
  return [
    `sealed again: ${resealed}`,
    ...keys.map((use) => `${use.keyId}  ${use.values} ${meaningOf(use)}`),
    auditChain === 'signed'
      ? 'audit chain: its end is signed under the first key'
      : 'audit chain: broken, and left as it is; run `entrada audit verify`',
  ]
}
