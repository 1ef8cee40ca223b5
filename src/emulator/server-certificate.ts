import { createPrivateKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { rootCertificates } from 'node:tls'
import { createAuthorityCertificate, createServerCertificate } from './certificate.ts'
import { newJavaTrustStore, TRUST_STORE_PASSWORD } from './java-trust-store.ts'

/** The files with which other programs trust the emulator. */
export type TrustFiles = {
  /** The emulator's authority alone (PEM), for programs that add it to the authorities they trust. */
  readonly certificate: string
  /** The same with the public authorities, for programs that take a file in place of the authorities they trust. */
  readonly bundle: string
  /** The bundle as a Java trust store. */
  readonly javaTrustStore: string
  readonly javaTrustStorePassword: string
}

/** The files of a TLS server, and those with which other programs trust it. */
export type ServerCertificate = {
  readonly key: string
  readonly certificate: string
  readonly trust: TrustFiles
}

/**
 * Returns the emulator's certificate, which is stored in a folder. The stored one is used again while it covers these host names
 * and is valid for another month, so that programs that trust it once trust it at every start.
 *
 * The authority that signs it is created for this one certificate and its key is never stored, so nothing else can be signed by the
 * authority that a developer trusts.
 */
export function keepServerCertificate(options: {
  readonly folder: string
  readonly hostnames: readonly string[]
  readonly now: Date
}): ServerCertificate {
  const folder = resolve(options.folder)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'server.pem')
  const before = findKept(path)
  // Names of earlier starts are kept, so that two emulators with one folder do not replace the certificate in turns.
  const earlier = before?.hostnames.filter((name) => isIP(name) !== 6) ?? []
  const hostnames = [...new Set([...options.hostnames, ...earlier])]
  const isGood = before !== undefined && isGoodFor(before, options)
  if (!isGood) replaceFile(path, newServerFile(hostnames, options.now), 0o600)
  const kept = findKept(path)
  if (kept === undefined) throw new Error(`the certificate in ${path} cannot be read`)
  const { key, certificate, authority } = kept
  return { key, certificate, trust: keepTrustFiles(folder, authority, options.now) }
}

type KeptCertificate = {
  readonly key: string
  /** The certificates of the server and of its authority, as PEM. */
  readonly certificate: string
  readonly authority: string
  readonly parsed: X509Certificate
  readonly hostnames: readonly string[]
}

/** Returns `undefined` if there is no such file, or if it cannot be used. */
function findKept(path: string): KeptCertificate | undefined {
  try {
    const text = readFileSync(path, 'utf8')
    const blocks = text.match(/-----BEGIN ([A-Z ]+)-----[\s\S]+?-----END \1-----\n/g) ?? []
    const [key = '', leaf = '', authority = ''] = blocks
    const parsed = new X509Certificate(leaf)
    const isPair = parsed.checkPrivateKey(createPrivateKey(key))
    const isIssued = parsed.verify(new X509Certificate(authority).publicKey)
    if (!isPair || !isIssued) return undefined
    return { key, certificate: leaf + authority, authority, parsed, hostnames: namesOf(parsed) }
  } catch {
    return undefined
  }
}

/** Returns the names of a certificate, from `DNS:localhost, IP Address:127.0.0.1, …`. */
function namesOf({ subjectAltName = '' }: X509Certificate): readonly string[] {
  return subjectAltName
    .split(', ')
    .flatMap((name) => /^(?:DNS|IP Address):(.+)$/.exec(name)?.[1] ?? [])
}

function isGoodFor(
  { parsed }: KeptCertificate,
  { hostnames, now }: { readonly hostnames: readonly string[]; readonly now: Date },
): boolean {
  const lasts = new Date(parsed.validTo).getTime() - now.getTime() > RENEWED_BEFORE_DAYS * DAY
  const isFor = (name: string) =>
    isIP(name) === 0 ? parsed.checkHost(name) !== undefined : parsed.checkIP(name) !== undefined
  return lasts && new Date(parsed.validFrom) <= now && hostnames.every(isFor)
}

function newServerFile(hostnames: readonly string[], now: Date): string {
  const authorityKeys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const serial = () => Buffer.concat([Buffer.of(1), randomBytes(15)])
  const validity = {
    notBefore: new Date(now.getTime() - DAY),
    notAfter: new Date(now.getTime() + VALID_DAYS * DAY),
  }
  // Each authority has a name of its own, so that two are not confused.
  const commonName = `Entra emulator on this machine ${randomBytes(4).toString('hex')}`
  const issuer = { ...authorityKeys, commonName }
  const authority = createAuthorityCertificate({ ...issuer, ...validity, serialNumber: serial() })
  const leaf = createServerCertificate(
    {
      publicKey: keys.publicKey,
      commonName: 'Entra emulator',
      serialNumber: serial(),
      ...validity,
    },
    issuer,
    hostnames,
  )
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return key + toPem(leaf) + toPem(authority)
}

// Apple's clients accept at most 825 days for a TLS certificate.
const VALID_DAYS = 730
const RENEWED_BEFORE_DAYS = 30
const DAY = 86_400_000

function keepTrustFiles(folder: string, authority: string, now: Date): TrustFiles {
  const trust = {
    certificate: join(folder, 'ca.pem'),
    bundle: join(folder, 'ca-bundle.pem'),
    javaTrustStore: join(folder, 'ca.jks'),
    javaTrustStorePassword: TRUST_STORE_PASSWORD,
  }
  // A bundle also changes with the authorities that come with Node.
  const bundle = [authority, ...rootCertificates].map((pem) => `${pem.trim()}\n`)
  if (isContent(trust.bundle, bundle.join('')) && isContent(trust.certificate, authority)) {
    return trust
  }
  const certificates = bundle.map((pem) => new X509Certificate(pem).raw)
  replaceFile(trust.javaTrustStore, newJavaTrustStore(certificates, now), 0o644)
  replaceFile(trust.certificate, authority, 0o644)
  replaceFile(trust.bundle, bundle.join(''), 0o644)
  return trust
}

function isContent(path: string, content: string): boolean {
  try {
    return readFileSync(path, 'utf8') === content
  } catch {
    return false
  }
}

/** A file with this name is always complete, even while another process reads it. */
function replaceFile(path: string, content: string | Uint8Array, mode: number): void {
  const partial = `${path}.${randomBytes(6).toString('hex')}.partial`
  try {
    writeFileSync(partial, content, { mode, flag: 'wx' })
    renameSync(partial, path)
  } finally {
    rmSync(partial, { force: true })
  }
}

function toPem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
