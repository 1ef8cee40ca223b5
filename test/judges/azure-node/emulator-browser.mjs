/** What a user does at the emulator's pages, and who is there. */
import assert from 'node:assert/strict'

export const origin = process.env.AZURE_AUTHORITY_HOST
export const tenantId = process.env.AZURE_TENANT_ID
export const web = {
  clientId: process.env.AZURE_CLIENT_ID,
  clientSecret: process.env.AZURE_CLIENT_SECRET,
}
export const api = {
  clientId: '88888888-8888-4888-8888-888888888888',
  clientSecret: 'development~only.API-secret',
}
export const publicClientId = '66666666-6666-4666-8666-666666666666'
export const apiScope = `api://${api.clientId}/access_as_user`
export const userRead = 'https://graph.microsoft.com/User.Read'
export const graphDefault = 'https://graph.microsoft.com/.default'
export const redirectUri = 'http://localhost:8400/callback'

const alice = 'aaaaaaaa-0000-4000-8000-000000000001'
const bob = 'aaaaaaaa-0000-4000-8000-000000000002'

/** Picks an account for an authorization request, and returns the code of the redirect. */
export async function pickAccount(authorizationUrl) {
  const url = new URL(authorizationUrl)
  const body = new URLSearchParams({ request: url.search.slice(1), account: alice })
  const address = `${url.origin}${url.pathname}/choose`
  const response = await fetch(address, { method: 'POST', body, redirect: 'manual' })
  return new URL(response.headers.get('location')).searchParams.get('code')
}

/** Types the code of a device on the page that the device names. */
export async function approveDevice(page, userCode) {
  const body = new URLSearchParams({ otc: userCode, account: bob })
  assert.equal((await fetch(page, { method: 'POST', body })).status, 200)
}

/** Reads a name from Microsoft Graph, which shows that the access token is good. */
export async function graph(path, accessToken) {
  const headers = { Authorization: `Bearer ${accessToken}` }
  const response = await fetch(`${origin}/graph/v1.0${path}`, { headers })
  assert.equal(response.status, 200)
  return (await response.json()).userPrincipalName
}
