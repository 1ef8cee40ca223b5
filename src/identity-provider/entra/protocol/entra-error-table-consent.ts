import {
  appRegistration,
  type EntraErrorEntry,
  type EntraErrorTable,
  enterpriseApplication,
  setUpWrongly,
} from './entra-error-table-entry.ts'

const administratorMustConsent: EntraErrorEntry = {
  name: 'AdminConsentRequired',
  whatHappened:
    'The application asks for permissions that people of this directory may not grant by themselves.',
  remedy: `An administrator of the directory opens ${enterpriseApplication} > Permissions > Grant admin consent, once for everyone.`,
  whoCanFix: 'directory_administrator',
  shown:
    'Your organization has not approved this application. Ask your administrator to approve it.',
}

const permissionNotListed: EntraErrorEntry = {
  name: 'MisconfiguredApplication',
  whatHappened:
    'The application requests a permission that its registration does not list, no administrator or user has consented, or a SAML identifier is wrong.',
  remedy: `List the permission in ${appRegistration} > API permissions (openid, profile and User.Read are enough to sign in) and grant admin consent there; for SAML compare Identifier (Entity ID) in ${enterpriseApplication} > Single sign-on.`,
  whoCanFix: 'application_administrator',
  shown: setUpWrongly,
}

const scopeRefused: EntraErrorEntry = {
  name: 'InvalidScope',
  whatHappened: 'The list of permissions that was asked for is not valid.',
  remedy: `Compare what was asked for with ${appRegistration} > API permissions. Entrada asks for openid and profile, and for Microsoft Graph only where a connection looks up groups.`,
  whoCanFix: 'operator',
  shown: setUpWrongly,
}

/** Errors about the permissions of the application, and who has consented to them. */
export const consentErrors: EntraErrorTable = {
  65001: {
    ...administratorMustConsent,
    name: 'DelegationDoesNotExist',
    whatHappened: 'Neither this person nor an administrator has agreed to the application yet.',
    shown:
      'This application has not been approved yet. Sign in again and accept, or ask your administrator to approve it.',
  },
  65004: {
    name: 'UserDeclinedConsent',
    whatHappened: 'The person pressed Cancel when asked to accept the application.',
    remedy: `Sign in again and accept; or an administrator accepts for everyone in ${enterpriseApplication} > Permissions > Grant admin consent.`,
    whoCanFix: 'person',
    shown: 'You did not accept the request of Microsoft. Sign in again and accept it to go on.',
    where: 'callback',
  },
  65005: permissionNotListed,
  70011: scopeRefused,
  90008: {
    name: 'TokenForItselfRequiresGraphPermission',
    whatHappened: 'The application lacks even the permission to sign people in.',
    remedy: `Add User.Read and openid of Microsoft Graph (delegated) in ${appRegistration} > API permissions and press Grant admin consent.`,
    whoCanFix: 'application_administrator',
    shown: setUpWrongly,
  },
  90094: administratorMustConsent,
  90095: {
    ...administratorMustConsent,
    name: 'AdminConsentRequiredRequestAccess',
    whatHappened: 'The person was shown the form with which to ask an administrator for approval.',
    remedy:
      'The request waits in entra.microsoft.com > Entra ID > Enterprise apps > Admin consent requests; approve it there.',
    shown:
      'Your organization has to approve this application first. Send the request, or ask your administrator.',
  },
  90099: {
    name: 'Not authorized for the partner',
    whatHappened:
      'A partner who administers this directory tried to enter, and the application was not admitted to it beforehand.',
    remedy:
      "The partner grants consent ahead in Partner Center, or an administrator of the customer's directory grants admin consent.",
    whoCanFix: 'directory_administrator',
    shown:
      'This application is not approved in the organization you are working for. Ask its administrator to approve it.',
  },
  500011: {
    name: 'InvalidResourceServicePrincipalNotFound',
    whatHappened: 'The service for which a token was asked does not exist in this directory.',
    remedy: `Check the scope and ENTRADA_ENTRA_TENANT_ID; an administrator adds the service by granting admin consent in ${appRegistration} > API permissions.`,
    whoCanFix: 'operator',
    shown: setUpWrongly,
  },
  650052: {
    name: 'Service not in this organization',
    whatHappened:
      'The application needs a service which this organization has not subscribed to or enabled.',
    remedy: `Enable the service, or grant admin consent to it, in the directory; or take its permission away in ${appRegistration} > API permissions.`,
    whoCanFix: 'directory_administrator',
    shown:
      'Your organization lacks a service that is needed here. Ask your administrator to enable it.',
  },
  650056: { ...permissionNotListed, name: 'Misconfigured application' },
  650057: {
    ...permissionNotListed,
    name: 'Invalid resource',
    whatHappened:
      'The application asks for access to a service that its registration does not list.',
  },
  700022: {
    ...scopeRefused,
    name: 'InvalidMultipleResourcesScope',
    whatHappened:
      'Permissions of two services were asked for at once; Entra gives tokens for one at a time.',
    where: 'token_endpoint',
  },
  700023: {
    ...scopeRefused,
    name: 'InvalidResourcelessScope',
    whatHappened: 'A token was asked for without a permission of any service.',
    where: 'token_endpoint',
  },
}
