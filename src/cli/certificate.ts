/** `entrada certificate create`: a key pair of our own, to prove ourselves to Entra with in place of a secret. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { EntradaError } from '../errors/errors.ts'
import { createKeyPair, describeCertificate } from '../identity-provider/new-key-pair.ts'
import { names } from '../settings/credential-settings.ts'
import { type CliContext, type Command, jsonOption, textOption } from './command.ts'

const DEFAULT_DAYS = 365
const MAX_DAYS = 3650

type Created = {
  readonly certificateFile: string
  readonly privateKeyFile: string
  readonly certificate: string
}

export const certificateCommands: readonly Command[] = [
  {
    name: 'certificate create',
    summary:
      'Make a key pair and a certificate to prove this server to Entra, in place of a secret.',
    options: {
      out: { type: 'string', help: 'Folder to write to; default the current one.' },
      days: { type: 'string', help: `How long it lasts; default ${DEFAULT_DAYS}.` },
      ...jsonOption,
    },
    async run(context, given) {
      const days = parseDays(textOption(given, 'days'))
      const folder = textOption(given, 'out') ?? '.'
      const created = await createCertificate(folder, days, context.now())
      if (given.values.json) context.print(JSON.stringify(toJson(created)))
      else printCreated(context, created)
      return 0
    },
  },
]

function parseDays(text: string | undefined): number {
  if (text === undefined) return DEFAULT_DAYS
  const days = Number(text)
  if (!/^\d{1,4}$/.test(text) || days < 1 || days > MAX_DAYS) {
    throw new EntradaError('request_invalid', { parameter: 'days' })
  }
  return days
}

/** Files are named after the thumbprint: a second one never stands in the way of the first. */
async function createCertificate(folder: string, days: number, now: Date): Promise<Created> {
  const { certificate, privateKey } = await createKeyPair({ now, days })
  const { sha1Thumbprint } = describeCertificate(certificate)
  const name = `entrada-${sha1Thumbprint.slice(0, 8).toLowerCase()}`
  const created = {
    certificate,
    certificateFile: resolve(join(folder, `${name}.pem`)),
    privateKeyFile: resolve(join(folder, `${name}.key`)),
  }
  writeFiles(folder, [
    [created.privateKeyFile, privateKey.reveal()],
    [created.certificateFile, certificate],
  ])
  return created
}

/** Both or none. */
function writeFiles(folder: string, files: readonly (readonly [string, string])[]): void {
  const written: string[] = []
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const [path, text] of files) {
      writeFileSync(path, text, { mode: 0o600, flag: 'wx' })
      written.push(path)
    }
  } catch (cause) {
    for (const path of written) rmSync(path)
    throw new EntradaError('file_not_written', { folder }, { cause })
  }
}

function toJson({ certificate, certificateFile, privateKeyFile }: Created) {
  const { sha1Thumbprint, sha256Thumbprint, expiresAt } = describeCertificate(certificate)
  return {
    certificateFile,
    privateKeyFile,
    sha1Thumbprint,
    sha256Thumbprint,
    expiresAt: expiresAt.toISOString(),
    settings: { [names.certificate]: certificateFile, [names.privateKey]: privateKeyFile },
  }
}

function printCreated({ print }: CliContext, created: Created): void {
  const { certificateFile, privateKeyFile, sha1Thumbprint, sha256Thumbprint, expiresAt } =
    toJson(created)
  print(`Certificate  ${certificateFile}`)
  print(`Private key  ${privateKeyFile}  (keep it here; nobody else needs it)`)
  print(`Thumbprint   ${sha1Thumbprint}  (SHA-1, as Entra lists it)`)
  print(`             ${sha256Thumbprint}  (SHA-256)`)
  print(`Ends         ${expiresAt}`)
  print('')
  print(
    '1. Upload the certificate, not the key: entra.microsoft.com > Entra ID > App registrations >',
  )
  print('   your application > Certificates & secrets > Certificates > Upload certificate.')
  print('   Compare the thumbprint.')
  print('2. Then set, and start the server again:')
  print(`   ${names.certificate}=${certificateFile}`)
  print(`   ${names.privateKey}=${privateKeyFile}`)
  print('   A server that has these settings already takes new content of the files by itself.')
}
