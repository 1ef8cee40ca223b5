import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { parseObject } from '../../test/support/emulator-sign-in.ts'
import { keepServerCertificate } from './server-certificate.ts'
import { startEmulator } from './start-emulator.ts'

const now = new Date('2026-03-04T05:06:07Z')
const local = ['localhost', '127.0.0.1', '::1']

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'emulator-certificate-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

function keep(folder: string, hostnames = local, at = now) {
  return keepServerCertificate({ folder, hostnames, now: at })
}

function days(count: number): Date {
  return new Date(now.getTime() + count * 86_400_000)
}

/** Asks over https with nothing trusted but one authority. */
async function getJson(url: string, authorityFile: string): Promise<Record<string, unknown>> {
  const response = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    const options = { ca: readFileSync(authorityFile) }
    request(url, options, resolve).on('error', reject).end()
  })
  return parseObject(await json(response))
}

describe('startEmulator with https', () => {
  it('answers by name and by address to those who trust the authority, and only to them (M1)', async (t) => {
    const folder = newFolder(t)
    const emulator = await startEmulator({ https: { folder } })
    t.after(() => emulator.close())
    assert.equal(emulator.origin, `https://localhost:${emulator.port}`)
    for (const host of ['localhost', '127.0.0.1']) {
      const url = `https://${host}:${emulator.port}/common/v2.0/.well-known/openid-configuration`
      const { issuer } = await getJson(url, emulator.trust?.certificate ?? '')
      assert.equal(issuer, `${emulator.origin}/{tenantid}/v2.0`)
      await assert.rejects(fetch(url), 'without the authority among the trusted ones')
    }
  })

  it('is good for the host of its public origin (M1)', async (t) => {
    const folder = newFolder(t)
    const publicOrigin = 'https://entra.localhost:8443'
    const emulator = await startEmulator({ https: { folder }, publicOrigin })
    t.after(() => emulator.close())
    assert.equal(emulator.origin, publicOrigin)
    const { certificate } = keepServerCertificate({ folder, hostnames: [], now: new Date() })
    assert.equal(new X509Certificate(certificate).checkHost('entra.localhost'), 'entra.localhost')
  })
})

describe('keepServerCertificate', () => {
  it('makes a certificate that strict verifiers accept, for loopback names and addresses (M1)', (t) => {
    const { certificate, trust } = keep(newFolder(t))
    const leaf = new X509Certificate(certificate)
    const authority = new X509Certificate(readFileSync(trust.certificate))
    assert.equal(leaf.checkIssued(authority), true)
    assert.equal(leaf.verify(authority.publicKey), true)
    assert.deepEqual([leaf.ca, authority.ca], [false, true])
    assert.equal(leaf.checkHost('localhost'), 'localhost')
    for (const address of ['127.0.0.1', '::1']) assert.equal(leaf.checkIP(address), address)
    assert.equal(leaf.checkHost('other.example'), undefined)
  })

  it('keeps it from start to start (M1)', (t) => {
    const folder = newFolder(t)
    const first = keep(folder)
    assert.deepEqual(keep(folder, ['localhost'], days(600)), first)
  })

  it('makes another one a month before it ends, or when the file was damaged (M1)', (t) => {
    const folder = newFolder(t)
    const first = keep(folder)
    const renewed = keep(folder, local, days(701))
    assert.notEqual(renewed.certificate, first.certificate)
    writeFileSync(join(folder, 'server.pem'), renewed.key + first.certificate)
    const mended = keep(folder, local, days(702))
    assert.notEqual(mended.certificate, first.certificate)
    const authority = new X509Certificate(readFileSync(mended.trust.certificate))
    assert.equal(new X509Certificate(mended.certificate).checkIssued(authority), true)
  })

  it('adds a host name and keeps the earlier ones (M1)', (t) => {
    const folder = newFolder(t)
    keep(folder, [...local, 'one.example'])
    const second = keep(folder, [...local, 'two.example'])
    assert.equal(new X509Certificate(second.certificate).checkHost('one.example'), 'one.example')
    assert.deepEqual(keep(folder, [...local, 'one.example']), second)
  })

  it('stores one private key, for its owner alone, and not that of the authority (M1)', (t) => {
    const folder = newFolder(t)
    keep(folder)
    const files = readdirSync(folder).sort()
    assert.deepEqual(files, ['ca-bundle.pem', 'ca.jks', 'ca.pem', 'server.pem'])
    const keys = files.map((name) =>
      readFileSync(join(folder, name), 'latin1').match(/PRIVATE KEY/g),
    )
    assert.deepEqual(
      keys.map((found) => found?.length ?? 0),
      [0, 0, 0, 2],
    )
    assert.equal(statSync(join(folder, 'server.pem')).mode & 0o777, 0o600)
  })

  it('has the public authorities in the bundle, for variables that replace them (M1)', (t) => {
    const { trust } = keep(newFolder(t))
    const bundle = readFileSync(trust.bundle, 'utf8')
    assert.ok(bundle.startsWith(readFileSync(trust.certificate, 'utf8')))
    assert.ok((bundle.match(/BEGIN CERTIFICATE/g)?.length ?? 0) > 50)
    assert.equal(readFileSync(trust.javaTrustStore).readUInt32BE(0), 0xfeedfeed)
  })
})
