import {
  appRegistration,
  type EntraErrorEntry,
  enterpriseApplication,
  setUpWrongly,
  signInLogs,
  startAgain,
} from './entra-error-table-entry.ts'

const interactionNeeded: EntraErrorEntry = {
  name: 'Interaction required',
  whatHappened: 'Entra has to ask the person something before it can go on.',
  remedy: `Sign in again and follow the steps; what was missing is listed in ${signInLogs} under the correlation id.`,
  whoCanFix: 'person',
  shown: 'Microsoft needs one more step from you. Sign in again and follow the steps.',
}

const requestWrong: EntraErrorEntry = {
  name: 'Invalid request',
  whatHappened: 'Entra refused the request as malformed or incomplete.',
  remedy: `Start again from the login page at ENTRADA_SERVER_URL; the reason is listed in ${signInLogs} under the correlation id.`,
  whoCanFix: 'operator',
  shown: `The request to Microsoft was not accepted. ${startAgain}`,
}

const microsoftUnavailable: EntraErrorEntry = {
  name: 'Temporarily unavailable',
  whatHappened: 'Microsoft is too busy or not available for the moment.',
  remedy: 'Wait and try again; see the state of the service at https://status.cloud.microsoft.',
  whoCanFix: 'nobody_needed',
  shown: 'Microsoft cannot be reached properly at the moment. Wait a few minutes and try again.',
}

/**
 * The OAuth `error` values Entra sends, for when no known number came with them.
 *
 * @see RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6
 */
export const oauthErrors: Readonly<Record<string, EntraErrorEntry>> = {
  access_denied: {
    name: 'Access denied',
    whatHappened: 'The person cancelled, or a rule of the directory refused them.',
    remedy: `Sign in again. If it was not cancelled, see the reason in ${signInLogs} and the assignment in ${enterpriseApplication} > Users and groups.`,
    whoCanFix: 'person',
    shown:
      'The sign-in was cancelled or not allowed. Try again, or ask your administrator for access.',
    where: 'callback',
  },
  consent_required: {
    name: 'Consent required',
    whatHappened: 'The application has not been accepted by this person or their organization.',
    remedy: `An administrator opens ${enterpriseApplication} > Permissions > Grant admin consent.`,
    whoCanFix: 'directory_administrator',
    shown:
      'Your organization has not approved this application. Ask your administrator to approve it.',
  },
  interaction_required: interactionNeeded,
  login_required: {
    ...interactionNeeded,
    name: 'Login required',
    whatHappened:
      'No user is signed in to Microsoft in this browser, or the last sign-in was too long ago.',
    shown: 'You are not signed in with Microsoft in this browser. Please sign in.',
  },
  invalid_client: {
    name: 'Invalid client',
    whatHappened: 'Entra did not accept the credential of the application.',
    remedy: `Check ENTRADA_ENTRA_CLIENT_ID and ENTRADA_ENTRA_CLIENT_SECRET, ENTRADA_ENTRA_CLIENT_CERTIFICATE_FILE or ENTRADA_ENTRA_FEDERATED_TOKEN_FILE against ${appRegistration} > Certificates & secrets.`,
    whoCanFix: 'operator',
    shown:
      'Sign-in does not work at the moment. Ask your administrator to check the credential of the application.',
    where: 'token_endpoint',
  },
  unauthorized_client: {
    name: 'Unauthorized client',
    whatHappened:
      'The application is not known in this directory, is disabled, or may not sign people in this way.',
    remedy: `Compare ENTRADA_ENTRA_CLIENT_ID and ENTRADA_ENTRA_TENANT_ID with ${appRegistration} > Overview, and check Properties > Enabled for users to sign-in in Enterprise apps.`,
    whoCanFix: 'operator',
    shown: setUpWrongly,
  },
  invalid_grant: {
    name: 'Invalid grant',
    whatHappened: 'The code or refresh token was spent, has lapsed, or was withdrawn.',
    remedy: `Start the sign-in again; if every sign-in fails, look up the correlation id in ${signInLogs}.`,
    whoCanFix: 'person',
    shown: `This sign-in is no longer valid. ${startAgain}`,
    where: 'token_endpoint',
  },
  invalid_request: requestWrong,
  invalid_scope: {
    ...requestWrong,
    name: 'Invalid scope',
    whatHappened: 'Permissions were asked for that Entra does not know or that do not go together.',
    remedy: `Compare what was asked for with ${appRegistration} > API permissions.`,
    shown: setUpWrongly,
  },
  invalid_resource: {
    ...requestWrong,
    name: 'Invalid resource',
    whatHappened: 'The service for which a token was asked does not exist in this directory.',
    remedy: `Check ENTRADA_ENTRA_TENANT_ID and grant admin consent in ${appRegistration} > API permissions.`,
    shown: setUpWrongly,
  },
  unsupported_response_type: {
    ...requestWrong,
    name: 'Unsupported response type',
    whatHappened: 'The application is not registered for this kind of answer.',
    remedy: `Entrada asks for a code only; see that its redirect URI is under Web in ${appRegistration} > Authentication.`,
    shown: setUpWrongly,
    where: 'callback',
  },
  unsupported_grant_type: {
    ...requestWrong,
    name: 'Unsupported grant type',
    whatHappened: 'This way to obtain a token is not offered.',
    remedy:
      'See that ENTRADA_ENTRA_AUTHORITY is an Entra login host and that no proxy changes what is sent to it.',
    shown: setUpWrongly,
    where: 'token_endpoint',
  },
  server_error: {
    ...microsoftUnavailable,
    name: 'Server error',
    whatHappened: 'Something failed inside Entra.',
  },
  temporarily_unavailable: microsoftUnavailable,
}
