import { idRemedies, platformRemedies } from '../../../errors/registration-facts.ts'
import {
  appRegistration,
  type EntraErrorTable,
  enterpriseApplication,
  setUpWrongly,
} from './entra-error-table-entry.ts'

/** Errors about the registration of the application in Entra: addresses, platform, keys. */
export const registrationErrors: EntraErrorTable = {
  50011: {
    name: 'InvalidReplyTo',
    whatHappened:
      'The address to come back to is not among those registered for the application. Scheme, host, port, path and letter case all have to be equal.',
    remedy: `Register exactly {ENTRADA_SERVER_URL}/auth/entra/callback (or the redirect URI the connection shows) in ${appRegistration} > Authentication > Web > Redirect URIs. If it is there with https and http was sent, set ENTRADA_SERVER_URL to the https address people use; Entrada never guesses it from a proxy.`,
    customerRemedy:
      'Add the redirect URI that the set-up page shows, letter by letter, under App registrations > the application > Authentication > Web.',
    whoCanFix: 'application_administrator',
    shown:
      "Signing in is not set up correctly. Ask your administrator to check the application's return address.",
    where: 'entra_page',
  },
  50146: {
    name: 'MissingCustomSigningKey',
    whatHappened:
      'The application changes the claims of its tokens, which needs a signing key of its own, and it has none that is valid now.',
    remedy: `Take the claims mapping away in ${enterpriseApplication} > Single sign-on, or give the application a signing key of its own. Entrada needs no mapping.`,
    whoCanFix: 'application_administrator',
    shown: setUpWrongly,
  },
  500031: {
    name: 'No signing certificate',
    whatHappened:
      'Entra found no certificate with which to sign for this application. Applications tend to show this as a bare server error; only the sign-in log has the number.',
    remedy: `Create or activate one in ${enterpriseApplication} > Single sign-on > SAML Certificates > Edit.`,
    whoCanFix: 'application_administrator',
    shown:
      'Signing in is not set up correctly. Ask your administrator to check the signing certificate of the application.',
  },
  500113: {
    name: 'No address registered',
    whatHappened: 'The application has no address to come back to at all.',
    remedy: `Add {ENTRADA_SERVER_URL}/auth/entra/callback in ${appRegistration} > Authentication > Add Redirect URI > Web.`,
    whoCanFix: 'application_administrator',
    shown:
      "Signing in is not set up correctly. Ask your administrator to add the application's return address.",
    where: 'entra_page',
  },
  501461: {
    name: 'Mapped claims not accepted',
    whatHappened:
      "The application accepts mapped claims without a signing key of its own, which Entra allows only for the application's id or an address in a proven domain of the directory.",
    remedy: `Take the claims mapping away in ${enterpriseApplication} > Single sign-on, change the Application ID URI in ${appRegistration} > Expose an API, or give the application a signing key of its own and read the keys with its appid.`,
    whoCanFix: 'application_administrator',
    shown: setUpWrongly,
  },
  700016: {
    name: 'UnauthorizedClient_DoesNotMatchRequest',
    whatHappened:
      'The directory knows no application with this client id: the id or the directory is wrong, or the application was never admitted there.',
    remedy: `${idRemedies.application} In a customer's directory, an administrator there grants admin consent once.`,
    customerRemedy:
      'Compare client ID and directory on the set-up page with the Overview page of the application; the Object ID is something else.',
    whoCanFix: 'operator',
    shown:
      'Signing in is not set up correctly. Ask your administrator to check the application and directory ids.',
    where: 'entra_page',
  },
  700025: {
    name: 'InvalidClientPublicClientWithCredential',
    whatHappened:
      'The address is registered for a mobile or desktop application, which must not send a secret, and Entrada sent one as a server should.',
    remedy: `In ${appRegistration} > ${platformRemedies.publicClient}`,
    whoCanFix: 'application_administrator',
    shown: setUpWrongly,
    where: 'token_endpoint',
  },
  700054: {
    name: 'ID token not enabled',
    whatHappened:
      'An ID token was asked for straight from the sign-in page, and the application does not permit that.',
    remedy: `Entrada asks for a code only, so look for an old address or another client that uses this registration. If it must work: ${appRegistration} > Authentication > Implicit grant and hybrid flows > ID tokens.`,
    whoCanFix: 'application_administrator',
    shown: setUpWrongly,
  },
  900971: {
    name: 'No address sent',
    whatHappened: 'No address to come back to was sent or is registered.',
    remedy: `Add {ENTRADA_SERVER_URL}/auth/entra/callback in ${appRegistration} > Authentication > Web > Redirect URIs, and start from the login page of Entrada.`,
    whoCanFix: 'application_administrator',
    shown:
      "Signing in is not set up correctly. Ask your administrator to check the application's return address.",
    where: 'entra_page',
  },
  7000112: {
    name: 'UnauthorizedClientApplicationDisabled',
    whatHappened: 'The application is disabled in this directory.',
    remedy: `${enterpriseApplication} > Properties > Enabled for users to sign-in > Yes. If Microsoft disabled it, the page shows that.`,
    whoCanFix: 'directory_administrator',
    shown:
      'This application is disabled in your organization. Ask your administrator to enable it.',
  },
  9002325: {
    name: 'PKCE needed across origins',
    whatHappened:
      'The address is registered for a single-page application, so Entra expects a browser to redeem the code and refuses a server.',
    remedy: `In ${appRegistration} > ${platformRemedies.singlePage}`,
    whoCanFix: 'application_administrator',
    shown: setUpWrongly,
    where: 'token_endpoint',
  },
  9002326: {
    name: 'Redemption across origins',
    whatHappened:
      'The code was redeemed with an Origin header, as a browser would, though the address is registered for a server.',
    remedy: `Entrada sends no Origin header: look for an outgoing proxy that adds one, and keep {ENTRADA_SERVER_URL}/auth/entra/callback under Web in ${appRegistration} > Authentication.`,
    whoCanFix: 'operator',
    shown: setUpWrongly,
    where: 'token_endpoint',
  },
}
