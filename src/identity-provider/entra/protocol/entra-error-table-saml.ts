import {
  type EntraErrorEntry,
  type EntraErrorTable,
  enterpriseApplication,
  setUpWrongly,
} from './entra-error-table-entry.ts'

const samlSettings = `${enterpriseApplication} > Single sign-on`

// Entrada speaks OpenID Connect: these numbers come from another application, or a registration made for SAML.
const malformed: EntraErrorEntry = {
  name: 'Saml2MessageInvalid',
  whatHappened: 'Entra does not understand or support the SAML request that the application sent.',
  remedy: `Correct the request in the application that sent it and compare it with ${samlSettings}. Entrada sends no SAML: for Entrada, register the application for OpenID Connect.`,
  whoCanFix: 'application_administrator',
  shown: setUpWrongly,
}

const badNameIdPolicy: EntraErrorEntry = {
  ...malformed,
  name: 'Saml2AuthenticationRequestInvalidNameIDPolicy',
  whatHappened: 'The SAML request wants a form of name identifier that Entra does not offer.',
  remedy: `Leave NameIDPolicy out of the request, SPNameQualifier above all, and choose the name identifier in ${samlSettings} > Attributes & Claims.`,
}

/** SAML requests that Entra refuses. */
export const samlErrors: EntraErrorTable = {
  75003: {
    ...malformed,
    name: 'UnsupportedBindingError',
    whatHappened: 'The application wants the SAML response by a way other than an HTTP form post.',
    remedy: `Set the response binding to HTTP-POST in the application; its address is Reply URL in ${samlSettings}.`,
  },
  75005: malformed,
  75006: {
    ...malformed,
    name: 'SAML request refused',
    whatHappened:
      'Entra failed to process the SAML request; a second number in the message names the part.',
    remedy: `Look up the second number of the message, correct the request in the application, and compare it with ${samlSettings}.`,
  },
  75008: {
    ...malformed,
    name: 'RequestDeniedError',
    whatHappened: 'The SAML request names another destination than the address it was sent to.',
    remedy: `Set the sign-in address in the application to "Login URL" of ${samlSettings} > Set up.`,
  },
  75011: {
    ...malformed,
    name: 'NoMatchedAuthnContextInOutputClaims',
    whatHappened:
      'The application insists on one way to sign in, such as a password, and the person used another, such as a passkey or a second step.',
    remedy: `Take RequestedAuthnContext out of the request of the application; ${samlSettings} has no switch for it.`,
    shown:
      'The application does not accept the way you signed in. Ask your administrator to correct its settings.',
  },
  75016: badNameIdPolicy,
  76021: {
    ...malformed,
    name: 'ApplicationRequiresSignedRequests',
    whatHappened: 'The registration demands signed SAML requests, and this one was not signed.',
    remedy: `Let the application sign its requests, or clear "Require verification certificates" in ${samlSettings} > SAML Certificates > Verification certificates.`,
  },
  76026: {
    ...malformed,
    name: 'RequestIssueTimeExpired',
    whatHappened: 'The SAML request was too old when it reached Entra.',
    remedy: `Start again, not from a bookmark; if it comes back, check the clock of the application that uses ${samlSettings}.`,
    shown: 'The request to sign in was too old. Please start again from the application.',
  },
  90011: { ...badNameIdPolicy, name: 'InvalidSamlNameIDPolicy' },
  7500529: {
    ...malformed,
    name: 'Invalid SAML ID',
    whatHappened: 'The ID of the SAML request is not allowed: it must not begin with a digit.',
    remedy: `Let the application put "_" or "id" before the ID of its requests; nothing in ${samlSettings} changes it.`,
  },
}
