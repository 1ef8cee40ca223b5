/** `@azure/msal-node` signs in at the emulator in every way it has. */
import { ConfidentialClientApplication, PublicClientApplication } from '@azure/msal-node'
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

const here = { authority: `${origin}/${tenantId}`, knownAuthorities: [new URL(origin).host] }

async function signIn(application, scopes) {
  const request = { scopes, redirectUri }
  const code = await pickAccount(await application.getAuthCodeUrl(request))
  return application.acquireTokenByCode({ ...request, code })
}

async function refresh(application, { account }) {
  const request = { scopes: [userRead], account, forceRefresh: true }
  return (await application.acquireTokenSilent(request)).account.username
}

const confidential = new ConfidentialClientApplication({ auth: { ...here, ...web } })
const native = new PublicClientApplication({ auth: { ...here, clientId: publicClientId } })
const signedIn = await signIn(confidential, [userRead])
const publicSignedIn = await signIn(native, [userRead])
const service = await confidential.acquireTokenByClientCredential({ scopes: [graphDefault] })
const device = await native.acquireTokenByDeviceCode({
  scopes: [userRead],
  deviceCodeCallback: ({ verificationUri, userCode }) => approveDevice(verificationUri, userCode),
})
const forApi = await signIn(confidential, [apiScope])
const behind = new ConfidentialClientApplication({ auth: { ...here, ...api } })
const onBehalf = await behind.acquireTokenOnBehalfOf({
  scopes: [userRead],
  oboAssertion: forApi.accessToken,
})
const results = {
  code: signedIn.account.username,
  refresh: await refresh(confidential, signedIn),
  clientCredentials: await graph('/users/alice@contoso.example', service.accessToken),
  publicCode: publicSignedIn.account.username,
  publicRefresh: await refresh(native, publicSignedIn),
  deviceCode: device.account.username,
  onBehalfOf: await graph('/me', onBehalf.accessToken),
}
process.stdout.write(`${JSON.stringify(results)}\n`)
