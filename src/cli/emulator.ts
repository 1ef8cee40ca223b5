import { startEmulator } from '../emulator/start-emulator.ts'
import { EntradaError } from '../errors.ts'
import { type Command, textOption } from './command.ts'

const DEFAULT_PORT = 3001

export const emulatorCommand: Command = {
  name: 'emulator',
  summary: 'Run the emulated Entra alone, on loopback.',
  options: {
    port: { type: 'string', help: `Port to listen on; default ${DEFAULT_PORT}.` },
    json: { type: 'boolean', help: 'Print addresses and applications as JSON.' },
  },
  async run({ print, stopRequested }, given) {
    const emulator = await startEmulator({ port: parsePort(textOption(given, 'port')) }).catch(
      (cause) => {
        throw new EntradaError('address_in_use', {}, { cause })
      },
    )
    const applications = emulator.directory.applications.map(
      ({ clientId, displayName, homeTenantId, redirectUris }) => ({
        clientId,
        displayName,
        homeTenantId,
        redirectUris,
      }),
    )
    if (given.values.json) print(JSON.stringify({ authority: emulator.origin, applications }))
    else printApplications(print, emulator.origin, applications)
    await stopRequested()
    await emulator.close()
    return 0
  },
}

function printApplications(
  print: (line: string) => void,
  origin: string,
  applications: readonly { clientId: string; displayName: string; homeTenantId: string }[],
): void {
  print('DEVELOPMENT: a made-up directory, on this machine only')
  for (const { clientId, displayName, homeTenantId } of applications) {
    print(`${displayName}: client ${clientId}, tenant ${homeTenantId}`)
  }
  print(`Authority ${origin}`)
}

function parsePort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new EntradaError('request_invalid', { parameter: 'port' })
  return port
}
