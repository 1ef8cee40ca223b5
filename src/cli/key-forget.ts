import { newSecretKey } from '../keys/key-ring.ts'
import { Secret } from '../keys/secret.ts'
import { silentLog } from '../log/log.ts'
import { openParts } from '../open-services.ts'
import { findLostValues, forgetKey, type LostValues } from '../organizations/forget-key.ts'
import { readSettings } from '../settings/config.ts'
import { checkDatabaseExists, checkNoServerRuns } from './admin-connection.ts'
import {
  type CliArguments,
  type CliContext,
  type Command,
  devOption,
  type ExitCode,
  jsonOption,
} from './command.ts'
import { findSecretKeys } from './data-folder.ts'
import { dataFolder, serverOptions } from './server-options.ts'

export const keyForgetCommand: Command = {
  name: 'key forget',
  parameters: 'ID',
  summary:
    'List what only a lost key of the key ring opens; with --yes, drop that, so that the server starts again.',
  options: {
    ...jsonOption,
    ...devOption,
    yes: { type: 'boolean', help: 'Do it. It cannot be taken back.' },
  },
  positionals: 1,
  run: (context, given) => forget(context, given),
}

/** On the database itself, which no server opens without the key. */
async function forget(context: CliContext, given: CliArguments): Promise<ExitCode> {
  const { settings } = readSettings(context.environment, context.readTextFile)
  const mode = given.values.dev ? 'development' : 'production'
  checkDatabaseExists(settings, mode)
  await checkNoServerRuns(settings)
  const held = settings.secretKeys ?? findSecretKeys(dataFolder(settings, mode))
  // Nothing is sealed here: where there is no ring, the next start of the server makes one.
  const secretKeys = held ?? [new Secret(newSecretKey())]
  const { options } = await serverOptions(context, settings, { mode, log: silentLog, secretKeys })
  const services = await openParts(options, { mayMissKeys: true })
  const [keyId = ''] = given.positionals
  try {
    const lost = given.values.yes
      ? await forgetKey(services, { kind: 'operator', id: 'command_line' }, keyId)
      : await findLostValues(services, keyId)
    const isDone = given.values.yes === true
    if (given.values.json) context.print(JSON.stringify({ ...lost, done: isDone }))
    else for (const line of describeLost(lost, isDone)) context.print(line)
    return 0
  } finally {
    await services.close()
  }
}

function describeLost(lost: LostValues, isDone: boolean): readonly string[] {
  const { keyId, connections, webhooks, sessions, retiredUsernames } = lost
  const lines = [
    ...connections.map(({ id, name, credentials, left }) => {
      const rest =
        left === 0 ? 'none is left: nobody can sign in until it has a new one' : `${left} left`
      return `  connection ${id} (${name}): ${credentials} of its credentials; ${rest}`
    }),
    ...webhooks.map(
      ({ id, url }) =>
        `  webhook ${id} (${url}): its secret; \`entrada webhook rotate-secret ${id}\`, then turn-on`,
    ),
    ...(sessions > 0 ? [`  ${sessions} sessions, which could not be checked again: they end`] : []),
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
