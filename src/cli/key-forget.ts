import { newSecretKey } from '../keys/key-ring.ts'
import { Secret } from '../keys/secret.ts'
import { findLostValues, forgetKey, type LostValues } from '../organizations/forget-key.ts'
import { readSettings } from '../settings/config.ts'
import { checkDatabaseExists, checkNoServerRuns } from './admin-connection.ts'
import {
  apiOptions,
  type CliArguments,
  type CliContext,
  type Command,
  type ExitCode,
} from './command.ts'
import { findSecretKeys } from './data-folder.ts'
import { placeOf, withServices } from './local-services.ts'
import { printAnswer } from './print-answer.ts'

export const keyForgetCommand: Command = {
  name: 'key forget',
  parameters: 'ID',
  summary:
    'List the data that only a lost key can decrypt; with --yes, delete it, so that the server can start again.',
  options: {
    ...apiOptions,
    yes: { type: 'boolean', help: 'Delete the data. This cannot be undone.' },
  },
  positionals: 1,
  run: forget,
}

/** Works on the database itself: no server can open it without the key. */
async function forget(context: CliContext, args: CliArguments): Promise<ExitCode> {
  const { settings } = readSettings(context.environment, context.readTextFile)
  const { mode, folder } = placeOf(settings, args)
  checkDatabaseExists(settings, mode)
  await checkNoServerRuns(settings)
  // Nothing is sealed here, so a new key is enough if there is no key ring; the next start of the server creates one.
  const secretKeys = settings.secretKeys ?? findSecretKeys(folder) ?? [new Secret(newSecretKey())]
  const [keyId = ''] = args.positionals
  const isDone = args.values.yes === true
  const opening = { settings, args, secretKeys, mayMissKeys: true }
  return withServices(context, opening, async (services) => {
    const lost = isDone
      ? await forgetKey(services, { kind: 'operator', id: 'command_line' }, keyId)
      : await findLostValues(services, keyId)
    return printAnswer(context, args, {
      json: { ...lost, done: isDone },
      lines: describeLost(lost, isDone),
    })
  })
}

function describeLost(lost: LostValues, isDone: boolean): readonly string[] {
  const { keyId, connections, webhooks, sessions, retiredUsernames } = lost
  const lines = [
    ...connections.map(({ id, name, credentials, left }) => {
      const rest =
        left === 0 ? 'none is left: sign-ins fail until you add a new one' : `${left} left`
      return `  connection ${id} (${name}): ${credentials} of its credentials; ${rest}`
    }),
    ...webhooks.map(
      ({ id, url }) =>
        `  webhook ${id} (${url}): its secret; \`entrada webhook rotate-secret ${id}\`, then turn-on`,
    ),
    ...(sessions > 0 ? [`  ${sessions} sessions, which can no longer be rechecked: they end`] : []),
    ...(retiredUsernames
      ? ['  which usernames removed people had: they may be given to others again']
      : []),
  ]
  if (lines.length === 0) return [`nothing is sealed under key ${keyId}`]
  const head = isDone ? `key ${keyId} is given up. Dropped:` : `only key ${keyId} opens:`
  const end = isDone
    ? 'start the server; if it logs audit_chain_broken with key_missing, run `entrada audit restart`'
    : '--yes drops it; what is dropped cannot be brought back, even if the key is found again'
  return [head, ...lines, end]
}
