import { createEntrada } from 'entrada'
import { mountEntrada, requireRole, requireSession, sessionOf } from 'entrada/express'
import express from 'express'

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

const app = express()
app.use(mountEntrada(entrada)) // before body parsers: Entrada reads its own forms
app.use(express.urlencoded())

app.get('/', (_request, response) => {
  response.send('<h1>Reports</h1><a href="/reports">Yours</a> <a href="/everyones">Everyone\'s</a>')
})

app.get('/reports', requireSession(entrada), (request, response) => {
  const { user, membership } = sessionOf(request)
  response.json({ reportsOf: membership.displayName, key: user.id })
})

app.get('/everyones', requireRole(entrada, 'admin'), (_request, response) => {
  response.json({ reportsOf: 'everyone' })
})

app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log('listening'))
