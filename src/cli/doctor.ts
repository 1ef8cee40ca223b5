import { join } from 'node:path'
import { areas, describeReport, type Examination, examine } from '../doctor/doctor.ts'
import { inspectSettings, type Settings } from '../settings/config.ts'
import {
  type CliArguments,
  type CliContext,
  type Command,
  devOption,
  jsonOption,
  textOption,
} from './command.ts'
import { wrongCall } from './command-failure.ts'
import { credentialReader } from './credential-reader.ts'
import { DATABASE_FILE, OPERATOR_TOKEN_FILE, SECRET_KEYS_FILE } from './data-folder.ts'
import { placeOf } from './local-services.ts'
import { printAnswer } from './print-answer.ts'
import { listenAddress } from './serve.ts'

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Check everything that a sign-in depends on, and print what to do. Changes nothing.',
  options: {
    ...jsonOption,
    only: { help: `Check only this area: ${areas.join(', ')}.` },
    ...devOption,
  },
  async run(context, args) {
    const only = textOption(args, 'only')
    const chosen = only === undefined ? areas : areas.filter((area) => area === only)
    if (chosen.length === 0) {
      throw wrongCall(`there is no such area; --only takes one of ${areas.join(', ')}`)
    }
    const report = await examine(examinationOf(context, args), chosen)
    printAnswer(context, args, { json: report, lines: describeReport(report) })
    return report.counts.error > 0 ? 1 : 0
  },
}

function examinationOf(context: CliContext, args: CliArguments): Examination {
  const { environment, readTextFile, now } = context
  const inspected = inspectSettings(environment, readTextFile)
  const { dataDir = '.' } = inspected.settings
  const { mode, folder } = placeOf({ dataDir }, args)
  const listen = findListenAddress(inspected.settings)
  return {
    mode,
    environment,
    inspected,
    readCredentials: () => credentialReader(context)(),
    readTextFile,
    files: {
      folder,
      database: join(folder, DATABASE_FILE),
      secretKeys: join(folder, SECRET_KEYS_FILE),
      operatorToken: join(folder, OPERATOR_TOKEN_FILE),
    },
    ...(listen ? { listen } : {}),
    nodeVersion: process.version,
    now,
  }
}

/** Returns the address that the server would listen on. Without a public address there is nothing to compare it with. */
function findListenAddress({ listen, serverUrl }: Partial<Settings>) {
  return serverUrl && listenAddress({ listen, serverUrl })
}
