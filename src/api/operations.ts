/**
 * All operations of the JSON API by `operationId`, and the schemas that its document names. A resource adds its two tables here.
 */
import type { Operation, Schema } from './operation.ts'
import { apiKeyOperations, apiKeySchemas } from './resources/api-keys.ts'
import { auditChainOperations, auditChainSchemas } from './resources/audit-chain.ts'
import { auditEventOperations, auditEventSchemas } from './resources/audit-events.ts'
import {
  connectionHealthOperations,
  connectionHealthSchemas,
} from './resources/connection-health.ts'
import { connectionOperations, connectionSchemas } from './resources/connections.ts'
import { credentialOperations, credentialSchemas } from './resources/credentials.ts'
import { dataExportOperations, dataExportSchemas } from './resources/data-export.ts'
import { domainOperations, domainSchemas } from './resources/domains.ts'
import { membershipOperations, membershipSchemas } from './resources/memberships.ts'
import { organizationOperations, organizationSchemas } from './resources/organizations.ts'
import { sessionOperations, sessionSchemas } from './resources/sessions.ts'
import { setupLinkOperations, setupLinkSchemas } from './resources/setup-links.ts'
import { signInTraceOperations, signInTraceSchemas } from './resources/sign-in-traces.ts'
import { ssoOperations, ssoSchemas } from './resources/sso.ts'
import { userOperations, userSchemas } from './resources/users.ts'
import { webhookOperations, webhookSchemas } from './resources/webhooks.ts'

export const operations = {
  ...sessionOperations,
  ...organizationOperations,
  ...ssoOperations,
  ...connectionOperations,
  ...connectionHealthOperations,
  ...credentialOperations,
  ...domainOperations,
  ...membershipOperations,
  ...setupLinkOperations,
  ...userOperations,
  ...apiKeyOperations,
  ...auditEventOperations,
  ...auditChainOperations,
  ...signInTraceOperations,
  ...webhookOperations,
  ...dataExportOperations,
}

export const namedSchemas: Readonly<Record<string, Schema>> = {
  ...sessionSchemas,
  ...organizationSchemas,
  ...ssoSchemas,
  ...connectionSchemas,
  ...connectionHealthSchemas,
  ...credentialSchemas,
  ...domainSchemas,
  ...membershipSchemas,
  ...setupLinkSchemas,
  ...userSchemas,
  ...apiKeySchemas,
  ...auditEventSchemas,
  ...auditChainSchemas,
  ...signInTraceSchemas,
  ...webhookSchemas,
  ...dataExportSchemas,
}

export const operationList: readonly (readonly [string, Operation])[] = Object.entries(operations)
