/** `@azure/identity` gets tokens of the emulator, with the variables that `entrada emulator --env` prints. */
import {
  AuthorizationCodeCredential,
  DeviceCodeCredential,
  EnvironmentCredential,
  OnBehalfOfCredential,
} from '@azure/identity'
import {
  api,
  apiScope,
  approveDevice,
  graph,
  graphDefault,
  origin,
  pickAccount,
  publicClientId,
  redirectUri,
  tenantId,
  userRead,
  web,
} from './emulator-browser.mjs'

const here = { authorityHost: origin, disableInstanceDiscovery: true }

async function newCode(scope) {
  const query = new URLSearchParams({
    client_id: web.clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope,
  })
  return pickAccount(`${origin}/${tenantId}/oauth2/v2.0/authorize?${query}`)
}

async function byCode(scope) {
  const code = await newCode(scope)
  const { clientId, clientSecret } = web
  return new AuthorizationCodeCredential(tenantId, clientId, clientSecret, code, redirectUri, here)
}

async function me(credential, scope) {
  return graph('/me', (await credential.getToken(scope)).token)
}

const byAuthorization = await byCode(`openid offline_access ${userRead} ${apiScope}`)
const device = new DeviceCodeCredential({
  ...here,
  tenantId,
  clientId: publicClientId,
  userPromptCallback: ({ verificationUri, userCode }) => approveDevice(verificationUri, userCode),
})
const service = await new EnvironmentCredential(here).getToken(graphDefault)
const forApi = await (await byCode(apiScope)).getToken(apiScope)
const onBehalf = new OnBehalfOfCredential({
  ...here,
  tenantId,
  ...api,
  userAssertionToken: forApi.token,
})
const results = {
  code: await me(byAuthorization, userRead),
  // Another resource: the credential redeems its refresh token, and gets a JWT.
  refresh: (await byAuthorization.getToken(apiScope)).token.split('.').length,
  clientCredentials: await graph('/users/alice@contoso.example', service.token),
  deviceCode: await me(device, userRead),
  onBehalfOf: await me(onBehalf, userRead),
}
process.stdout.write(`${JSON.stringify(results)}\n`)
