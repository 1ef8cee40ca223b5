import { idRemedies } from '../../../errors/registration-facts.ts'
import {
  appRegistration,
  type EntraErrorEntry,
  type EntraErrorTable,
  setUpWrongly,
} from './entra-error-table-entry.ts'

const directoryNotNamed: EntraErrorEntry = {
  name: 'MissingTenantRealmAndNoUserInformationProvided',
  whatHappened: 'Neither the request nor the account identifies the directory.',
  remedy:
    'Set ENTRADA_ENTRA_TENANT_ID to the Directory (tenant) ID, so that the request goes to one directory.',
  whoCanFix: 'operator',
  shown:
    'Microsoft could not tell which organization you belong to. Sign in with your full work address, or ask your administrator.',
  where: 'entra_page',
}

const sharedEndpoint: EntraErrorEntry = {
  name: 'NonConvergedAppV2GlobalEndpointNotSupported',
  whatHappened:
    'The request went to the endpoint for everyone, which this application may not use.',
  remedy:
    "Set ENTRADA_ENTRA_TENANT_ID to the Directory (tenant) ID (or the connection's tenant) instead of common or consumers.",
  whoCanFix: 'operator',
  shown: setUpWrongly,
}

const otherCloud: EntraErrorEntry = {
  name: 'NationalCloudTenantRedirection',
  whatHappened:
    'The person or the directory belongs to another Microsoft cloud, such as the one for China or for the government of the United States.',
  remedy:
    'Register the application in that cloud as well and set ENTRADA_ENTRA_AUTHORITY to its login host, with the ids and credential of that registration.',
  whoCanFix: 'operator',
  shown:
    'Your organization uses another Microsoft cloud. Ask your administrator for the right address to sign in.',
}

const acrossClouds: EntraErrorEntry = {
  ...otherCloud,
  name: 'Confidential client across clouds',
  whatHappened:
    'An application with a secret or certificate cannot be used from one Microsoft cloud to another.',
}

/** Errors about the directory, the endpoint or the cloud. */
export const authorityErrors: EntraErrorTable = {
  50059: directoryNotNamed,
  50128: { ...directoryNotNamed, name: 'Invalid domain name' },
  50194: {
    name: 'Single-tenant application on the shared endpoint',
    whatHappened:
      'The application is registered for one directory only, and the request went to the endpoint for everyone.',
    remedy: `Set ENTRADA_ENTRA_TENANT_ID to the Directory (tenant) ID. To serve several directories instead: ${appRegistration} > Authentication > Supported account types > Multiple Entra ID tenants.`,
    customerRemedy:
      'Enter the ID of your directory on the set-up page; the application is registered for one directory.',
    whoCanFix: 'operator',
    shown: setUpWrongly,
    where: 'entra_page',
  },
  90002: {
    name: 'InvalidTenantName',
    whatHappened: 'There is no such directory in the Microsoft cloud that was asked.',
    remedy: idRemedies.directory,
    customerRemedy:
      'Compare the directory on the set-up page with Entra ID > Overview, and check that the right cloud is chosen.',
    whoCanFix: 'operator',
    shown: 'Signing in is not set up correctly. Ask your administrator to check the directory id.',
    where: 'entra_page',
  },
  90038: otherCloud,
  90043: { ...otherCloud, name: 'NationalCloudAuthCodeRedirection' },
  90130: sharedEndpoint,
  900382: acrossClouds,
  900432: acrossClouds,
  9001023: {
    ...sharedEndpoint,
    name: 'Grant type on the shared endpoint',
    whatHappened: 'This way to obtain a token is not offered on the endpoints for everyone.',
    where: 'token_endpoint',
  },
  9002332: {
    ...sharedEndpoint,
    name: 'Work accounts only',
    whatHappened:
      'The application is for work and school accounts, and the request went to the endpoint for personal ones.',
  },
}
