import { claimNames } from '../../errors/registration-facts.ts'
import { findOwn } from '../../protocol/find-own.ts'
import type { Registration } from './registration.ts'

/** The names that `az` uses for Microsoft's clouds. Ids of Graph's permissions are the same in all of them. */
const clouds: Readonly<Record<string, string>> = {
  us_government: 'AzureUSGovernment',
  china: 'AzureChinaCloud',
}
const MICROSOFT_GRAPH = '00000003-0000-0000-c000-000000000000'
const USER_READ = 'e1fe6dd8-ba31-4d61-89e7-88639da4683d'
const OFFLINE_ACCESS = '7427e0e9-2fba-42fe-b0c0-848c9e6a8182'

/**
 * Returns the registration as a script for the Azure CLI, with the addresses of this connection: one call of Graph creates the
 * complete application, where `az ad app create` would need three.
 *
 * @see https://learn.microsoft.com/graph/api/application-post-applications
 */
export function azScript(registration: Registration): string {
  const { cloud, graph } = registration
  return `# For bash with the Azure CLI. Sign in as who may register applications.
set -eu
az cloud set --name ${findOwn(clouds, cloud) ?? 'AzureCloud'}
az login --allow-no-subscriptions

cat > entrada-application.json <<'APPLICATION'
${JSON.stringify(applicationBody(registration), undefined, 2)}
APPLICATION

APP_ID=$(az rest --method POST --uri ${graph}/v1.0/applications \\
  --headers 'Content-Type=application/json' --body @entrada-application.json --query appId -o tsv)
az ad sp create --id "$APP_ID" --only-show-errors > /dev/null

# Consent for everybody, so that nobody is asked one by one:
az ad app permission admin-consent --id "$APP_ID"

echo "Application (client) ID: $APP_ID"
echo "Directory (tenant) ID:   $(az account show --query tenantId -o tsv)"

# Then one of these, as the page asks for it.
# A secret that ends in a year (--append keeps the ones that are there):
#   az ad app credential reset --id "$APP_ID" --append --years 1 --display-name Entrada --query password -o tsv
# Or the certificate that the page made:
#   az ad app credential reset --id "$APP_ID" --append --cert @entrada.pem
`
}

/** @see https://learn.microsoft.com/graph/api/resources/application */
function applicationBody(registration: Registration) {
  const { applicationName, redirectUri, homePageUrl, logoutUrl, offlineAccess } = registration
  const permissions = [USER_READ, ...(offlineAccess ? [OFFLINE_ACCESS] : [])]
  return {
    displayName: applicationName,
    signInAudience: 'AzureADMyOrg',
    web: {
      redirectUris: [redirectUri],
      homePageUrl,
      ...(logoutUrl.startsWith('https:') ? { logoutUrl } : {}),
      implicitGrantSettings: { enableIdTokenIssuance: false, enableAccessTokenIssuance: false },
    },
    groupMembershipClaims: 'ApplicationGroup',
    optionalClaims: {
      idToken: [...claimNames, 'groups'].map((name) => ({ name })),
    },
    requiredResourceAccess: [
      {
        resourceAppId: MICROSOFT_GRAPH,
        resourceAccess: permissions.map((id) => ({ id, type: 'Scope' })),
      },
    ],
  }
}
