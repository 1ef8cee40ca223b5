/** Commands that work on the database itself, without a server. */
import type { Secret } from '../keys/secret.ts'
import { silentLog } from '../log/log.ts'
import { type OpenedServices, openParts } from '../open-services.ts'
import type { Settings } from '../settings/config.ts'
import type { CliArguments, CliContext, ExitCode } from './command.ts'
import { dataFolder, serverOptions } from './server-options.ts'

/** Returns which database a command works on, and its data folder: `--dev` means that of `entrada dev`. */
export function placeOf(settings: Pick<Settings, 'dataDir'>, { values }: CliArguments) {
  const mode = values.dev ? 'development' : 'production'
  return { mode, folder: dataFolder(settings, mode) } as const
}

type Opening = {
  readonly settings: Settings
  readonly args: CliArguments
  /** Used instead of the configured key ring. */
  readonly secretKeys?: readonly Secret[]
  /** Opens the database even if a key is missing that sealed some of its data. */
  readonly mayMissKeys?: boolean
}

/** Runs `work` on the database, and closes the database when the work is done or fails. */
export async function withServices(
  context: CliContext,
  { settings, args, mayMissKeys = false, ...keys }: Opening,
  work: (services: OpenedServices) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { mode } = placeOf(settings, args)
  const { options } = await serverOptions(context, settings, { mode, log: silentLog, ...keys })
  const services = await openParts(options, { mayMissKeys })
  try {
    return await work(services)
  } finally {
    await services.close()
  }
}
