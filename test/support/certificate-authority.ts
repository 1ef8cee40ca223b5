/** An authority of one's own, by OpenSSL, as a company has one for its databases. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { temporaryFolder } from './server-process.ts'

export type Authority = {
  /** The file to trust. */
  readonly file: string
  issue(name: string): { readonly certificate: string; readonly key: string }
}

export async function createAuthority(owner: Pick<TestContext, 'after'>): Promise<Authority> {
  const folder = await temporaryFolder(owner)
  const inFolder = (name: string) => join(folder, name)
  const openssl = (...args: readonly string[]) =>
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const newKey = ['-newkey', 'rsa:2048', '-noenc', '-keyout']
  const authority = ['-subj', '/CN=Authority for tests', '-days', '2', '-out', inFolder('ca.pem')]
  openssl('req', '-x509', ...newKey, inFolder('ca.key'), ...authority)
  return {
    file: inFolder('ca.pem'),
    issue(name) {
      const [key, request, certificate] = ['key', 'csr', 'pem'].map((end) =>
        inFolder(`server.${end}`),
      )
      if (!key || !request || !certificate) throw new Error('three names were made')
      openssl('req', ...newKey, key, '-subj', `/CN=${name}`, '-out', request)
      writeFileSync(inFolder('names'), `subjectAltName=DNS:${name}`)
      const signedBy = ['-CA', inFolder('ca.pem'), '-CAkey', inFolder('ca.key'), '-CAcreateserial']
      const names = ['-days', '2', '-extfile', inFolder('names'), '-out', certificate]
      openssl('x509', '-req', '-in', request, ...signedBy, ...names)
      return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }
    },
  }
}
