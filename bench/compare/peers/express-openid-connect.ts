/** express-openid-connect, as its documentation shows. */
import express from 'express'
import { auth } from 'express-openid-connect'
import { baseUrl, clientId, clientSecret, issuer, port, sessionSecret } from './environment.ts'

const application = express()
application.disable('x-powered-by')
application.get('/healthz', (_request, response) => void response.send('ok'))
application.use(
  auth({
    issuerBaseURL: issuer,
    baseURL: baseUrl,
    clientID: clientId,
    clientSecret,
    secret: sessionSecret,
    authRequired: false,
    idpLogout: false,
    clientAuthMethod: 'client_secret_post',
    authorizationParams: {
      response_type: 'code',
      response_mode: 'query',
      scope: 'openid profile email',
    },
    session: { cookie: { secure: false, sameSite: 'Lax' } },
  }),
)
application.get('/', (_request, response) => void response.send('ok'))
application.get('/me', (request, response) => {
  if (request.oidc.isAuthenticated()) response.json(request.oidc.user)
  else response.status(401).end()
})
application.listen(port, '127.0.0.1')
