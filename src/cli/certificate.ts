/** `entrada certificate create`: a key pair of our own, to prove ourselves to Entra with in place of a secret. */
import {
  generateKeyPair,
  type KeyPairKeyObjectResult,
  randomBytes,
  X509Certificate,
} from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { names } from '../credential-settings.ts'
import { EntradaError } from '../errors.ts'
import { thumbprint } from '../identity-provider/certificate.ts'
import { selfSignedCertificate } from '../identity-provider/self-signed-certificate.ts'
import { type CliContext, type Command, jsonOption, textOption } from './command.ts'

const KEY_BITS = 3072
const DEFAULT_DAYS = 365
const MAX_DAYS = 3650
const DAY_MS = 86_400_000
/** So that a certificate counts at once where the clock is a little behind. */
const BACKDATED_MS = 300_000

type Created = {
  readonly certificateFile: string
  readonly privateKeyFile: string
  readonly certificate: X509Certificate
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
  const keyPair: KeyPairKeyObjectResult = await promisify(generateKeyPair)('rsa', {
    modulusLength: KEY_BITS,
  })
  const pem = selfSignedCertificate({
    keyPair,
    commonName: 'Entrada',
    serialNumber: Buffer.concat([Buffer.of(1), randomBytes(15)]),
    notBefore: new Date(now.getTime() - BACKDATED_MS),
    notAfter: new Date(now.getTime() + days * DAY_MS),
  })
  const certificate = new X509Certificate(pem)
  const name = `entrada-${thumbprint(certificate, 'sha1').toString('hex').slice(0, 8)}`
  const created = {
    certificate,
    certificateFile: resolve(join(folder, `${name}.pem`)),
    privateKeyFile: resolve(join(folder, `${name}.key`)),
  }
  writeFiles(folder, [
    [created.privateKeyFile, String(keyPair.privateKey.export({ type: 'pkcs8', format: 'pem' }))],
    [created.certificateFile, pem],
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
  return {
    certificateFile,
    privateKeyFile,
    sha1Thumbprint: hexThumbprint(certificate, 'sha1'),
    sha256Thumbprint: hexThumbprint(certificate, 'sha256'),
    expiresAt: certificate.validToDate.toISOString(),
    settings: { [names.certificate]: certificateFile, [names.privateKey]: privateKeyFile },
  }
}

function hexThumbprint(certificate: X509Certificate, hash: 'sha1' | 'sha256'): string {
  return thumbprint(certificate, hash).toString('hex').toUpperCase()
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
