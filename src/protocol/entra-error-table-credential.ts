import { appRegistration, type EntraErrorTable } from './entra-error-table-entry.ts'

const credentialShown =
  'Nobody can sign in at the moment. Ask your administrator to check the credential of the application.'

/** How Entrada proves itself to Entra: secret, certificate, federated token. Never the person's fault. */
export const credentialErrors: EntraErrorTable = {
  700027: {
    name: 'Client assertion not verified',
    whatHappened:
      'Entra could not verify the signature with which Entrada proved itself: the certificate is not uploaded, is another one, has lapsed, or the clock is wrong.',
    remedy: `Entrada itself signs in with ENTRADA_ENTRA_CLIENT_SECRET; another program of the same application sends a certificate. Upload that certificate in ${appRegistration} > Certificates & secrets > Certificates, compare the thumbprints, and check the server's clock.`,
    whoCanFix: 'operator',
    shown: credentialShown,
    where: 'token_endpoint',
  },
  700229: {
    name: 'ForbiddenTokenType',
    whatHappened:
      "The federated token belongs to a person. Where Entra itself is the issuer, only a workload's own token may stand for the application.",
    remedy:
      'Give the program that sends it the token of a managed identity or another workload. Entrada itself signs in with ENTRADA_ENTRA_CLIENT_SECRET.',
    whoCanFix: 'operator',
    shown: credentialShown,
    where: 'token_endpoint',
  },
  7000215: {
    name: 'Wrong client secret',
    whatHappened:
      'The client secret is not one of this application. Most often the ID of the secret was copied in place of its value.',
    remedy: `Create a secret in ${appRegistration} > Certificates & secrets, copy the column "Value" (shown once), not "Secret ID", into ENTRADA_ENTRA_CLIENT_SECRET or the connection.`,
    whoCanFix: 'operator',
    shown: credentialShown,
    where: 'token_endpoint',
  },
  7000218: {
    name: 'No client credential sent',
    whatHappened:
      'The application has to prove itself at this address, and no secret or assertion was sent.',
    remedy: `Set ENTRADA_ENTRA_CLIENT_SECRET, or a certificate, or a federated token file. The redirect URI belongs under Web in ${appRegistration} > Authentication.`,
    whoCanFix: 'operator',
    shown: credentialShown,
    where: 'token_endpoint',
  },
  7000222: {
    name: 'InvalidClientSecretExpiredKeysProvided',
    whatHappened: 'The client secret has expired, so nobody can sign in through this connection.',
    remedy: `Create a new secret in ${appRegistration} > Certificates & secrets and put its value into ENTRADA_ENTRA_CLIENT_SECRET or the connection; a certificate or federated token spares you the next time. Operators can still enter at /login/token.`,
    whoCanFix: 'operator',
    shown:
      'Nobody can sign in at the moment. Ask your administrator to renew the client secret of the application.',
    where: 'token_endpoint',
  },
}
