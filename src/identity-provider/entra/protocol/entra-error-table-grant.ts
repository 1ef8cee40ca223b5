import {
  type EntraErrorEntry,
  type EntraErrorTable,
  startAgain,
} from './entra-error-table-entry.ts'

const grantLapsed: EntraErrorEntry = {
  name: 'ExpiredOrRevokedGrant',
  whatHappened:
    'The permission to act for this person lapsed because it was not used for a long time.',
  remedy: 'Nothing to repair, it is the normal course: the person signs in again.',
  whoCanFix: 'person',
  shown: `Your earlier sign-in has expired. ${startAgain}`,
  where: 'token_endpoint',
}

const verifierLost: EntraErrorEntry = {
  name: 'Code verifier does not match',
  whatHappened:
    'The secret kept in this browser is not the one with which the sign-in was started, as happens with two tabs or when replicas do not share their keys.',
  remedy:
    'Start again in one tab. If it comes back, give every replica the same ENTRADA_SECRET_KEYS and ENTRADA_SERVER_URL.',
  whoCanFix: 'operator',
  shown: `This sign-in was mixed up with another one. ${startAgain}`,
  where: 'token_endpoint',
}

/** Errors about codes and refresh tokens: used, expired, or sent to the wrong endpoint. */
export const grantErrors: EntraErrorTable = {
  50147: {
    ...verifierLost,
    name: 'MissingCodeChallenge',
    whatHappened:
      'The code challenge has the wrong length: the address of the Microsoft page was cut off or changed on the way.',
    remedy:
      'Start again from the login page. If it comes back, look for a proxy or link rewriter in front of ENTRADA_SERVER_URL that shortens redirects.',
    shown: `The address of the Microsoft page was damaged. ${startAgain}`,
  },
  50196: {
    name: 'LoopDetected',
    whatHappened: 'The same request came too often in a short time, so Entra stopped a loop.',
    remedy:
      'Find what sends people back to sign in: a reverse proxy that answers 403 with a redirect, a session cookie that is lost, or an ENTRADA_SERVER_URL that differs from the address in the browser.',
    whoCanFix: 'operator',
    shown:
      'Signing in went round in circles. Close this tab, wait a few minutes and try again; if it happens again, tell your administrator.',
  },
  54005: {
    name: 'Code already redeemed',
    whatHappened:
      'The code of this sign-in was used a second time: page reloaded, back button, or a program that opens links in advance.',
    remedy: 'Nothing to repair: start the sign-in again.',
    whoCanFix: 'person',
    shown: `This sign-in was already used. ${startAgain}`,
    where: 'token_endpoint',
  },
  70000: {
    name: 'InvalidGrant',
    whatHappened: 'The code or refresh token is not valid.',
    remedy:
      'Start the sign-in again; if every sign-in fails, compare the redirect URI and the tenant of the connection with the registration.',
    whoCanFix: 'person',
    shown: `This sign-in is no longer valid. ${startAgain}`,
    where: 'token_endpoint',
  },
  70008: grantLapsed,
  700005: {
    name: 'InvalidGrantRedeemAgainstWrongTenant',
    whatHappened: 'The code was obtained from one directory and brought to another.',
    remedy:
      'Both halves of a sign-in have to use the same directory: check whether ENTRADA_ENTRA_TENANT_ID was changed or differs between replicas, then start again.',
    whoCanFix: 'operator',
    shown: `The settings changed while you were signing in. ${startAgain}`,
    where: 'token_endpoint',
  },
  700082: { ...grantLapsed, name: 'ExpiredOrRevokedGrantInactiveToken' },
  700084: {
    ...grantLapsed,
    name: 'Single-page application token expired',
    whatHappened:
      'The permission was given to a single-page application, for which it has a fixed and short life.',
  },
  501481: verifierLost,
}
