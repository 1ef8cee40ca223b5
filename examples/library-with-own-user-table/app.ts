/** An application with a table of people of its own, keyed on Entrada's user id, and kept up to date by its events. */
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { createEntrada, type Entrada, type UserSession } from 'entrada'
import { toNodeListener } from 'entrada/node'

const database = new DatabaseSync(process.env.APPLICATION_DATABASE_FILE ?? 'application.db')
database.exec(`
  create table if not exists people (
    user_id text primary key, -- session.user.id: never changes, whatever the person's name or address becomes
    state text not null default 'active',
    notes text not null default ''
  )`)

const entrada = createEntrada({
  serverUrl: process.env.ENTRADA_SERVER_URL,
  mountPath: '/sso',
  database: process.env.DATABASE_FILE ?? 'entrada.db', // a file of its own, not yours
  secretKeys: [process.env.ENTRADA_SECRET_KEYS],
  entra: {
    tenantId: process.env.ENTRADA_ENTRA_TENANT_ID,
    clientId: process.env.ENTRADA_ENTRA_CLIENT_ID,
    clientSecret: process.env.ENTRADA_ENTRA_CLIENT_SECRET,
    authority: process.env.ENTRADA_ENTRA_AUTHORITY, // unset: Microsoft
    roleRules: [{ id: 'admins', match: 'app_role', value: 'Admin', role: 'admin' }],
  },
  hooks: {
    // At least once and in order, so each line has to bear a repetition.
    onEvent({ type, userId }) {
      if (userId === undefined) return
      if (type === 'user.disabled') setState(userId, 'left')
      if (type === 'user.enabled') setState(userId, 'active')
    },
  },
})

function setState(userId: string, state: string): void {
  database
    .prepare(
      'insert into people (user_id, state) values (?, ?) on conflict do update set state = excluded.state',
    )
    .run(userId, state)
}

/** Made by whichever comes first, the person's first request or an event about them. */
function notesOf({ user }: UserSession): string {
  database.prepare('insert into people (user_id) values (?) on conflict do nothing').run(user.id)
  const row = database.prepare('select notes from people where user_id = ?').get(user.id)
  return String(row?.notes)
}

const answer: Entrada['fetch'] = async (request, remote) => {
  if (entrada.handles(new URL(request.url).pathname)) return entrada.fetch(request, remote)

  const access = await entrada.decideAccess(request)
  if (access.kind === 'refused') return access.response

  const { session } = access
  let notes = notesOf(session)
  if (request.method === 'POST') {
    notes = await request.text()
    database.prepare('update people set notes = ? where user_id = ?').run(notes, session.user.id)
  }
  return Response.json(
    { notesOf: session.membership.displayName, notes },
    { headers: { 'cache-control': 'private, no-store' } },
  )
}

const server = createServer(toNodeListener({ fetch: answer }))
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log('listening'))
