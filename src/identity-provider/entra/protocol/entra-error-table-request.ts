import {
  appRegistration,
  type EntraErrorEntry,
  type EntraErrorTable,
  setUpWrongly,
  startAgain,
} from './entra-error-table-entry.ts'

const fieldMissing: EntraErrorEntry = {
  name: 'MissingRequiredField',
  whatHappened: 'Something Entra needs was missing from the request.',
  remedy:
    'Start again from the login page at ENTRADA_SERVER_URL, not from a bookmark of the Microsoft page. If it comes back, a proxy on the way drops parts of the request: report it with the correlation id.',
  whoCanFix: 'operator',
  shown: `The request to Microsoft was incomplete. ${startAgain}`,
}

const malformed: EntraErrorEntry = {
  ...fieldMissing,
  name: 'InvalidRequest',
  whatHappened: 'Entra could not make sense of the request.',
  shown: `The request to Microsoft was damaged. ${startAgain}`,
}

const signOutFailed: EntraErrorEntry = {
  name: 'SignoutInvalidRequest',
  whatHappened: 'Entra could not complete the sign-out because the request for it was not valid.',
  remedy: `The session here has ended all the same. Check that the address to return to is a registered redirect URI in ${appRegistration} > Authentication.`,
  whoCanFix: 'application_administrator',
  shown: 'You are signed out here, but perhaps not with Microsoft. Close the browser to be sure.',
  where: 'entra_page',
}

const signOutTooLate: EntraErrorEntry = {
  ...signOutFailed,
  name: 'SignoutInitiatorNotParticipant',
  whatHappened: 'The application took no part in the session that was to be ended.',
  remedy: 'Nothing to repair: close the browser, or sign out at the Microsoft page.',
  whoCanFix: 'nobody_needed',
}

/** Errors about requests that arrived damaged, in the wrong way, or at a bad moment; and about sign-outs. */
export const requestErrors: EntraErrorTable = {
  50061: signOutFailed,
  50068: signOutTooLate,
  50070: {
    ...signOutTooLate,
    name: 'SignoutUnknownSessionIdentifier',
    whatHappened:
      'The sign-out named a person or session that Entra does not know in this browser.',
  },
  50071: {
    ...signOutTooLate,
    name: 'SignoutMessageExpired',
    whatHappened: 'The request to sign out was too old when it arrived.',
  },
  90014: fieldMissing,
  90023: malformed,
  90033: {
    name: 'MsodsServiceUnavailable',
    whatHappened: "Microsoft's directory service was not available.",
    remedy: 'Wait and try again; see the state of the service at https://status.cloud.microsoft.',
    whoCanFix: 'nobody_needed',
    shown: 'Microsoft cannot be reached properly at the moment. Wait a few minutes and try again.',
  },
  900144: fieldMissing,
  900561: {
    name: 'BadResourceRequestInvalidRequest',
    whatHappened:
      'An address that takes forms only was opened like a page, as happens with the back button on the Microsoft page.',
    remedy: 'Nothing to repair: start the sign-in again.',
    whoCanFix: 'person',
    shown: `The back button does not work on the Microsoft page. ${startAgain}`,
    where: 'entra_page',
  },
  901002: {
    name: 'Resource parameter not supported',
    whatHappened: 'The request used the parameter "resource" of the older endpoints.',
    remedy:
      'Entrada sends scopes and no resource: look for another client of this registration, or a proxy in front of ENTRADA_SERVER_URL that adds it.',
    whoCanFix: 'operator',
    shown: setUpWrongly,
  },
  9002313: malformed,
}
