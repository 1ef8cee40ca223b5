import {
  type EntraErrorEntry,
  type EntraErrorTable,
  enterpriseApplication,
  signInLogs,
  startAgain,
  users,
} from './entra-error-table-entry.ts'

const unknownHere: EntraErrorEntry = {
  name: 'UserAccountNotFound',
  whatHappened: 'No account with this user name exists in the directory that was asked.',
  remedy: `Check the spelling and that ENTRADA_ENTRA_TENANT_ID is this person's directory; otherwise create or invite the person in ${users}.`,
  whoCanFix: 'person',
  shown: 'That account was not found. Check the spelling, or ask your administrator to add you.',
  where: 'entra_page',
}

const notAGuestYet: EntraErrorEntry = {
  name: 'InteractionRequired',
  whatHappened:
    'The account belongs to another organization or provider and has not been added to this directory.',
  remedy: `Sign out and choose an account of this directory, or invite the person in ${users} > New user > Invite external user; Entrada must also accept guests for this connection.`,
  whoCanFix: 'person',
  shown:
    'This account is not known here. Choose another account, or ask your administrator to invite you as a guest.',
  where: 'entra_page',
}

/** Errors about the person's own account: unknown, locked, disabled, of the wrong kind, or mistyped. */
export const accountErrors: EntraErrorTable = {
  16000: notAGuestYet,
  50020: {
    name: 'UserUnauthorized',
    whatHappened:
      'An account of another directory, or a personal Microsoft account, tried to enter a directory in which it does not exist.',
    remedy: `Invite the person in ${users} > New user > Invite external user, or set ENTRADA_ENTRA_TENANT_ID to the directory the person belongs to. Personal accounts are refused unless the connection admits them.`,
    customerRemedy:
      'Sign in with an account of the directory that is connected, or invite this one as a guest.',
    whoCanFix: 'directory_administrator',
    shown:
      'This account does not belong to your organization here. Choose your work account, or ask your administrator to invite you as a guest.',
    where: 'entra_page',
  },
  50034: unknownHere,
  50053: {
    name: 'IdsLocked',
    whatHappened:
      'Entra has locked the account for a while after too many wrong passwords, or the request came from an address with a bad reputation.',
    remedy: `Wait for the lock to end. ${signInLogs} shows in "Failure reason" which of the two it was; for an attack in progress, look at the person under ID Protection > Risky users.`,
    whoCanFix: 'directory_administrator',
    shown:
      'Your account is locked for the moment. Wait a while and try again, or ask your administrator to unblock it.',
    where: 'entra_page',
  },
  50055: {
    name: 'InvalidPasswordExpiredPassword',
    whatHappened: 'The password of this account has expired.',
    remedy: `The person sets a new one when asked, or an administrator uses ${users} > the person > Reset password.`,
    whoCanFix: 'person',
    shown: 'Your password has expired. Set a new one with Microsoft and sign in again.',
    where: 'entra_page',
  },
  50056: {
    name: 'No password in the directory',
    whatHappened:
      'The directory holds no password for this account, for instance because passwords are checked elsewhere or were never synchronized.',
    remedy: `Sign in the way the organization meant for this account; if a password should exist, check password hash synchronization in Microsoft Entra Connect or set one in ${users} > the person > Reset password.`,
    whoCanFix: 'directory_administrator',
    shown:
      'This account cannot sign in with a password. Use another way to sign in, or ask your administrator to set one.',
    where: 'entra_page',
  },
  50057: {
    name: 'UserDisabled',
    whatHappened: 'The account has been disabled in its directory.',
    remedy: `Enable it in ${users} > the person > Edit properties > Settings > Account enabled; where accounts are synchronized, enable it in Active Directory.`,
    whoCanFix: 'directory_administrator',
    shown: 'Your account is disabled. Ask your administrator to enable it.',
    where: 'entra_page',
  },
  50058: {
    name: 'UserInformationNotProvided',
    whatHappened:
      'The request asked Entra to answer without showing a page, but no user is signed in to Entra in this browser. This is a normal answer.',
    remedy: 'Nothing to repair: sign in with the page shown.',
    whoCanFix: 'nobody_needed',
    shown: 'You are not signed in with Microsoft in this browser. Please sign in.',
    where: 'callback',
  },
  50089: {
    name: 'Sign-in page expired',
    whatHappened: 'The Microsoft page was left open for too long before it was completed.',
    remedy: 'Nothing to repair: start the sign-in again.',
    whoCanFix: 'person',
    shown: 'The Microsoft page was open for too long. Please start signing in again.',
    where: 'entra_page',
  },
  50105: {
    name: 'EntitlementGrantsNotFound',
    whatHappened:
      'The application admits assigned people only, and neither this person nor a group with them as a direct member is assigned.',
    remedy: `${enterpriseApplication} > Users and groups > Add user/group: assign the person, or a group they are a direct member of. Members of nested groups do not count. To admit everyone: Properties > Assignment required > No.`,
    whoCanFix: 'application_administrator',
    shown:
      'You have not been given access to this application. Ask your administrator to assign you to it.',
  },
  50126: {
    name: 'InvalidUserNameOrPassword',
    whatHappened: 'The user name or the password was wrong.',
    remedy: `Try again. If the password is forgotten, an administrator resets it in ${users} > the person > Reset password.`,
    whoCanFix: 'person',
    shown: 'The user name or password was wrong. Please try again.',
    where: 'entra_page',
  },
  50140: {
    name: 'KmsiInterrupt',
    whatHappened:
      'Entra stopped to ask whether to stay signed in. It is a step of an ordinary sign-in, listed in the log like an error.',
    remedy: 'Nothing to repair: answer the question and go on.',
    whoCanFix: 'nobody_needed',
    shown: 'Microsoft asked whether to stay signed in. Answer the question to go on.',
    where: 'entra_page',
  },
  50173: {
    name: 'FreshTokenNeeded',
    whatHappened:
      'The permission to act for this person was withdrawn, for instance by a new password or by an administrator who ended all their sessions.',
    remedy: 'Nothing to repair: the person signs in again.',
    whoCanFix: 'person',
    shown: `Your earlier sign-in is no longer valid. ${startAgain}`,
    where: 'token_endpoint',
  },
  51004: {
    ...notAGuestYet,
    name: 'UserAccountNotInDirectory',
    whatHappened: 'The account does not exist in the directory that was asked.',
    whoCanFix: 'directory_administrator',
  },
  90072: {
    name: 'PassThroughUserMfaError',
    whatHappened:
      'An account from outside is not in this directory and so cannot pass the second step it demands. Synchronized accounts show the same when their source anchors differ.',
    remedy: `Invite the person in ${users} > New user > Invite external user; for a synchronized account compare the ImmutableID in Active Directory and in Entra.`,
    whoCanFix: 'directory_administrator',
    shown:
      'This account is not known here. Choose another account, or ask your administrator to invite you as a guest.',
    where: 'entra_page',
  },
  500208: {
    name: 'Wrong kind of account',
    whatHappened:
      'The account is of a kind the application does not admit, such as a personal account where work accounts are expected.',
    remedy:
      'Sign in with a work or school account; check that the address typed does not also have a personal Microsoft account.',
    whoCanFix: 'person',
    shown: 'This kind of account cannot be used here. Sign in with your work or school account.',
    where: 'entra_page',
  },
}
