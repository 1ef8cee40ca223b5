import type { Application, Directory, TrustFiles } from '../emulator/start-emulator.ts'

/** The address and certificate of the emulator, as other programs are configured with them. */
export type EmulatorAddress = {
  readonly origin: string
  readonly directory: Directory
  readonly trust: TrustFiles | undefined
}

/**
 * Returns the environment variables by which programs find the emulator and trust its certificate: those of Microsoft's
 * identity libraries, of OpenID Connect in general, and our own settings. They describe the first application.
 */
export function emulatorEnvironment(address: EmulatorAddress): Readonly<Record<string, string>> {
  const [application] = address.directory.applications
  return {
    ...(application === undefined ? {} : applicationVariables(address.origin, application)),
    ...(address.trust === undefined ? {} : trustVariables(address.trust)),
  }
}

/** Returns `export` lines for a shell, with the other applications as comments. */
export function exportLines(address: EmulatorAddress): readonly string[] {
  const variables = Object.entries(emulatorEnvironment(address))
  const [first, ...others] = address.directory.applications
  return [
    ...(first === undefined ? [] : [`# ${first.displayName}`]),
    ...variables.map(([name, value]) => `export ${name}=${shellWord(value)}`),
    ...others.map((application) => `# ${describeApplication(application)}`),
  ]
}

/** Returns one line about an application, with its secret. */
export function describeApplication(application: Application): string {
  const { clientId, displayName, homeTenantId, secrets, identifierUris } = application
  const [secret] = secrets
  return [
    `${displayName}: client ${clientId}`,
    `tenant ${homeTenantId}`,
    ...(secret === undefined ? ['no secret'] : [`secret ${secret.value}`]),
    ...identifierUris.map((uri) => `API ${uri}`),
  ].join(', ')
}

function applicationVariables(
  origin: string,
  { clientId, homeTenantId, secrets }: Application,
): Readonly<Record<string, string>> {
  const [secret] = secrets
  const named = (names: { readonly id: string; readonly secret: string }) => ({
    [names.id]: clientId,
    ...(secret === undefined ? {} : { [names.secret]: secret.value }),
  })
  return {
    AZURE_AUTHORITY_HOST: origin,
    AZURE_TENANT_ID: homeTenantId,
    ...named({ id: 'AZURE_CLIENT_ID', secret: 'AZURE_CLIENT_SECRET' }),
    OIDC_ISSUER: `${origin}/${homeTenantId}/v2.0`,
    ...named({ id: 'OIDC_CLIENT_ID', secret: 'OIDC_CLIENT_SECRET' }),
    ENTRADA_ENTRA_AUTHORITY: origin,
    ENTRADA_ENTRA_TENANT_ID: homeTenantId,
    ...named({ id: 'ENTRADA_ENTRA_CLIENT_ID', secret: 'ENTRADA_ENTRA_CLIENT_SECRET' }),
  }
}

function trustVariables(trust: TrustFiles): Readonly<Record<string, string>> {
  const store = `-Djavax.net.ssl.trustStore=${trust.javaTrustStore}`
  const password = `-Djavax.net.ssl.trustStorePassword=${trust.javaTrustStorePassword}`
  return {
    NODE_EXTRA_CA_CERTS: trust.certificate,
    REQUESTS_CA_BUNDLE: trust.bundle,
    SSL_CERT_FILE: trust.bundle,
    CURL_CA_BUNDLE: trust.bundle,
    JAVA_TOOL_OPTIONS: `${store} ${password}`,
  }
}

/** The programs that read each variable. */
export const trustReaders: Readonly<Record<string, string>> = {
  NODE_EXTRA_CA_CERTS: 'Node',
  REQUESTS_CA_BUNDLE: 'Python (requests)',
  SSL_CERT_FILE: 'Go, Python, Ruby, OpenSSL',
  CURL_CA_BUNDLE: 'curl',
  JAVA_TOOL_OPTIONS: 'Java',
}

/** Returns the value quoted so that a POSIX shell reads it unchanged. */
export function shellWord(value: string): string {
  return /^[\w@%+=:,./~-]+$/.test(value) && !value.startsWith('~')
    ? value
    : `'${value.replaceAll("'", "'\\''")}'`
}
