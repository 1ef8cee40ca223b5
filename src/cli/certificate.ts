/** `entrada certificate create`: a key pair with which the server authenticates to Entra instead of a client secret. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { EntradaError } from '../errors/errors.ts'
import { createKeyPair, describeCertificate } from '../identity-provider/new-key-pair.ts'
import { names } from '../settings/credential-settings.ts'
import { type Command, jsonOption, numberOption, textOption } from './command.ts'
import { printAnswer } from './print-answer.ts'

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
      'Create a key pair and a certificate, with which this server authenticates to Entra instead of a client secret.',
    options: {
      out: { help: 'Folder to write to; default: the current folder.' },
      days: { help: `Days until the certificate expires; default ${DEFAULT_DAYS}.` },
      ...jsonOption,
    },
    async run(context, args) {
      const days = numberOption(args, 'days', { from: 1, to: MAX_DAYS }) ?? DEFAULT_DAYS
      const folder = textOption(args, 'out') ?? '.'
      const created = toJson(await createCertificate(folder, days, context.now()))
      return printAnswer(context, args, { json: created, lines: describeCreated(created) })
    },
  },
]

/** The files are named after the thumbprint, so that a second certificate never conflicts with the first. */
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

/** Writes both files, or none. */
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

function describeCreated(created: ReturnType<typeof toJson>): readonly string[] {
  const { certificateFile, privateKeyFile, sha1Thumbprint, sha256Thumbprint, expiresAt } = created
  return [
    `Certificate  ${certificateFile}`,
    `Private key  ${privateKeyFile}  (keep it here; only this server needs it)`,
    `Thumbprint   ${sha1Thumbprint}  (SHA-1, as Entra lists it)`,
    `             ${sha256Thumbprint}  (SHA-256)`,
    `Ends         ${expiresAt}`,
    '',
    '1. Upload the certificate, not the key: entra.microsoft.com > Entra ID > App registrations >',
    '   your application > Certificates & secrets > Certificates > Upload certificate.',
    '   Compare the thumbprint.',
    '2. Then set, and start the server again:',
    `   ${names.certificate}=${certificateFile}`,
    `   ${names.privateKey}=${privateKeyFile}`,
    '   A server that has these settings already takes new content of the files by itself.',
  ]
}
