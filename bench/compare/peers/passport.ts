/** passport with openid-client's strategy and express-session's store in memory, as their documentation shows. */
import express from 'express'
import session from 'express-session'
import { ClientSecretPost, discovery } from 'openid-client'
import { Strategy } from 'openid-client/passport'
import passport from 'passport'
import { baseUrl, clientId, clientSecret, issuer, port, sessionSecret } from './environment.ts'

type User = { readonly id: string; readonly email: unknown; readonly name: unknown }

const config = await discovery(
  new URL(issuer),
  clientId,
  clientSecret,
  ClientSecretPost(clientSecret),
)
const users = new Map<string, User>()
const options = { config, scope: 'openid profile email', callbackURL: `${baseUrl}/callback` }
passport.use(
  'entra',
  new Strategy(options, (tokens, done) => {
    const { oid, email, name } = tokens.claims() ?? {}
    const user = { id: String(oid), email, name }
    users.set(user.id, user)
    done(null, user)
  }),
)
passport.serializeUser((user, done) => done(null, (user as User).id))
passport.deserializeUser((id: string, done) => done(null, users.get(id) ?? false))

const application = express()
application.disable('x-powered-by')
application.get('/healthz', (_request, response) => void response.send('ok'))
application.use(
  session({
    secret: sessionSecret,
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax' },
  }),
)
application.use(passport.initialize())
application.use(passport.session())
application.get('/login', passport.authenticate('entra'))
application.get(
  '/callback',
  passport.authenticate('entra', { successRedirect: '/done', failureRedirect: '/failed' }),
)
application.get('/me', (request, response) => {
  if (request.user) response.json(request.user)
  else response.status(401).end()
})
application.get('/done', (_request, response) => void response.send('ok'))
application.listen(port, '127.0.0.1')
