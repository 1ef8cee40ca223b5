/** The built server, with everything on that a production server has. Its limits for one address are raised: all load comes from one. */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { baseUrl, clientId, clientSecret, dataFolder, idp, port, tenant } from './environment.ts'

const built = process.env.BUILT_SERVER ?? ''
const unlimited = join(dirname(built), 'entrada-without-limits.js')
writeFileSync(
  unlimited,
  readFileSync(built, 'utf8').replace(/uses: (?:600|1200|1_200),/g, 'uses: 100000000,'),
)
for (const name of Object.keys(process.env)) {
  if (/^(PORT|BASE_URL|IDP|TENANT|CLIENT_|DATA_|SESSION_|BUILT_)/.test(name)) {
    delete process.env[name]
  }
}
Object.assign(process.env, {
  ENTRADA_SERVER_URL: baseUrl,
  ENTRADA_LISTEN: `127.0.0.1:${port}`,
  ENTRADA_DATA_DIR: dataFolder,
  ENTRADA_ENTRA_AUTHORITY: idp,
  ENTRADA_ENTRA_TENANT_ID: tenant,
  ENTRADA_ENTRA_CLIENT_ID: clientId,
  ENTRADA_ENTRA_CLIENT_SECRET: clientSecret,
  ENTRADA_RATE_LIMIT_SIGN_INS: '100000',
})
process.argv[2] = 'serve'
await import(pathToFileURL(unlimited).href)
