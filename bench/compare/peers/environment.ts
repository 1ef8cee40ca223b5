/** What every compared server is given. */
function read(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is missing`)
  return value
}

export const port = Number(read('PORT'))
export const baseUrl = read('BASE_URL')
/** Origin of the identity provider. */
export const idp = read('IDP')
export const tenant = read('TENANT')
export const clientId = read('CLIENT_ID')
export const clientSecret = read('CLIENT_SECRET')
/** An empty folder. */
export const dataFolder = read('DATA_FOLDER')
export const sessionSecret = read('SESSION_SECRET')
export const issuer = `${idp}/${tenant}/v2.0`
