import { createEntrada } from 'entrada'
import { mountEntrada, requireRole, requireSession, sessionOf } from 'entrada/fastify'
import Fastify from 'fastify'

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

const app = Fastify()
app.register(mountEntrada(entrada))

app.get('/', (_request, reply) => {
  reply.type('text/html')
  return '<h1>Reports</h1><a href="/reports">Yours</a> <a href="/everyones">Everyone\'s</a>'
})

app.get('/reports', { preHandler: requireSession(entrada) }, async (request) => {
  const { user, membership } = sessionOf(request)
  return { reportsOf: membership.displayName, key: user.id }
})

app.get('/everyones', { preHandler: requireRole(entrada, 'admin') }, async () => {
  return { reportsOf: 'everyone' }
})

await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' })
console.log('listening')
