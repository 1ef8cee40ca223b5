/** The configurations of deploy/proxies/forward-auth, as people run them, at ports of the test's. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import {
  nginxAround,
  type ProxyName,
  replicas,
  startConfigured,
  type Way,
} from './proxy-process.ts'
import { freePort } from './server-process.ts'

export type GuardSetUp = {
  readonly ssoHost: string
  readonly wikiHost: string
  readonly port: number
  readonly entradaPort: number
  readonly secondEntradaPort?: number
  readonly applicationPort: number
  readonly wikiPort: number
  readonly certificate: { readonly chain: string; readonly key: string }
}

export async function startGuardingProxy(
  owner: Pick<TestContext, 'after'>,
  name: ProxyName,
  setUp: GuardSetUp,
): Promise<void> {
  // Where HAProxy's script asks.
  const questionsPort = await freePort()
  await startConfigured(owner, name, {
    setUp: { ...setUp, questionsPort },
    from: 'deploy/proxies/forward-auth',
    way: ways[name],
  })
}

type WithQuestions = GuardSetUp & { readonly questionsPort: number }

const ways: Readonly<Record<ProxyName, (folder: string, setUp: WithQuestions) => Way>> = {
  nginx: (folder, setUp) => ({
    file: 'nginx.conf',
    parameters: ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')],
    changes: [
      ['listen 443 ', `listen 127.0.0.1:${setUp.port} `],
      ['/etc/nginx/snippets', folder],
      ...names(setUp),
      ['/etc/ssl/entrada', folder],
      ...replicas('nginx', setUp),
      ...applications(setUp),
    ],
    beside: [
      { file: 'entrada-guard.conf', changes: [] },
      { file: 'entrada-verify.conf', changes: [['/etc/nginx/snippets', folder]] },
      { file: 'entrada-question.conf', changes: [] },
    ],
    wrap: (text) => nginxAround(folder, text),
  }),
  caddy: (folder, setUp) => ({
    file: 'Caddyfile',
    parameters: ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'],
    changes: [
      ['https://sso.apps.example.com {', `https://${setUp.ssoHost}:${setUp.port} {`],
      ['https://wiki.apps.example.com {', `https://${setUp.wikiHost}:${setUp.port} {`],
      ['https:// {', `https://:${setUp.port} {`],
      ['# tls /etc/ssl/entrada/fullchain.pem', `tls ${folder}/fullchain.pem`],
      ['/etc/ssl/entrada', folder],
      ...replicas('caddy', setUp),
      ...applications(setUp),
    ],
    wrap: (text) => `{\n\tadmin off\n\tauto_https off\n\thttps_port ${setUp.port}\n}\n${text}`,
  }),
  haproxy: (folder, setUp) => ({
    file: 'haproxy.cfg',
    parameters: ['-db', '-f', join(folder, 'haproxy.cfg')],
    changes: [
      ['bind :443', `bind 127.0.0.1:${setUp.port}`],
      ['/etc/haproxy/entrada.lua', join(folder, 'entrada.lua')],
      ['127.0.0.1:3002', `127.0.0.1:${setUp.questionsPort}`],
      ...names(setUp),
      ['/etc/ssl/entrada', folder],
      ...replicas('haproxy', setUp),
      ...applications(setUp),
    ],
    beside: [
      { file: 'entrada.lua', changes: [['127.0.0.1:3002', `127.0.0.1:${setUp.questionsPort}`]] },
    ],
  }),
}

function names({ ssoHost, wikiHost }: GuardSetUp) {
  return [
    ['sso.apps.example.com', ssoHost],
    ['wiki.apps.example.com', wikiHost],
  ] as const
}

function applications({ applicationPort, wikiPort }: GuardSetUp) {
  return [
    ['127.0.0.1:8080', `127.0.0.1:${applicationPort}`],
    ['127.0.0.1:8081', `127.0.0.1:${wikiPort}`],
  ] as const
}
