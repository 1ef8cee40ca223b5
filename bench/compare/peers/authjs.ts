/** Auth.js for Express with its provider for Entra, sessions in an encrypted cookie, as its documentation shows. */
import { ExpressAuth, getSession } from '@auth/express'
import MicrosoftEntraId from '@auth/express/providers/microsoft-entra-id'
import express from 'express'
import { clientId, clientSecret, issuer, port, sessionSecret } from './environment.ts'

process.env.AUTH_TRUST_HOST = 'true'
const config = {
  secret: sessionSecret,
  trustHost: true,
  basePath: '/auth',
  providers: [
    MicrosoftEntraId({
      clientId,
      clientSecret,
      issuer,
      authorization: { params: { scope: 'openid profile email' } },
      // The default asks Microsoft Graph for a picture of each person.
      profile: ({ sub, name, email }) => ({ id: sub, name, email }),
    }),
  ],
}
const application = express()
application.disable('x-powered-by')
application.use('/auth', ExpressAuth(config))
application.get('/me', async (request, response) => {
  const found = await getSession(request, config)
  if (found) response.json(found.user)
  else response.status(401).end()
})
application.get(['/healthz', '/'], (_request, response) => void response.send('ok'))
application.listen(port, '127.0.0.1')
