/** better-auth on node:sqlite with durable commits, without its own limits and telemetry. */
import { createServer } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import {
  baseUrl,
  clientId,
  clientSecret,
  dataFolder,
  idp,
  port,
  sessionSecret,
  tenant,
} from './environment.ts'

const database = new DatabaseSync(join(dataFolder, 'better-auth.db'))
database.exec('pragma journal_mode = wal; pragma synchronous = full')
const options = {
  baseURL: baseUrl,
  secret: sessionSecret,
  database,
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { level: 'error' },
  advanced: { useSecureCookies: false },
  socialProviders: {
    microsoft: {
      clientId,
      clientSecret,
      tenantId: tenant,
      authority: idp,
      disableProfilePhoto: true,
      disableDefaultScope: true,
      scope: ['openid', 'profile', 'email'],
    },
  },
} as const
const { runMigrations } = await getMigrations(options)
await runMigrations()
const handle = toNodeHandler(betterAuth(options))
createServer((request, response) => {
  if (request.url === '/healthz' || request.url === '/') response.writeHead(200).end('ok')
  else handle(request, response)
}).listen(port, '127.0.0.1')
