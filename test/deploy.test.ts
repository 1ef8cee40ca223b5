/** What deploy/ says fits what the program does. Whether Docker and Kubernetes take it is not tried here. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { describeSettings } from '../src/config.ts'
import { routes } from '../src/http/routes.ts'
import { freePort, startServer } from './support/server-process.ts'

const read = (path: string) => readFileSync(join('deploy', path), 'utf8')

describe('deploy/', () => {
  it('names only settings that exist', () => {
    const known = new Set(describeSettings().flatMap(({ env }) => [env, `${env}_FILE`]))
    const files = readdirSync('deploy', { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('secrets'))
      .map((entry) => join(entry.parentPath, entry.name))
    const unknown = files.flatMap((path) =>
      (readFileSync(path, 'utf8').match(/\bENTRADA_[A-Z_]+[A-Z]\b/g) ?? [])
        .filter((name) => !known.has(name))
        .map((name) => `${path}: ${name}`),
    )
    assert.deepEqual(unknown, [])
  })

  it('sends every address of ours to Entrada, and no health check', () => {
    const parts = new Set(
      routes
        .filter(({ speaks, path }) => speaks !== 'health' && path !== '/' && path !== '/metrics')
        .map(({ path }) => (/^\/api\/v1/.exec(path) ?? /^\/[^/]+/.exec(path))?.[0] ?? path),
    )
    assert.ok(parts.has('/login') && parts.has('/api/v1'))
    const ingress = read('kubernetes/ingress.yaml')
    const caddy: readonly string[] = /@entrada path (.*)/
      .exec(read('proxies/Caddyfile'))?.[1]
      ?.split(' ') ?? ['']
    const patterns: readonly (readonly string[])[] = ['nginx.conf', 'haproxy.cfg'].map(
      (file) =>
        /\^\/\(([^)]*)\)\(\/\|\$\)/.exec(read(join('proxies', file)))?.[1]?.split('|') ?? [],
    )
    for (const part of parts) {
      for (const listed of patterns) assert.ok(listed.includes(part.slice(1)), part)
      assert.ok(caddy.includes(`${part}/*`), part)
      assert.ok(ingress.includes(`path: ${part},`), part)
    }
    assert.doesNotMatch(ingress, /healthz|readyz|metrics,/)
  })

  it('has a Dockerfile that copies what is there, is not root, and brings no file by accident', () => {
    const dockerfile = read('Dockerfile')
    const allowed: readonly string[] = readFileSync('.dockerignore', 'utf8').match(/^!.*$/gm) ?? []
    for (const line of allowed) assert.ok(existsSync(line.slice(1)), line)
    for (const name of ['package.json', 'package-lock.json', 'scripts', 'src', 'LICENSE']) {
      assert.ok(allowed.includes(`!${name}`), name)
    }
    assert.match(readFileSync('.dockerignore', 'utf8'), /^\*$/m)
    assert.match(dockerfile, /^USER 1000:1000$/m)
  })

  it('has a health check that tells a server that answers from one that does not', async (t) => {
    const script = /^ {2}CMD \["node", "-e", "(.*)"\]$/m.exec(read('Dockerfile'))?.[1] ?? ''
    const port = await freePort()
    assert.ok(script.includes('127.0.0.1:3000'))
    const check = () => {
      const given = ['-e', script.replace('127.0.0.1:3000', `127.0.0.1:${port}`)]
      return spawnSync(process.execPath, given).status
    }
    assert.equal(check(), 1)
    const server = await startServer(t, 'serve', { port })
    await server.printed(/"event":"started"/)
    assert.equal(check(), 0)
  })

  it('has Kubernetes manifests that are all listed, and close the known traps', () => {
    const listed: readonly string[] =
      read('kubernetes/kustomization.yaml').match(/(?<=^ {2}- )[\w-]+\.yaml$/gm) ?? []
    const own = ['kustomization.yaml', 'secret.example.yaml']
    const there = readdirSync('deploy/kubernetes').filter((name) => !own.includes(name))
    assert.deepEqual([...listed].sort(), there.sort())
    const deployment = read('kubernetes/deployment.yaml')
    for (const line of [
      'enableServiceLinks: false',
      'maxUnavailable: 0',
      'runAsNonRoot: true',
      'readOnlyRootFilesystem: true',
      'allowPrivilegeEscalation: false',
    ]) {
      assert.ok(deployment.includes(line), line)
    }
  })

  it('has secrets for Compose that the script makes', () => {
    const wanted: readonly string[] =
      read('compose.yaml').match(/(?<=file: secrets\/)[\w-]+/g) ?? []
    assert.ok(wanted.length > 4)
    for (const name of wanted) assert.ok(read('compose-secrets.sh').includes(name), name)
  })

  it('has a systemd unit that systemd understands', (t) => {
    const { error, status, stderr } = spawnSync(
      'systemd-analyze',
      ['verify', 'deploy/systemd/entrada.service'],
      { encoding: 'utf8' },
    )
    // Whether the programs it names are installed is another question.
    if (error) t.skip('no systemd on this machine')
    else if (status !== 0) assert.match(stderr, /is not executable|No such file/)
  })
})
