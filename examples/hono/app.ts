import { serve } from '@hono/node-server'
import { createEntrada } from 'entrada'
import { mountEntrada, requireRole, requireSession, sessionOf } from 'entrada/hono'
import { Hono } from 'hono'

const entrada = createEntrada({
  serverUrl: process.env.ENTRADA_SERVER_URL,
  mountPath: '/sso',
  database: process.env.DATABASE_FILE ?? 'entrada.db',
  secretKeys: [process.env.ENTRADA_SECRET_KEYS],
  entra: {
    tenantId: process.env.ENTRADA_ENTRA_TENANT_ID,
    clientId: process.env.ENTRADA_ENTRA_CLIENT_ID,
    clientSecret: process.env.ENTRADA_ENTRA_CLIENT_SECRET,
    authority: process.env.ENTRADA_ENTRA_AUTHORITY, // unset: Microsoft
    roleRules: [{ id: 'admins', match: 'app_role', value: 'Admin', role: 'admin' }],
  },
})

const app = new Hono()
app.use(mountEntrada(entrada))

app.get('/', (c) =>
  c.html('<h1>Reports</h1><a href="/reports">Yours</a> <a href="/everyones">Everyone\'s</a>'),
)

app.get('/reports', requireSession(entrada), (c) => {
  const { user, membership } = sessionOf(c)
  return c.json({ reportsOf: membership.displayName, key: user.id })
})

app.get('/everyones', requireRole(entrada, 'admin'), (c) => c.json({ reportsOf: 'everyone' }))

const port = Number(process.env.PORT ?? 3000)
serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () => console.log('listening'))
