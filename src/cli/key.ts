import { type KeyRotation, type KeyUse, rotateKeys } from '../admin/rotate-keys.ts'
import { newSecretKey } from '../keys/key-ring.ts'
import { silentLog } from '../log/log.ts'
import { openParts } from '../open-services.ts'
import { readSettings } from '../settings/config.ts'
import { checkDatabaseExists } from './admin-connection.ts'
import { type Command, devOption, jsonOption } from './command.ts'
import { keyForgetCommand } from './key-forget.ts'
import { serverOptions } from './server-options.ts'

export const keyCommands: readonly Command[] = [
  {
    name: 'key create',
    summary: 'Print a fresh key for the key ring, and nothing else.',
    async run({ print }) {
      print(newSecretKey())
      return 0
    },
  },
  {
    name: 'key rotate',
    summary: 'Seal again under the first key what is sealed under others, also while servers run.',
    options: { ...jsonOption, ...devOption },
    // On the database itself: the keys never travel, and the ring that decides is the one this command is given.
    async run(context, { values }) {
      const { settings } = readSettings(context.environment, context.readTextFile)
      const mode = values.dev ? 'development' : 'production'
      checkDatabaseExists(settings, mode)
      const { options } = await serverOptions(context, settings, { mode, log: silentLog })
      const services = await openParts(options)
      try {
        const rotation = await rotateKeys(services, { kind: 'operator', id: 'command_line' })
        if (values.json) context.print(JSON.stringify(rotation))
        else for (const line of describeRotation(rotation, context.now())) context.print(line)
        return 0
      } finally {
        await services.close()
      }
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
